// SPDX-License-Identifier: Apache-2.0
// XEP-0424 Message Retraction: what somebody has taken back is not in the archives any more; a tombstone
// stands in its place.
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_retraction();

} // namespace stonechat
