// SPDX-License-Identifier: Apache-2.0
// For programs with a command line: what folders that do I/O have, and CLI11.
#pragma once

#include "pch_asio.hpp"

#include <CLI/CLI.hpp>
