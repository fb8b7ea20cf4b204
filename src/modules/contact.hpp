// SPDX-License-Identifier: Apache-2.0
// XEP-0157 Contact Addresses: shows the administrators' contact addresses in service discovery.
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_contact();

} // namespace stonechat
