// SPDX-License-Identifier: Apache-2.0
#include "xmpp/namespace.hpp"

#include "xmpp/ns.hpp"

#include <array>
#include <cstring>

namespace stonechat {
namespace {

// Every name that stanzas carry often. A name that is missing here works too, but is stored as a string.
constexpr std::array known {
    ns::client,
    ns::server,
    ns::streams,
    ns::stream_errors,
    ns::stanza_errors,
    ns::tls,
    ns::sasl,
    ns::bind,
    ns::session,
    ns::xml,
    ns::roster,
    ns::roster_versioning,
    ns::pre_approval,
    ns::data_forms,
    ns::last_activity,
    ns::disco_info,
    ns::disco_items,
    ns::private_xml,
    ns::commands,
    ns::vcard_temp,
    ns::vcard_update,
    ns::result_set,
    ns::in_band_registration,
    ns::registration_feature,
    ns::chat_states,
    ns::software_version,
    ns::caps,
    ns::caps_2,
    ns::hashes,
    ns::compression_feature,
    ns::compression,
    ns::admin,
    ns::offline,
    ns::receipts,
    ns::blocking,
    ns::blocking_errors,
    ns::stream_management,
    ns::ping,
    ns::entity_time,
    ns::delay,
    ns::carbons,
    ns::archive,
    ns::idle,
    ns::markers,
    ns::hints,
    ns::stanza_id,
    ns::push,
    ns::push_summary,
    ns::pubsub,
    ns::publish_options,
    ns::pubsub_owner,
    ns::pubsub_event,
    ns::pubsub_errors,
    ns::forward,
    ns::carbons_rules,
    ns::archive_extended,
    ns::full_text_search,
    ns::client_state,
    ns::correction,
    ns::retraction,
    ns::fallback,
    ns::reactions,
    ns::reply,
    ns::encryption,
    ns::omemo,
    ns::omemo_2,
    ns::openpgp,
    ns::openpgp_legacy,
    ns::call_invites,
    ns::conference,
    ns::session_state,
    ns::sasl_channel_binding,
    ns::stream_limits,
    ns::occupant_id,
    ns::muc,
    ns::muc_user,
    ns::server_info_form,
};

constexpr std::size_t slot_count = 512;
static_assert(known.size() < slot_count / 4 && known.size() < 255);

constexpr std::size_t slot_of(std::string_view text)
{
    const auto at = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const std::size_t size = text.size();
    return (size * 131 + at(size - 1) * 37 + at(size / 2) * 17 + at(size - size / 4 - 1) * 5) % slot_count;
}

/// Open addressing: each slot holds an index into `known` plus one; 0 is empty.
constexpr std::array<std::uint8_t, slot_count> make_slots()
{
    std::array<std::uint8_t, slot_count> slots {};
    for (std::size_t i = 0; i < known.size(); ++i) {
        std::size_t slot = slot_of(known[i]);
        while (slots[slot] != 0) {
            slot = (slot + 1) % slot_count;
        }
        slots[slot] = static_cast<std::uint8_t>(i + 1);
    }
    return slots;
}

constexpr auto slots = make_slots();

const char* find_known(std::string_view name)
{
    for (std::size_t slot = slot_of(name); slots[slot] != 0; slot = (slot + 1) % slot_count) {
        const std::string_view candidate = known[slots[slot] - 1u];
        if (candidate.data() == name.data() ? candidate.size() == name.size() : candidate == name) {
            return candidate.data();
        }
    }
    return nullptr;
}

} // namespace

Namespace::Namespace(std::string_view name) : size_(static_cast<std::uint32_t>(name.size()))
{
    if (name.empty()) {
        return;
    }
    data_ = find_known(name);
    if (data_ == nullptr) {
        data_ = name.data();
        own();
    }
}

void Namespace::own()
{
    char* copy = new char[size_];
    std::memcpy(copy, data_, size_);
    data_ = copy;
    owned_ = true;
}

} // namespace stonechat
