// SPDX-License-Identifier: Apache-2.0
#include "stream/outbox.hpp"

#include <utility>

namespace stonechat {
namespace {

std::size_t size_of(const WireForm& stanza, std::string_view to)
{
    constexpr std::size_t attribute = sizeof(" to=''") - 1;
    return stanza.size() + to.size() + attribute;
}

} // namespace

bool Outbox::admits(std::size_t bytes, std::size_t unsent)
{
    const std::size_t before = bytes_ + unsent;
    if (before < most_) {
        const std::size_t behind = bytes > most_ ? before + most_ : most_;
        allowed_ = before + bytes > most_ ? bytes + behind : most_;
    }
    if (overfull_ || before + bytes > allowed_) {
        give_up();
        return false;
    }
    bytes_ += bytes;
    return true;
}

void Outbox::give_up()
{
    overfull_ = true;
    parcels_ = {};
    bytes_ = 0;
}

bool Outbox::add(std::string xml, std::size_t unsent)
{
    if (!admits(xml.size(), unsent)) {
        return false;
    }
    parcels_.push_back({ {}, 0, std::move(xml) });
    return true;
}

bool Outbox::add(WireForms stanzas, std::string_view to, std::size_t unsent)
{
    std::size_t bytes = 0;
    for (const auto& stanza : stanzas) {
        bytes += size_of(*stanza, to);
    }
    if (!admits(bytes, unsent)) {
        return false;
    }
    if (!stanzas.empty()) {
        parcels_.push_back({ std::move(stanzas), 0, std::string(to) });
    }
    return true;
}

void Outbox::take_next(std::string& out)
{
    Parcel& parcel = parcels_.front();
    if (parcel.stanzas.empty()) {
        bytes_ -= parcel.text.size();
        out += parcel.text;
        parcels_.pop_front();
        return;
    }
    // Moved out, so that a slow reader does not keep alive a stanza that its room has dropped.
    const auto stanza = std::move(parcel.stanzas[parcel.next++]);
    bytes_ -= size_of(*stanza, parcel.text);
    stanza->append_to(out, parcel.text);
    if (parcel.next == parcel.stanzas.size()) {
        parcels_.pop_front();
    }
}

} // namespace stonechat
