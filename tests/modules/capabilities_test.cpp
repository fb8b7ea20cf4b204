// SPDX-License-Identifier: Apache-2.0
// XEP-0115 and XEP-0390: what the server learns of the clients of its users.
#include "modules/caps_cache.hpp"
#include "modules/table.hpp"
#include "rfc6121_world.hpp"
#include "support/example_module.hpp"
#include "xmpp/caps_hash.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace stonechat::test;
using namespace std::chrono_literals;

namespace {

constexpr const char* phone =
    "<identity category='client' type='phone' name='Phone 1.0'/>"
    "<feature var='urn:xmpp:avatar:metadata+notify'/><feature var='urn:xmpp:ping'/>";
constexpr const char* desktop = "<identity category='client' type='pc' name='Desktop 2.0'/>"
                                "<feature var='http://jabber.org/protocol/mood+notify'/>"
                                "<feature var='urn:xmpp:ping'/>";

Element info_of(const std::string& content)
{
    return *parse_element("<query xmlns='http://jabber.org/protocol/disco#info'>" + content + "</query>");
}

/// The `<c/>` of XEP-0115 of a client with this disco#info.
std::string caps_of(const std::string& content, const std::string& algorithm = "sha-1")
{
    return "<c xmlns='http://jabber.org/protocol/caps' hash='" + algorithm + "' node='urn:client' ver='"
        + caps_hash(info_of(content), algorithm) + "'/>";
}

std::string capability_hash_of(const std::string& content, const std::string& algorithm,
    const std::string& lang = {})
{
    return "<hash xmlns='urn:xmpp:hashes:2' algo='" + algorithm + "'>"
        + capability_hash(info_of(content), algorithm, lang) + "</hash>";
}

std::vector<ModuleEntry> with_witness(Lines& told)
{
    std::vector<ModuleEntry> modules = module_table();
    modules.push_back(example_module([&told](Handlers& on) {
        on.session_available([&told](const Context& c) {
            told.push_back("available " + c.session->jid().text());
        });
        on.session_capabilities([&told](const Context& c) {
            CHECK(c.session->is_available());
            told.push_back((c.session->capabilities() ? "known " : "unknown ") + c.session->jid().text());
        });
    }).front());
    return modules;
}

struct Witness {
    Lines told;
};

/// All modules, and one that writes down the moments.
struct Court : Witness, Verona {
    Court() : Verona(with_witness(told))
    {
        for (const char* name : { "tybalt", "paris" }) {
            account(name);
        }
    }

    /// A new session, whose first presence has `content`.
    ClientPtr shows_up(const std::string& jid, const std::string& content)
    {
        auto client = connects(jid);
        client->says("<presence>" + content + "</presence>");
        return client;
    }

    /// The server's disco#info requests since the last call.
    static std::vector<Element> asked(Client& client)
    {
        client.hears();
        std::vector<Element> requests;
        for (const Element& stanza : client.received) {
            if (stanza.name() == "iq" && stanza.attribute_or("type") == "get"
                && stanza.child("query", ns::disco_info) != nullptr) {
                requests.push_back(stanza);
            }
        }
        return requests;
    }

    static void answers(Client& client, const Element& request, const std::string& content,
        const std::string& lang = {})
    {
        client.says("<iq type='result' to='localhost' id='" + std::string(request.attribute_or("id")) + "'"
            + (lang.empty() ? "" : " xml:lang='" + lang + "'")
            + "><query xmlns='http://jabber.org/protocol/disco#info'>" + content + "</query></iq>");
    }

    /// Answers the one request that the client must have been sent.
    static void answers(Client& client, const std::string& content)
    {
        const auto requests = asked(client);
        REQUIRE(requests.size() == 1);
        answers(client, requests.front(), content);
    }

    static void refuses(Client& client)
    {
        const auto requests = asked(client);
        REQUIRE(requests.size() == 1);
        client.says("<iq type='error' to='localhost' id='" + std::string(requests.front().attribute_or("id"))
            + "'><error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
              "</iq>");
    }

    static std::string node(const Element& request)
    {
        return std::string(request.first_child()->attribute_or("node", "none"));
    }

    void passes(std::chrono::seconds time)
    {
        clock.advance(time);
        shard.timers().advance(clock.steady());
        run();
    }
};

bool is_phone(const Client& client)
{
    return client.capabilities() && client.capabilities()->wants("urn:xmpp:avatar:metadata")
        && client.capabilities()->features().size() == 2;
}

bool is_desktop(const Client& client)
{
    return client.capabilities() && client.capabilities()->wants("http://jabber.org/protocol/mood")
        && client.capabilities()->features().size() == 2;
}

} // namespace

// XEP-0115 §5.4-2 §6.2-2
TEST_CASE(
    "capabilities: one session is asked for a hash, and its answer holds for all who announce that (XEP-0115 "
    "§5.4)")
{
    Court world;
    auto romeo = world.shows_up("romeo@localhost/orchard", caps_of(phone));
    auto juliet = world.shows_up("juliet@localhost/balcony", caps_of(phone));
    CHECK(romeo->hears() == Lines { "presence available from romeo@localhost/orchard", "get query" });
    const Element request = romeo->received.back();
    CHECK(request.attribute_or("from") == "localhost");
    CHECK(request.attribute_or("to") == "romeo@localhost/orchard");
    CHECK(Court::node(request) == "urn:client#" + caps_hash(info_of(phone)));
    CHECK(Court::asked(*juliet).empty());
    CHECK(romeo->capabilities() == nullptr);
    CHECK(juliet->capabilities() == nullptr);

    Court::answers(*romeo, request, phone);
    CHECK(is_phone(*romeo));
    CHECK(romeo->capabilities() == juliet->capabilities()); // the same object
    auto mercutio = world.shows_up("mercutio@localhost/square", caps_of(phone));
    CHECK(mercutio->capabilities() == romeo->capabilities());
    CHECK(Court::asked(*mercutio).empty());
    CHECK(world.told
        == Lines { "available romeo@localhost/orchard", "available juliet@localhost/balcony",
            "known romeo@localhost/orchard", "known juliet@localhost/balcony",
            "available mercutio@localhost/square", "known mercutio@localhost/square" });
}

// XEP-0390 §6.2.1-2
TEST_CASE("capabilities: another hash is asked for; what was known holds until then; the same one is not "
          "asked for again")
{
    Court world;
    auto romeo = world.shows_up("romeo@localhost/orchard", caps_of(phone));
    Court::answers(*romeo, phone);
    romeo->says("<presence><show>away</show>" + caps_of(phone) + "</presence>");
    CHECK(Court::asked(*romeo).empty());
    romeo->says("<presence>" + caps_of(desktop, "sha-256") + "</presence>");
    CHECK(is_phone(*romeo));
    Court::answers(*romeo, desktop);
    CHECK(is_desktop(*romeo));
    CHECK(world.told
        == Lines { "available romeo@localhost/orchard", "known romeo@localhost/orchard",
            "known romeo@localhost/orchard" });
    // The same features under another hash are no change.
    romeo->says("<presence>" + caps_of(desktop) + "</presence>");
    Court::answers(*romeo, desktop);
    CHECK(is_desktop(*romeo));
    CHECK(world.told.size() == 3);
}

TEST_CASE("capabilities: the presence does not wait for the answer, and directed presence is not read")
{
    Court world;
    world.befriend("romeo", "juliet");
    auto juliet = world.comes_online("juliet@localhost/balcony");
    auto romeo = world.shows_up("romeo@localhost/orchard", caps_of(phone));
    CHECK(juliet->hears() == Lines { "presence available from romeo@localhost/orchard" });
    CHECK(juliet->received.front().child("c", ns::caps) != nullptr);
    juliet->says("<presence to='romeo@localhost'>" + caps_of(desktop) + "</presence>");
    CHECK(Court::asked(*juliet).empty());
}

// XEP-0115 §5.4-3 §5.4-5, XEP-0390 §6.2.1-1
TEST_CASE(
    "capabilities: A77: an answer that has not the hash holds for nobody else, and the next session is asked")
{
    Court world;
    auto tybalt = world.shows_up("tybalt@localhost/sword", caps_of(phone));
    auto juliet = world.shows_up("juliet@localhost/balcony", caps_of(phone));
    CHECK(Court::asked(*juliet).empty());
    Court::answers(*tybalt, desktop);
    CHECK(is_desktop(*tybalt));
    CHECK(juliet->capabilities() == nullptr);
    Court::answers(*juliet, phone);
    CHECK(is_phone(*juliet));
    CHECK(is_desktop(*tybalt));
    auto romeo = world.shows_up("romeo@localhost/orchard", caps_of(phone));
    CHECK(is_phone(*romeo));
    // What is known is not asked for again, so nobody can change it.
    CHECK(Court::asked(*romeo).empty());
}

TEST_CASE("capabilities: A77: an answer that only pretends to be the one with this hash holds for nobody "
          "else (XEP-0115 "
          "§9.3)")
{
    // The wish for avatars passes for the type of a form; the hash is the same.
    const std::string forged = "<identity category='client' type='phone' name='Phone 1.0'/>"
                               "<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'>"
                               "<value>urn:xmpp:avatar:metadata+notify</value></field>"
                               "<field var='urn:xmpp:ping'/></x>";
    REQUIRE(caps_of(forged) == caps_of(phone));
    Court world;
    auto tybalt = world.shows_up("tybalt@localhost/sword", caps_of(phone));
    Court::answers(*tybalt, forged);
    REQUIRE(tybalt->capabilities() != nullptr);
    CHECK(tybalt->capabilities()->features().empty());
    auto juliet = world.shows_up("juliet@localhost/balcony", caps_of(phone));
    CHECK(juliet->capabilities() == nullptr);
    Court::answers(*juliet, phone);
    CHECK(is_phone(*juliet));
}

// XEP-0115 §5.4-4 §13-1
TEST_CASE("capabilities: A77: without a hash, or with an unknown one, each session is asked for itself alone "
          "(XEP-0115 "
          "§5.4, §13)")
{
    Court world;
    const std::string legacy =
        "<c xmlns='http://jabber.org/protocol/caps' node='urn:client' ver='1.0' ext='a b'/>";
    const std::string unknown =
        "<c xmlns='http://jabber.org/protocol/caps' node='urn:client' ver='x' hash='md5'/>";
    auto tybalt = world.shows_up("tybalt@localhost/sword", legacy);
    auto juliet = world.shows_up("juliet@localhost/balcony", legacy);
    const auto request = Court::asked(*tybalt);
    REQUIRE(request.size() == 1);
    CHECK(Court::node(request.front()) == "none"); // everything, not only the part that "1.0" names
    Court::answers(*tybalt, request.front(), desktop);
    CHECK(is_desktop(*tybalt));
    CHECK(juliet->capabilities() == nullptr);
    Court::answers(*juliet, phone);
    CHECK(is_phone(*juliet));
    tybalt->says("<presence><show>dnd</show>" + legacy + "</presence>");
    CHECK(Court::asked(*tybalt).empty());

    auto romeo = world.shows_up("romeo@localhost/orchard", unknown);
    auto paris = world.shows_up("paris@localhost/tomb", unknown);
    const auto other = Court::asked(*romeo);
    REQUIRE(other.size() == 1);
    CHECK(Court::node(other.front()) == "urn:client#x");
    Court::answers(*romeo, other.front(), phone);
    CHECK(paris->capabilities() == nullptr);
    Court::answers(*paris, desktop);
    CHECK(is_desktop(*paris));
}

// XEP-0390 §5.5-1
TEST_CASE(
    "capabilities: the hash of XEP-0390 is preferred, the strongest usual one of several (XEP-0390 §5.5)")
{
    Court world;
    const std::string both = caps_of(desktop) + "<c xmlns='urn:xmpp:caps'>"
        + capability_hash_of(phone, "sha3-256") + capability_hash_of(phone, "sha-256")
        + "<hash xmlns='urn:xmpp:hashes:2' algo='md5'>x</hash></c>";
    auto romeo = world.shows_up("romeo@localhost/orchard", both);
    const auto request = Court::asked(*romeo);
    REQUIRE(request.size() == 1);
    CHECK(Court::node(request.front())
        == "urn:xmpp:caps#sha-256." + capability_hash(info_of(phone), "sha-256"));
    Court::answers(*romeo, request.front(), phone);
    auto juliet = world.shows_up("juliet@localhost/balcony",
        "<c xmlns='urn:xmpp:caps'>" + capability_hash_of(phone, "sha-256") + "</c>");
    CHECK(juliet->capabilities() == romeo->capabilities());
    CHECK(is_phone(*juliet));
    // Without one that is known the old hash counts; SHA-1 is not believed here.
    auto paris = world.shows_up("paris@localhost/tomb",
        caps_of(desktop)
            + "<c xmlns='urn:xmpp:caps'><hash xmlns='urn:xmpp:hashes:2' algo='sha-1'>x</hash></c>");
    const auto old = Court::asked(*paris);
    REQUIRE(old.size() == 1);
    CHECK(Court::node(old.front()) == "urn:client#" + caps_hash(info_of(desktop)));
}

TEST_CASE(
    "capabilities: a hash of XEP-0390 with the language of the stream, and one without it (XEP-0390 §4.1)")
{
    Court world;
    auto romeo = world.shows_up("romeo@localhost/orchard",
        "<c xmlns='urn:xmpp:caps'>" + capability_hash_of(phone, "sha-256", "en") + "</c>");
    Court::answers(*romeo, Court::asked(*romeo).at(0), phone, "en");
    auto juliet = world.shows_up("juliet@localhost/balcony",
        "<c xmlns='urn:xmpp:caps'>" + capability_hash_of(phone, "sha-256") + "</c>");
    Court::answers(*juliet, Court::asked(*juliet).at(0), phone, "en");
    for (const char* name : { "paris@localhost/a", "paris@localhost/b" }) {
        auto other = world.shows_up(name,
            "<c xmlns='urn:xmpp:caps'>"
                + capability_hash_of(phone, "sha-256", std::string(name).back() == 'a' ? "en" : "") + "</c>");
        CHECK(is_phone(*other));
    }
}

TEST_CASE(
    "capabilities: who is silent or refuses stays unknown, is not asked twice, and holds up nobody for long")
{
    Court world;
    auto tybalt = world.shows_up("tybalt@localhost/sword", caps_of(phone));
    auto mercutio = world.shows_up("mercutio@localhost/square", caps_of(phone));
    auto juliet = world.shows_up("juliet@localhost/balcony", caps_of(phone));
    auto romeo = world.shows_up("romeo@localhost/orchard", caps_of(phone));
    const std::vector<ClientPtr> others { mercutio, juliet, romeo };
    REQUIRE(Court::asked(*tybalt).size() == 1);
    world.passes(59s);
    for (const auto& each : others) {
        CHECK(Court::asked(*each).empty());
    }
    world.passes(2s);
    // After an answer that does not come two more are asked.
    std::vector<ClientPtr> asked;
    std::vector<Element> requests;
    for (const auto& each : others) {
        for (const Element& request : Court::asked(*each)) {
            asked.push_back(each);
            requests.push_back(request);
        }
    }
    REQUIRE(requests.size() == 2);
    asked[0]->says("<iq type='error' to='localhost' id='" + std::string(requests[0].attribute_or("id"))
        + "'><error type='cancel'><item-not-found "
          "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
    CHECK(asked[0]->capabilities() == nullptr);
    Court::answers(*asked[1], requests[1], phone);
    for (const auto& each : others) {
        CHECK(is_phone(*each));
    }
    CHECK(is_phone(*tybalt)); // it announces the hash
    CHECK(Court::asked(*tybalt).empty());
}

TEST_CASE(
    "capabilities: who is silent stays unknown, which is never everything, until it announces something else")
{
    Court world;
    auto tybalt = world.shows_up("tybalt@localhost/sword", caps_of(phone));
    Court::refuses(*tybalt);
    tybalt->says("<presence><show>away</show>" + caps_of(phone) + "</presence>");
    tybalt->says("<presence/>");
    CHECK(Court::asked(*tybalt).empty());
    CHECK(tybalt->capabilities() == nullptr);
    CHECK(world.told == Lines { "available tybalt@localhost/sword" });
    tybalt->says("<presence>" + caps_of(desktop) + "</presence>");
    Court::answers(*tybalt, desktop);
    CHECK(is_desktop(*tybalt));
    // What it announced at last and does not explain makes it unknown.
    tybalt->says("<presence>" + caps_of(phone) + "</presence>");
    Court::refuses(*tybalt);
    CHECK(tybalt->capabilities() == nullptr);
    CHECK(world.told
        == Lines { "available tybalt@localhost/sword", "known tybalt@localhost/sword",
            "unknown tybalt@localhost/sword" });
    // Another client may explain it.
    auto juliet = world.shows_up("juliet@localhost/balcony", caps_of(phone));
    Court::answers(*juliet, phone);
    tybalt->says("<presence/>");
    CHECK(is_phone(*tybalt));
}

TEST_CASE(
    "capabilities: when the asked session leaves, another one that waits is asked, and a late answer counts")
{
    Court world;
    auto tybalt = world.shows_up("tybalt@localhost/sword", caps_of(phone));
    auto romeo = world.shows_up("romeo@localhost/orchard", caps_of(phone));
    auto juliet = world.shows_up("juliet@localhost/balcony", caps_of(phone));
    REQUIRE(Court::asked(*tybalt).size() == 1);
    tybalt->is_cut_off();
    const auto first = Court::asked(*romeo);
    const auto second = Court::asked(*juliet);
    REQUIRE(first.size() + second.size() == 1);
    Client& asked = first.empty() ? *juliet : *romeo;
    Court::answers(asked, first.empty() ? second.front() : first.front(), phone);
    CHECK(is_phone(*romeo));
    CHECK(is_phone(*juliet));
}

TEST_CASE("capabilities: when the only asked session leaves, the next one that comes is asked")
{
    Court world;
    auto tybalt = world.shows_up("tybalt@localhost/sword", caps_of(phone));
    REQUIRE(Court::asked(*tybalt).size() == 1);
    tybalt->leaves();
    auto romeo = world.shows_up("romeo@localhost/orchard", caps_of(phone));
    Court::answers(*romeo, phone);
    CHECK(is_phone(*romeo));
    CHECK(world.host().requests().size() == 1); // that of the session which left
    world.passes(61s);
    CHECK(world.host().requests().size() == 0);
    CHECK(is_phone(*romeo));
}

// XEP-0115 §8.4-1, XEP-0390 §6.2-1
TEST_CASE("capabilities: PB16: a presence without <c/> keeps them, unavailable forgets them (XEP-0115 §8.4)")
{
    Court world;
    auto romeo = world.shows_up("romeo@localhost/orchard", caps_of(phone));
    Court::answers(*romeo, phone);
    romeo->says("<presence><show>away</show></presence>");
    CHECK(is_phone(*romeo));
    romeo->says("<presence type='unavailable'/>");
    CHECK(romeo->capabilities() == nullptr);
    romeo->says("<presence/>");
    CHECK(romeo->capabilities() == nullptr);
    romeo->says("<presence>" + caps_of(phone) + "</presence>");
    CHECK(is_phone(*romeo));
    CHECK(Court::asked(*romeo).empty());
    CHECK(world.told
        == Lines { "available romeo@localhost/orchard", "known romeo@localhost/orchard",
            "available romeo@localhost/orchard", "known romeo@localhost/orchard" });
}

TEST_CASE("capabilities: PB16: an answer that comes while the session is unavailable is kept, but not for it")
{
    Court world;
    auto romeo = world.shows_up("romeo@localhost/orchard", caps_of(phone));
    const auto request = Court::asked(*romeo);
    REQUIRE(request.size() == 1);
    romeo->says("<presence type='unavailable'/>");
    Court::answers(*romeo, request.front(), phone);
    CHECK(romeo->capabilities() == nullptr);
    romeo->says("<presence/>");
    CHECK(romeo->capabilities() == nullptr);
    romeo->says("<presence>" + caps_of(phone) + "</presence>");
    CHECK(is_phone(*romeo));
    CHECK(Court::asked(*romeo).empty());
}

// XEP-0115 §8.2-1
TEST_CASE(
    "capabilities: another shard, and the server after a restart, find what was verified in the database")
{
    Court world;
    auto romeo = world.shows_up("romeo@localhost/orchard", caps_of(phone));
    Court::answers(*romeo, phone);
    auto tybalt = world.shows_up("tybalt@localhost/sword", caps_of(desktop));
    Court::answers(*tybalt, phone);                             // wrong
    world.set("capabilities", "max_hashes", std::int64_t(500)); // forgets what is in memory
    auto juliet = world.shows_up("juliet@localhost/balcony", caps_of(phone));
    auto mercutio = world.shows_up("mercutio@localhost/square", caps_of(phone));
    CHECK(is_phone(*juliet));
    CHECK(juliet->capabilities() != romeo->capabilities());
    CHECK(juliet->capabilities() == mercutio->capabilities());
    CHECK(Court::asked(*juliet).empty());
    CHECK(Court::asked(*mercutio).empty());
    auto paris = world.shows_up("paris@localhost/tomb", caps_of(desktop));
    CHECK(Court::asked(*paris).size() == 1);
}

TEST_CASE("capabilities: the cache gives each key its own, also from the database, which is bounded")
{
    Court world;
    const auto made = [](int i) {
        return std::make_shared<const Capabilities>(std::vector<std::string> {
            "<&'\n" + std::to_string(i), "+notify" });
    };
    CapsCache cache(world.host(), 10);
    constexpr int many = 5000;
    for (int i = 0; i < many; ++i) {
        cache.keep("1 sha-1 " + std::to_string(i), made(i));
    }
    world.run();
    CHECK(cache.find("1 sha-1 0") == nullptr);
    REQUIRE(cache.find("1 sha-1 4999") != nullptr);
    const auto rows = world.result_of(world.store().keyval().load({ "localhost", "" }, capabilities_store));
    REQUIRE(rows.has_value());
    CHECK(rows->size() <= 2048);
    CHECK(rows->size() > 1000);
    CapsCache restarted(world.host(), 10);
    int found = 0;
    for (int i = 0; i < many; ++i) {
        restarted.read("1 sha-1 " + std::to_string(i),
            [&found, i, &made](const CapabilitiesPtr& capabilities) {
                if (capabilities) {
                    CHECK(*capabilities == *made(i));
                    ++found;
                }
            });
    }
    world.run();
    CHECK(found == static_cast<int>(rows->size()));
}

TEST_CASE("capabilities: a resumed session has them after a restart, also if its last presence had no <c/>")
{
    Court world;
    auto romeo = world.shows_up("romeo@localhost/orchard", caps_of(phone));
    Court::answers(*romeo, phone);
    romeo->says("<presence><show>away</show></presence>");
    auto tybalt = world.shows_up("tybalt@localhost/sword",
        "<c xmlns='urn:xmpp:caps'>" + capability_hash_of(desktop, "sha-256") + "</c>");
    Court::answers(*tybalt, desktop);
    auto paris = world.shows_up("paris@localhost/tomb", "");
    const Handlers& handlers = world.host().handlers();
    const Element kept = handlers.save(*romeo);
    const Element other = handlers.save(*tybalt);
    CHECK(handlers.save(*paris).child("announced", ns::caps) == nullptr);
    romeo->is_cut_off();
    tybalt->is_cut_off();
    world.told.clear();

    // As stream_resumption does it: the kept state first, then the presence as from the client.
    auto romeo_again = world.connects("romeo@localhost/orchard");
    handlers.restore(*romeo_again, kept);
    romeo_again->says("<presence><show>away</show></presence>");
    CHECK(is_phone(*romeo_again));
    auto tybalt_again = world.connects("tybalt@localhost/sword");
    handlers.restore(*tybalt_again, other);
    tybalt_again->says("<presence/>");
    CHECK(is_desktop(*tybalt_again));
    CHECK(world.told
        == Lines { "available romeo@localhost/orchard", "known romeo@localhost/orchard",
            "available tybalt@localhost/sword", "known tybalt@localhost/sword" });
    // Later it is a session like any other.
    romeo_again->says("<presence type='unavailable'/>");
    CHECK(handlers.save(*romeo_again).child("announced", ns::caps) == nullptr);
    romeo_again->says("<presence/>");
    CHECK(romeo_again->capabilities() == nullptr);
}

TEST_CASE("capabilities: an answer beyond the limits is ignored")
{
    Court world;
    world.set("capabilities", "max_features", std::int64_t(2));
    world.set("capabilities", "max_bytes", std::int64_t(1024));
    const std::string three = std::string(phone) + "<feature var='c'/>";
    const std::string large = "<identity category='client' type='pc'/><feature var='" + std::string(1025, 'x')
        + "'/>";
    const std::string just = "<identity category='client' type='pc'/><feature var='" + std::string(1024, 'x')
        + "'/>";
    auto romeo = world.shows_up("romeo@localhost/orchard", caps_of(three));
    Court::answers(*romeo, three);
    CHECK(romeo->capabilities() == nullptr);
    romeo->says("<presence>" + caps_of(large) + "</presence>");
    Court::answers(*romeo, large);
    CHECK(romeo->capabilities() == nullptr);
    romeo->says("<presence>" + caps_of(just) + "</presence>");
    Court::answers(*romeo, just);
    REQUIRE(romeo->capabilities() != nullptr);
    CHECK(romeo->capabilities()->features().size() == 1);
}

TEST_CASE("capabilities: a session is asked one thing at a time, however many hashes it announces")
{
    Court world;
    auto tybalt = world.shows_up("tybalt@localhost/sword", caps_of(phone));
    for (int i = 0; i < 50; ++i) {
        tybalt->says("<presence><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' ver='"
            + std::to_string(i) + "'/></presence>");
        tybalt->says("<presence type='unavailable'/>");
    }
    tybalt->says("<presence>" + caps_of(desktop) + "</presence>");
    CHECK(world.host().requests().size() == 1);
    const auto requests = Court::asked(*tybalt);
    REQUIRE(requests.size() == 1);
    Court::answers(*tybalt, requests.front(), phone);
    Court::answers(*tybalt, desktop); // then it is asked for the last one
    CHECK(is_desktop(*tybalt));
}

TEST_CASE("capabilities: a presence that is refused, and a <c/> without a hash to ask for, change nothing")
{
    Court world;
    auto romeo = world.connects("romeo@localhost/orchard");
    romeo->says("<presence><priority>high</priority>" + caps_of(phone) + "</presence>");
    for (const char* c : { "<c xmlns='http://jabber.org/protocol/caps'/>", "<c xmlns='urn:xmpp:caps'/>",
             "<c xmlns='urn:xmpp:caps'><hash xmlns='urn:xmpp:hashes:2' algo='sha-256'/></c>",
             "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' ver=''/>" }) {
        romeo->says("<presence>" + std::string(c) + "</presence>");
    }
    CHECK(Court::asked(*romeo).empty());
    CHECK(world.host().requests().size() == 0);
}

TEST_CASE("capabilities: something that is no answer to disco#info makes nothing known")
{
    Court world;
    auto romeo = world.shows_up("romeo@localhost/orchard", caps_of(phone));
    auto request = Court::asked(*romeo);
    REQUIRE(request.size() == 1);
    const std::string id(request.front().attribute_or("id"));
    auto tybalt = world.comes_online("tybalt@localhost/sword");
    Court::answers(*tybalt, request.front(), desktop); // not for it to answer
    CHECK(romeo->capabilities() == nullptr);
    romeo->says("<iq type='result' to='localhost' id='" + id + "'/>");
    CHECK(romeo->capabilities() == nullptr);
    Court::answers(*romeo, request.front(), phone); // answered already
    CHECK(romeo->capabilities() == nullptr);
}
