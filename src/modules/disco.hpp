// SPDX-License-Identifier: Apache-2.0
// XEP-0030 Service Discovery with XEP-0115 Entity Capabilities: the features of the host and its accounts,
// made from the manifests of the enabled modules.
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_disco();

} // namespace stonechat
