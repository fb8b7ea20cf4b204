// SPDX-License-Identifier: Apache-2.0
// Bookmarks of rooms (XEP-0402), also for clients that know the older forms only (XEP-0048, XEP-0411).
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_bookmarks();

} // namespace stonechat
