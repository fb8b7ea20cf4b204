// SPDX-License-Identifier: Apache-2.0
#include "router/manifest.hpp"

namespace stonechat {

Manifest::Manifest(std::string_view name, std::string_view meaning) : name_(name), meaning_(meaning) {}

Manifest&& Manifest::implements(Xep xep) &&
{
    xeps_.push_back(xep);
    return std::move(*this);
}

Manifest&& Manifest::implements_rfc(std::string_view section) &&
{
    rfcs_.emplace_back(section);
    return std::move(*this);
}

Manifest&& Manifest::feature(std::string_view var, On on) &&
{
    features_.push_back({ std::string(var), on });
    return std::move(*this);
}

Manifest&& Manifest::identity(std::string_view category, std::string_view type, std::string_view name,
    On on) &&
{
    identities_.push_back({ std::string(category), std::string(type), std::string(name), on });
    return std::move(*this);
}

Manifest&& Manifest::setting(SettingSpec spec) &&
{
    settings_.push_back(std::move(spec));
    return std::move(*this);
}

Manifest&& Manifest::needs(std::string_view module) &&
{
    needed_.emplace_back(module);
    return std::move(*this);
}

Manifest&& Manifest::store(std::string_view name) &&
{
    stores_.emplace_back(name);
    return std::move(*this);
}

} // namespace stonechat
