// SPDX-License-Identifier: Apache-2.0
// NodeConfig: what an owner can configure for a node (XEP-0060 section 8.2, FORM_TYPE
// pubsub#node_config), the form for it, the text in which it is stored, and its comparison with the
// preconditions of a publisher (section 7.1.5). A value; pure functions.
#pragma once

#include "base/result.hpp"
#include "xmpp/data_form.hpp"
#include "xmpp/stanza_error.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

struct NodeConfig {
    std::string title;        ///< pubsub#title
    std::string description;  ///< pubsub#description
    std::string lang;         ///< pubsub#language
    std::string payload_type; ///< pubsub#type: mostly the namespace of the payloads

    /// pubsub#access_model (§4.5): who may subscribe and retrieve items.
    enum class Access : std::uint8_t { open, presence, roster, authorize, whitelist };
    Access access = Access::open;
    std::vector<std::string> roster_groups; ///< pubsub#roster_groups_allowed; sorted, for Access::roster

    /// pubsub#publish_model: who may publish, beside owners and publishers.
    enum class Publish : std::uint8_t { publishers, subscribers, open };
    Publish publish = Publish::publishers;

    /// pubsub#send_last_published_item: when a subscriber gets the newest item unasked.
    enum class LastItem : std::uint8_t { never, on_sub, on_sub_and_presence };
    LastItem last_item = LastItem::on_sub_and_presence;

    /// pubsub#notification_type: the type of the messages with events.
    enum class MessageKind : std::uint8_t { normal, headline };
    MessageKind notification_type = MessageKind::headline;

    /// pubsub#itemreply (§12.18): only with `publisher` do items show who published them.
    enum class Reply : std::uint8_t { none, publisher };
    Reply reply = Reply::none;

    /// pubsub#max_items; `as_many_as_allowed` is "max", whatever the service allows at the time.
    static constexpr std::size_t as_many_as_allowed = SIZE_MAX;
    std::size_t max_items = as_many_as_allowed;
    std::chrono::seconds item_lifetime { 0 }; ///< pubsub#item_expire; zero: items stay ("max")
    std::size_t max_payload = 0; ///< pubsub#max_payload_size in bytes; 0: what the service allows

    bool persist_items = true;    ///< pubsub#persist_items
    bool notify = true;           ///< pubsub#deliver_notifications
    bool deliver_payloads = true; ///< pubsub#deliver_payloads
    bool notify_config = false;   ///< pubsub#notify_config
    bool notify_delete = true;    ///< pubsub#notify_delete
    bool notify_retract = true;   ///< pubsub#notify_retract
    bool subscribe = true;        ///< pubsub#subscribe: whether subscriptions are accepted

    friend bool operator==(const NodeConfig&, const NodeConfig&) = default;
};

/// What a service lets an owner configure.
struct NodeConfigLimits {
    std::size_t items = 1000;        ///< most for max_items
    std::size_t payload = 64 * 1024; ///< most bytes for max_payload
    std::size_t text = 1024;         ///< bytes of a title or description
    bool has_contacts = false;       ///< whether Access::presence and Access::roster are possible
    bool is_private = false;         ///< nobody but the owner may read or publish, whatever is configured
};

/// Returns the owner's form (§8.2.1), filled with the current values.
DataForm node_config_form(const NodeConfig& config, const NodeConfigLimits& limits);
/// Returns `config` without what the limits forbid: a private node is private.
NodeConfig as_allowed(NodeConfig config, const NodeConfigLimits& limits);
/// Returns the configuration after `form` was submitted. Absent fields keep their value from `now`; unknown
/// fields are ignored. `not-acceptable` for a value that the service does not allow (a number of items over
/// its limit; an access model that it lacks, with `<unsupported-access-model/>`) or that cannot be
/// read (§8.2.5.2).
Result<NodeConfig, StanzaError> read_node_config(const NodeConfig& now, const DataForm& form,
    const NodeConfigLimits& limits);

/// Whether `config` meets every precondition in `options` (§7.1.5). Values are compared by their meaning: `1`
/// is `true`, the order of a list does not matter, an empty value is that of `defaults`. Returns the name of
/// the first field that is unknown, cannot be met here, or differs; nullopt if all are met.
std::optional<std::string> unmet_precondition(const NodeConfig& config, const NodeConfig& defaults,
    const DataForm& options, const NodeConfigLimits& limits);

/// Whether all fields of `options` are known and allowed: then a node can be created with them. Returns the
/// name of the first that is not.
std::optional<std::string> impossible_precondition(const NodeConfig& defaults, const DataForm& options,
    const NodeConfigLimits& limits);

/// The text form that is stored (NodeRecord::config). A value that cannot be parsed becomes its default.
std::string to_text(const NodeConfig& config);
NodeConfig node_config_from_text(std::string_view text);

/// Adds the fields of pubsub#meta-data (§5.4) that follow from the configuration.
void add_meta_data(const NodeConfig& config, DataForm& form);

/// The number of items that the node keeps, given what the service allows.
std::size_t kept_items(const NodeConfig& config, std::size_t allowed);

} // namespace stonechat
