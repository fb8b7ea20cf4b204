// SPDX-License-Identifier: Apache-2.0
#include "house.hpp"
#include "xmpp/caps_hash.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace stonechat;
using namespace stonechat::test;

namespace {

std::string query(std::string_view ns, std::string_view node = {})
{
    std::string xml = "<query xmlns='" + std::string(ns) + "'";
    return xml + (node.empty() ? "" : " node='" + std::string(node) + "'") + "/>";
}

const std::string info = query("http://jabber.org/protocol/disco#info");
const std::string items = query("http://jabber.org/protocol/disco#items");

Lines features_of(const Element& answer)
{
    Lines vars;
    for (const Element* feature : answer.first_child()->children("feature", ns::disco_info)) {
        vars.emplace_back(feature->attribute_or("var"));
    }
    return vars;
}

bool has(const Lines& lines, std::string_view line)
{
    return std::find(lines.begin(), lines.end(), line) != lines.end();
}

Element caps_feature(House& world)
{
    for (const auto& [when, make] : world.host().handlers().features()) {
        const auto feature = make(true);
        if (feature && feature->is("c", ns::caps)) {
            CHECK(when == Handlers::Offer::after_login);
            return *feature;
        }
    }
    return Element();
}

/// Romeo and Juliet see each other, Mercutio sees nobody.
struct Neighbours : House {
    Neighbours()
    {
        befriend("romeo", "juliet");
        romeo = comes_online("romeo@localhost/orchard");
        mercutio = comes_online("mercutio@localhost/square");
    }

    ClientPtr romeo, mercutio;
};

} // namespace

// XEP-0030 §3.1-1
TEST_CASE("disco: the server says what it is and lists its features sorted, each once (XEP-0030 §3.1)")
{
    Neighbours world;
    const Element answer = House::asks(*world.romeo, "get", info, "localhost");
    REQUIRE(House::verdict(answer) == "result");
    CHECK(answer.attribute_or("from") == "localhost");
    const Element& identity = *answer.first_child()->child("identity");
    CHECK(identity.attribute_or("category") == "server");
    CHECK(identity.attribute_or("type") == "im");
    const Lines features = features_of(answer);
    CHECK(std::is_sorted(features.begin(), features.end()));
    CHECK(std::adjacent_find(features.begin(), features.end()) == features.end());
    for (const std::string_view feature : { ns::disco_info, ns::disco_items, ns::blocking, ns::commands,
             ns::ping, ns::vcard_temp, ns::last_activity, ns::private_xml, ns::in_band_registration }) {
        CHECK(has(features, feature));
    }
}

// XEP-0030 §3.2-1 §7-1
TEST_CASE("disco: the node asked for comes back; a node that nobody knows is not found (XEP-0030 §3.2, §4.2)")
{
    Neighbours world;
    const Element listed = House::asks(*world.romeo, "get", query(ns::disco_items, ns::commands),
        "localhost");
    CHECK(listed.first_child()->attribute_or("node") == ns::commands);
    for (const std::string_view kind : { ns::disco_info, ns::disco_items }) {
        for (const char* to : { "localhost", "romeo@localhost" }) {
            CHECK(House::verdict(House::asks(*world.romeo, "get", query(kind, "urn:example:none"), to))
                == "cancel item-not-found");
        }
    }
}

// XEP-0115 §6.2-1
TEST_CASE(
    "disco: the capabilities in the stream feature are those of disco#info, also by their node (XEP-0115 "
    "§5.1, §6.2)")
{
    Neighbours world;
    world.set("contact", "abuse", Lines { "mailto:abuse@localhost" });
    const Element caps = caps_feature(world);
    CHECK(caps.attribute_or("hash") == "sha-1");
    const Element plain = House::asks(*world.romeo, "get", info, "localhost");
    CHECK(caps.attribute_or("ver") == caps_hash(*plain.first_child()));
    const std::string node = std::string(caps.attribute_or("node")) + "#"
        + std::string(caps.attribute_or("ver"));
    const Element by_node = House::asks(*world.romeo, "get", query(ns::disco_info, node), "localhost");
    REQUIRE(House::verdict(by_node) == "result");
    CHECK(by_node.first_child()->attribute_or("node") == node);
    CHECK(caps_hash(*by_node.first_child()) == caps.attribute_or("ver"));
}

TEST_CASE("disco: a reload that changes what is said changes the hash with it (XEP-0115)")
{
    Neighbours world;
    const std::string before(caps_feature(world).attribute_or("ver"));
    world.set("contact", "abuse", Lines { "mailto:abuse@localhost" });
    const Element caps = caps_feature(world);
    CHECK(caps.attribute_or("ver") != before);
    CHECK(caps.attribute_or("ver")
        == caps_hash(*House::asks(*world.romeo, "get", info, "localhost").first_child()));
    CHECK(House::verdict(House::asks(*world.romeo, "get",
              query(ns::disco_info, std::string(caps.attribute_or("node")) + "#" + before), "localhost"))
        == "cancel item-not-found");
}

// XEP-0030 §3.1-2 §3.1-3 §4.1-2
TEST_CASE(
    "disco: an account tells itself and its contacts what it is and which resources are there (XEP-0030 "
    "§8)")
{
    Neighbours world;
    auto juliet = world.comes_online("juliet@localhost/balcony");
    world.connects("juliet@localhost/hidden");
    for (Client* asker : { world.romeo.get(), juliet.get() }) {
        const Element said = House::asks(*asker, "get", info, "juliet@localhost");
        REQUIRE(House::verdict(said) == "result");
        CHECK(said.attribute_or("from") == "juliet@localhost");
        CHECK(said.first_child()->child("identity")->attribute_or("category") == "account");
        CHECK(said.first_child()->child("identity")->attribute_or("type") == "registered");
        CHECK(has(features_of(said), ns::disco_info));
        const Element listed = House::asks(*asker, "get", items, "juliet@localhost");
        REQUIRE(listed.first_child()->child_count() == 1);
        CHECK(listed.first_child()->child("item")->attribute_or("jid") == "juliet@localhost/balcony");
    }
    CHECK(House::verdict(House::asks(*world.romeo, "get", info)) == "result"); // without `to`: of oneself
}

// XEP-0030 §3.1-4 §8-1 §8-2
// XEP-0030 §4.1-1
TEST_CASE("disco: to strangers an account looks like an address without one (XEP-0030 §8, HOSTILE A58)")
{
    Neighbours world;
    world.comes_online("juliet@localhost/balcony");
    for (const std::string& asked :
        { info, items, query(ns::disco_info, "x"), query(ns::disco_items, "x") }) {
        Element known = House::asks(*world.mercutio, "get", asked, "juliet@localhost");
        Element unknown = House::asks(*world.mercutio, "get", asked, "nobody@localhost");
        known.remove_attribute("from");
        unknown.remove_attribute("from");
        CHECK(to_xml(known) == to_xml(unknown));
    }
    CHECK(House::verdict(House::asks(*world.mercutio, "get", info, "juliet@localhost"))
        == "cancel service-unavailable");
    CHECK(House::asks(*world.mercutio, "get", items, "juliet@localhost").first_child()->child_count() == 0);
}

TEST_CASE("contact: addresses are told in disco#info as a form, and no form if there are none (XEP-0157 §3)")
{
    Neighbours world;
    const Element without = House::asks(*world.romeo, "get", info, "localhost");
    CHECK(without.first_child()->child("x", ns::data_forms) == nullptr);
    world.set("contact", "abuse", Lines { "mailto:abuse@localhost", "xmpp:abuse@localhost" });
    world.set("contact", "support", Lines { "https://localhost/help" });
    const Element with = House::asks(*world.romeo, "get", info, "localhost");
    const auto form = DataForm::from_element(*with.first_child()->child("x", ns::data_forms));
    REQUIRE(form.has_value());
    CHECK(form->type() == DataForm::Type::result);
    CHECK(form->form_type() == "http://jabber.org/network/serverinfo");
    CHECK(form->values("abuse-addresses") == Lines { "mailto:abuse@localhost", "xmpp:abuse@localhost" });
    CHECK(form->values("support-addresses") == Lines { "https://localhost/help" });
    CHECK(form->fields().size() == 3);
}
