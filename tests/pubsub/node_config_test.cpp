// SPDX-License-Identifier: Apache-2.0
#include "pubsub/node_config.hpp"

#include "pubsub/node_profiles.hpp"
#include "xmpp/ns.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace stonechat;

namespace {

using Fields = std::initializer_list<std::pair<std::string, std::vector<std::string>>>;

DataForm form_of(Fields fields, std::string_view form_type = ns::publish_options)
{
    DataForm form(DataForm::Type::submit, form_type);
    for (const auto& [var, values] : fields) {
        DataForm::Field field;
        field.var = var;
        field.values = values;
        form.add(std::move(field));
    }
    return form;
}

NodeConfigLimits limits_of_account()
{
    NodeConfigLimits limits;
    limits.items = 1000;
    limits.has_contacts = true;
    return limits;
}

std::string verdict(Fields fields, const NodeConfigLimits& limits = limits_of_account())
{
    const auto read = read_node_config(NodeConfig(), form_of(fields, ns::pubsub_node_config), limits);
    if (read) {
        return "taken";
    }
    std::string words(to_text(read.error().condition()));
    return read.error().application() ? words + " " + read.error().application()->name() : words;
}

std::string unmet(const NodeConfig& config, Fields fields)
{
    return unmet_precondition(config, NodeConfig(), form_of(fields), limits_of_account()).value_or("all met");
}

} // namespace

TEST_CASE("node config: every configuration survives being stored")
{
    NodeConfig config;
    config.title = "Princely Musings";
    config.description = "of \"Hamlet\" <&>";
    config.access = NodeConfig::Access::roster;
    config.roster_groups = { "courtiers", "friends" };
    config.publish = NodeConfig::Publish::subscribers;
    config.last_item = NodeConfig::LastItem::never;
    config.notification_type = NodeConfig::MessageKind::normal;
    config.reply = NodeConfig::Reply::publisher;
    config.max_items = 20;
    config.item_lifetime = std::chrono::seconds(604'800);
    config.max_payload = 1028;
    config.persist_items = false;
    config.notify = false;
    config.deliver_payloads = false;
    config.notify_config = true;
    config.notify_delete = false;
    config.notify_retract = false;
    config.subscribe = false;
    CHECK(node_config_from_text(to_text(config)) == config);
    CHECK(node_config_from_text(to_text(NodeConfig())) == NodeConfig());
    CHECK(node_config_from_text("no form") == NodeConfig());
}

TEST_CASE("node config: 'max' is stored as 'max', whatever the limit is (PB2)")
{
    NodeConfig config;
    CHECK(config.max_items == NodeConfig::as_many_as_allowed);
    CHECK(to_text(config).find("<value>max</value>") != std::string::npos);
    NodeConfigLimits raised = limits_of_account();
    raised.items = 5000;
    CHECK_FALSE(unmet_precondition(config, NodeConfig(), form_of({ { "pubsub#max_items", { "max" } } }),
        raised));
    CHECK(kept_items(config, 1000) == 1000);
    CHECK(kept_items(config, 5000) == 5000);
}

TEST_CASE("node config: a number over the limit is refused, never cut (PB2)")
{
    CHECK(verdict({ { "pubsub#max_items", { "1000" } } }) == "taken");
    CHECK(verdict({ { "pubsub#max_items", { "1001" } } }) == "not-acceptable");
    CHECK(unmet(NodeConfig(), { { "pubsub#max_items", { "1001" } } }) == "pubsub#max_items");
    CHECK(impossible_precondition(NodeConfig(), form_of({ { "pubsub#max_items", { "1001" } } }),
              limits_of_account())
        == "pubsub#max_items");
}

TEST_CASE("node config: values that cannot be read are refused, unknown fields are passed over")
{
    CHECK(verdict({ { "pubsub#max_items", { "many" } } }) == "not-acceptable");
    CHECK(verdict({ { "pubsub#max_items", { "0" } } }) == "not-acceptable");
    CHECK(verdict({ { "pubsub#persist_items", { "perhaps" } } }) == "not-acceptable");
    CHECK(verdict({ { "pubsub#publish_model", { "nobody" } } }) == "not-acceptable");
    CHECK(verdict({ { "pubsub#item_expire", { "-1" } } }) == "not-acceptable");
    CHECK(verdict({ { "pubsub#collection", { "x" } } }) == "taken");
}

TEST_CASE("node config: an access model that the service lacks is unsupported (§8.1.3)")
{
    CHECK(verdict({ { "pubsub#access_model", { "presence" } } }) == "taken");
    CHECK(verdict({ { "pubsub#access_model", { "presence" } } }, NodeConfigLimits())
        == "not-acceptable unsupported-access-model");
    CHECK(verdict({ { "pubsub#access_model", { "secret" } } }) == "not-acceptable unsupported-access-model");
}

TEST_CASE("node config: preconditions are compared by their meaning (PB3)")
{
    NodeConfig config;
    config.access = NodeConfig::Access::roster;
    config.roster_groups = { "a", "b" };
    CHECK(unmet(config, { { "pubsub#persist_items", { "1" } } }) == "all met");
    CHECK(unmet(config, { { "pubsub#persist_items", { "true" } } }) == "all met");
    CHECK(unmet(config, { { "pubsub#persist_items", { "0" } } }) == "pubsub#persist_items");
    CHECK(unmet(config, { { "pubsub#max_items", { "max" } } }) == "all met");
    CHECK(unmet(config, { { "pubsub#roster_groups_allowed", { "b", "a" } } }) == "all met");
    CHECK(unmet(config, { { "pubsub#roster_groups_allowed", { "b" } } }) == "pubsub#roster_groups_allowed");
    CHECK(unmet(config, { { "pubsub#title", { "" } } }) == "all met");
    CHECK(unmet(config, { { "pubsub#access_model", { "" } } }) == "pubsub#access_model"); // open by default
    CHECK(unmet(config, { { "pubsub#access_model", { "roster" } } }) == "all met");
    CHECK(unmet(config, { { "pubsub#access_model", { "open" } } }) == "pubsub#access_model");
}

TEST_CASE("node config: an unknown precondition is never met (PB1)")
{
    CHECK(unmet(NodeConfig(), { { "pubsub#unknown", { "1" } } }) == "pubsub#unknown");
    CHECK(impossible_precondition(NodeConfig(), form_of({ { "x", { "1" } } }), limits_of_account()) == "x");
}

TEST_CASE("node profiles: what is private stays private, and keys are public (PB6)")
{
    for (const char* name : { "storage:bookmarks", "urn:xmpp:bookmarks:1", "urn:xmpp:mds:displayed:0",
             "urn:xmpp:push:private", "urn:xmpp:openpgp:0:secret-key", "urn:xmpp:contacts" }) {
        CAPTURE(name);
        CHECK(account_node_config(name).access == NodeConfig::Access::whitelist);
    }
    for (const char* name :
        { "eu.siacs.conversations.axolotl.devicelist", "eu.siacs.conversations.axolotl.bundles:31415",
            "urn:xmpp:omemo:2:devices", "urn:xmpp:omemo:2:bundles" }) {
        CAPTURE(name);
        CHECK(account_node_config(name).access == NodeConfig::Access::open);
    }
    CHECK(account_node_config("urn:xmpp:avatar:metadata").access == NodeConfig::Access::presence);
    CHECK(account_node_config("urn:xmpp:omemo:2:bundles").max_items == NodeConfig::as_many_as_allowed);
    CHECK(account_node_config("urn:xmpp:omemo:2:devices").max_items == 1);
    CHECK(account_node_config("urn:xmpp:bookmarks:1").last_item == NodeConfig::LastItem::never);
}

TEST_CASE("node profiles: read marks and bookmarks may be many (PB36)")
{
    CHECK(most_items_of("urn:xmpp:mds:displayed:0", 1000) >= 10'000);
    CHECK(most_items_of("urn:xmpp:bookmarks:1", 1000) >= 10'000);
    CHECK(most_items_of("urn:xmpp:avatar:data", 1000) == 1000);
}
