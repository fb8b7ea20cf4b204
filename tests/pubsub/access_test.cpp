// SPDX-License-Identifier: Apache-2.0
#include "pubsub/access.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace stonechat;

namespace {

using Access = NodeConfig::Access;

NodeConfig with(Access access)
{
    NodeConfig config;
    config.access = access;
    config.roster_groups = { "friends" };
    return config;
}

Relation with(NodeAffiliation affiliation)
{
    Relation relation;
    relation.affiliation = affiliation;
    return relation;
}

std::string words(const std::optional<StanzaError>& refused)
{
    if (!refused) {
        return "allowed";
    }
    std::string text(to_text(refused->condition()));
    return refused->application() ? text + " " + refused->application()->name() : text;
}

std::string reading(Access access, const Relation& relation)
{
    return words(reading_refused(with(access), relation));
}

std::string subscribing(Access access, const Relation& relation)
{
    return words(subscribing_refused(with(access), relation));
}

} // namespace

TEST_CASE("node access: a stranger gets the error that the access model has (§6.1.3, §6.5.9, A72)")
{
    const Relation stranger;
    CHECK(reading(Access::open, stranger) == "allowed");
    CHECK(reading(Access::presence, stranger) == "not-authorized presence-subscription-required");
    CHECK(reading(Access::roster, stranger) == "not-authorized not-in-roster-group");
    CHECK(reading(Access::authorize, stranger) == "not-authorized not-subscribed");
    CHECK(reading(Access::whitelist, stranger) == "not-allowed closed-node");
    CHECK(subscribing(Access::open, stranger) == "allowed");
    CHECK(subscribing(Access::presence, stranger) == "not-authorized presence-subscription-required");
    CHECK(subscribing(Access::roster, stranger) == "not-authorized not-in-roster-group");
    CHECK(subscribing(Access::authorize, stranger) == "allowed");
    CHECK(subscribing(Access::whitelist, stranger) == "not-allowed closed-node");
}

TEST_CASE("node access: a contact reads nodes for contacts, and one in the group nodes for the group")
{
    Relation contact;
    contact.is_contact = true;
    CHECK(reading(Access::presence, contact) == "allowed");
    CHECK(reading(Access::roster, contact) == "not-authorized not-in-roster-group");
    contact.groups = { "family", "friends" };
    CHECK(reading(Access::roster, contact) == "allowed");
    CHECK(reading(Access::whitelist, contact) == "not-allowed closed-node");
}

TEST_CASE("node access: affiliations come before the access model (§4.1)")
{
    for (const Access access :
        { Access::open, Access::presence, Access::roster, Access::authorize, Access::whitelist }) {
        CHECK(reading(access, with(NodeAffiliation::owner)) == "allowed");
        CHECK(reading(access, with(NodeAffiliation::publisher)) == "allowed");
        CHECK(reading(access, with(NodeAffiliation::member)) == "allowed");
        CHECK(reading(access, with(NodeAffiliation::outcast)) == "forbidden");
        CHECK(reading(access, with(NodeAffiliation::publish_only)) == "forbidden");
        CHECK(subscribing(access, with(NodeAffiliation::outcast)) == "forbidden");
    }
}

TEST_CASE("node access: an approved subscription opens a node with access by approval")
{
    Relation subscriber;
    subscriber.subscription = NodeSubscriptionState::pending;
    CHECK(reading(Access::authorize, subscriber) == "not-authorized not-subscribed");
    CHECK(subscribing(Access::authorize, subscriber) == "not-authorized pending-subscription");
    subscriber.subscription = NodeSubscriptionState::subscribed;
    CHECK(reading(Access::authorize, subscriber) == "allowed");
    CHECK(needs_approval(with(Access::authorize), Relation()));
    CHECK_FALSE(needs_approval(with(Access::authorize), with(NodeAffiliation::member)));
    CHECK_FALSE(needs_approval(with(Access::open), Relation()));
}

TEST_CASE("node access: who may publish (§4.1, pubsub#publish_model)")
{
    NodeConfig config = with(Access::whitelist);
    CHECK(may_publish(config, with(NodeAffiliation::owner)));
    CHECK(may_publish(config, with(NodeAffiliation::publisher)));
    CHECK(may_publish(config, with(NodeAffiliation::publish_only)));
    CHECK_FALSE(may_publish(config, with(NodeAffiliation::member)));
    CHECK_FALSE(may_publish(config, Relation()));
    config.publish = NodeConfig::Publish::open;
    CHECK_FALSE(may_publish(config, Relation())); // who may not read it may not write to it either
    CHECK(may_publish(config, with(NodeAffiliation::member)));
    CHECK_FALSE(may_publish(config, with(NodeAffiliation::outcast)));
    config.publish = NodeConfig::Publish::subscribers;
    Relation subscriber;
    subscriber.subscription = NodeSubscriptionState::subscribed;
    CHECK(may_publish(config, subscriber));
    CHECK_FALSE(may_publish(config, Relation()));
}
