// SPDX-License-Identifier: Apache-2.0
// XEP-0359 Unique and Stable Stanza IDs: nobody but us says under which id one of our archives has a
// message. The ids themselves are put on by whoever delivers (router/passage).
#pragma once

#include "router/module.hpp"

#include <memory>

namespace stonechat {

std::unique_ptr<Module> make_stanza_ids();

} // namespace stonechat
