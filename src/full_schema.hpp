// SPDX-License-Identifier: Apache-2.0
// The complete configuration schema: the keys of the core and of every module in the table.
#pragma once

#include "config/schema.hpp"

namespace stonechat {

Schema full_schema();

} // namespace stonechat
