// SPDX-License-Identifier: Apache-2.0
// The schema of this program: the core's keys and those of every module in the table.
#pragma once

#include "config/schema.hpp"

namespace stonechat {

Schema full_schema();

} // namespace stonechat
