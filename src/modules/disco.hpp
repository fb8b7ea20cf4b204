// SPDX-License-Identifier: Apache-2.0
// XEP-0030 Service Discovery with XEP-0115 Entity Capabilities: what the host and its accounts can
// do, made from the manifests of the modules that are on.
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_disco();

} // namespace stonechat
