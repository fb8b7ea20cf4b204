// SPDX-License-Identifier: Apache-2.0
#include "router/request_table.hpp"

#include <stdexcept>

namespace stonechat {

void refuse_second(std::string_view what, std::string_view owner, std::string_view which)
{
    throw std::logic_error("two handlers for the same " + std::string(what) + ", the second one in module "
        + std::string(owner) + ": " + std::string(which));
}

std::string request_in_words(std::string_view element, std::string_view ns)
{
    return std::string(element) + " " + std::string(ns);
}

} // namespace stonechat
