// SPDX-License-Identifier: Apache-2.0
// docs/xeps.md: what is implemented, from the modules' manifests and the list of what the core does.
#pragma once

#include <string>

namespace stonechat {

std::string xeps_document();

} // namespace stonechat
