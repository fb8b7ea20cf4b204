// SPDX-License-Identifier: Apache-2.0
#include "modules/announced_caps.hpp"

#include "xmpp/caps_hash.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>
#include <array>

namespace stonechat {
namespace {

/// The algorithms of XEP-0390 that are believed, the first one most. SHA-1 is too weak for it (XEP-0300 §4).
constexpr std::array<std::string_view, 4> preferred_hashes { "sha-256", "sha3-256", "sha-512", "sha3-512" };

std::size_t rank_of(std::string_view algorithm)
{
    const auto* const found = std::find(preferred_hashes.begin(), preferred_hashes.end(), algorithm);
    return static_cast<std::size_t>(found - preferred_hashes.begin());
}

} // namespace

std::optional<AnnouncedCaps> AnnouncedCaps::from_0115(const Element& c)
{
    if (c.attribute_or("ver").empty()) {
        return std::nullopt;
    }
    AnnouncedCaps caps;
    caps.algorithm_ = c.attribute_or("hash");
    caps.hash_ = c.attribute_or("ver");
    caps.node_ = c.attribute_or("node");
    return caps;
}

std::optional<AnnouncedCaps> AnnouncedCaps::from_0390(const Element& c)
{
    const auto hashes = c.children("hash", ns::hashes);
    const auto best = std::min_element(hashes.begin(), hashes.end(), [](const Element* a, const Element* b) {
        return rank_of(a->attribute_or("algo")) < rank_of(b->attribute_or("algo"));
    });
    if (best == hashes.end() || (*best)->attribute_or("algo").empty() || (*best)->text().empty()) {
        return std::nullopt;
    }
    AnnouncedCaps caps;
    caps.method_ = Method::xep_0390;
    caps.algorithm_ = (*best)->attribute_or("algo");
    caps.hash_ = (*best)->text();
    return caps;
}

std::optional<AnnouncedCaps> AnnouncedCaps::from_parent(const Element& presence)
{
    const Element* newer = presence.child("c", ns::caps_2);
    const Element* older = presence.child("c", ns::caps);
    auto best = newer ? from_0390(*newer) : std::nullopt;
    if (best && best->is_verifiable()) {
        return best;
    }
    auto second = older ? from_0115(*older) : std::nullopt;
    return second ? second : best;
}

Element AnnouncedCaps::to_element() const
{
    if (method_ == Method::xep_0390) {
        Element c("c", ns::caps_2);
        c.add("hash", ns::hashes).set_attribute("algo", algorithm_).add_text(hash_);
        return c;
    }
    Element c("c", ns::caps);
    c.set_attribute("node", node_).set_attribute("ver", hash_);
    if (!algorithm_.empty()) {
        c.set_attribute("hash", algorithm_);
    }
    return c;
}

bool AnnouncedCaps::is_verifiable() const
{
    return method_ == Method::xep_0390 ? rank_of(algorithm_) < preferred_hashes.size()
                                       : is_known_hash(algorithm_);
}

std::string AnnouncedCaps::key() const
{
    return (method_ == Method::xep_0390 ? "2 " : "1 ") + algorithm_ + " " + hash_;
}

Element AnnouncedCaps::disco_request() const
{
    Element query("query", ns::disco_info);
    if (method_ == Method::xep_0390) { // §4.3
        query.set_attribute("node", std::string(ns::caps_2) + "#" + algorithm_ + "." + hash_);
    } else if (!algorithm_.empty()) { // §6.2
        query.set_attribute("node", node_ + "#" + hash_);
    } // else without a node: a client of that time has more features than its node and version name
    return query;
}

bool AnnouncedCaps::is_proven_by(const Element& answer) const
{
    const Element* query = answer.child("query", ns::disco_info);
    if (query == nullptr || !is_verifiable()) {
        return false;
    }
    if (method_ == Method::xep_0115) {
        return caps_hash(*query, algorithm_) == hash_ && caps_hash_proves_features(*query);
    }
    // §4.1 wants the language that the client's stream has, which some clients do not put into their hash.
    // The features are the same in both cases.
    return capability_hash(*query, algorithm_, answer.lang()) == hash_
        || capability_hash(*query, algorithm_) == hash_;
}

} // namespace stonechat
