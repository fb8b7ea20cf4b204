// SPDX-License-Identifier: Apache-2.0
// Generates docs/xeps.md, the list of implemented XEPs, from the modules' manifests and the list of what the
// core implements.
#pragma once

#include <string>

namespace stonechat {

std::string xeps_document();

} // namespace stonechat
