// SPDX-License-Identifier: Apache-2.0
// For the folders that do I/O: the standard headers and Asio.
#pragma once

#include "pch_std.hpp"

#include <boost/asio.hpp>
