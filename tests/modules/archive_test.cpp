// SPDX-License-Identifier: Apache-2.0
#include "archive_house.hpp"

#include "xmpp/date_time.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace stonechat;
using namespace stonechat::test;
using namespace std::chrono_literals;

namespace {

/// The stanza-ids of a received stanza, as "by id".
Lines stanza_ids(const Element& stanza)
{
    Lines ids;
    for (const Element* id : stanza.children("stanza-id", ns::stanza_id)) {
        ids.push_back(std::string(id->attribute_or("by")) + " " + std::string(id->attribute_or("id")));
    }
    return ids;
}

std::set<std::string> features(Client& client, std::string_view to)
{
    std::set<std::string> vars;
    const Element answer = House::asks(client, "get",
        "<query xmlns='http://jabber.org/protocol/disco#info'/>", to);
    for (const Element* feature : answer.first_child()->children("feature", ns::disco_info)) {
        vars.emplace(feature->attribute_or("var"));
    }
    return vars;
}

} // namespace

// XEP-0313 §3.3.1-1 §6.1.1-2
TEST_CASE("archive: a message is in the archives of both sides, and nobody else's (XEP-0313 §3.3.1)")
{
    ArchiveHouse world;
    world.say(*world.romeo, "juliet@localhost", "m1", "Call me but love");

    for (const ClientPtr& owner : { world.romeo, world.juliet }) {
        const auto found = world.search(*owner);
        CHECK(found.verdict == "result");
        CHECK(found.bodies == Lines { "Call me but love" });
        CHECK(found.complete());
        CHECK(found.messages.front().attribute_or("from") == "romeo@localhost/orchard");
        CHECK(found.messages.front().attribute_or("to") == "juliet@localhost");
        CHECK(found.messages.front().attribute_or("id") == "m1");
        CHECK(found.messages.front().attribute_or("type") == "chat");
    }
    CHECK(world.search(*world.mercutio).bodies.empty());
}

// XEP-0313 §3.5-1 §3.5-2
TEST_CASE("archive: its recipient learns under which id it is kept, its sender does not tell him (§3.4)")
{
    ArchiveHouse world;
    world.say(*world.romeo, "juliet@localhost", "m1", "Call me but love");
    CHECK(world.juliet->hears() == Lines { "message m1 from romeo@localhost/orchard" });
    const Element message = world.juliet->received.front();
    const std::string id = world.search(*world.juliet).ids.at(0);
    CHECK(stanza_ids(message) == Lines { "juliet@localhost " + id });
    CHECK(stanza_ids(world.search(*world.juliet).messages.at(0)).empty());
    CHECK(world.romeo->hears().empty());
    CHECK(world.mercutio->hears().empty());
}

// XEP-0313 §4.2-1 §4.2-2 §4-1
// XEP-0297 §3.2-2
TEST_CASE("archive: a result comes from the own account, with queryid, id, time and the message (§4.2)")
{
    ArchiveHouse world;
    world.say(*world.romeo, "juliet@localhost", "m1", "Call me but love");
    auto other = world.comes_online("juliet@localhost/chamber");
    world.clock.advance(1h);
    const auto found = world.search(*world.juliet);
    REQUIRE(found.wrappers.size() == 1);
    const Element& wrapper = found.wrappers.front();
    CHECK(wrapper.attribute_or("from") == "juliet@localhost");
    CHECK(wrapper.attribute_or("to") == "juliet@localhost/balcony");
    const Element* result = wrapper.child("result", ns::archive);
    CHECK(result->attribute_or("queryid") == "q");
    const Element* forwarded = result->child("forwarded", ns::forward);
    REQUIRE(forwarded != nullptr);
    const Element* delay = forwarded->child("delay", ns::delay);
    REQUIRE(delay != nullptr);
    CHECK(delay->attribute_or("stamp") == to_datetime(world.clock.wall() - 1h, true));
    CHECK(found.first == found.ids.front());
    CHECK(found.last == found.ids.front());
    CHECK(other->hears().empty()); // only the session that has asked
    CHECK(world.romeo->hears().empty());
}

TEST_CASE("archive: a message that its recipient's side refuses is not in his archive, but in the sender's")
{
    ArchiveHouse world;
    House::asks(*world.juliet, "set",
        "<block xmlns='urn:xmpp:blocking'><item jid='romeo@localhost'/></block>");
    world.say(*world.romeo, "juliet@localhost", "m1", "Call me but love");
    CHECK(world.romeo->hears() == Lines { "error service-unavailable m1" });
    CHECK(world.search(*world.juliet).bodies.empty());
    CHECK(world.search(*world.romeo).bodies == Lines { "Call me but love" });
}

// XEP-0313 §4.1.1-2
// XEP-0313 §6.1.1-2
TEST_CASE("archive: a message to oneself is kept once, and found as that (§4.1.1, §6.1.1)")
{
    ArchiveHouse world;
    auto other = world.comes_online("romeo@localhost/study");
    world.say(*world.romeo, "romeo@localhost", "note", "Buy poison");
    world.say(*world.romeo, "romeo@localhost/study", "other", "Buy it today");
    world.say(*world.romeo, "juliet@localhost", "m1", "Call me but love");
    CHECK(world.search(*world.romeo).bodies == Lines { "Buy poison", "Buy it today", "Call me but love" });
    const auto own = world.search(*other, world.form(world.field("with", "romeo@localhost")));
    CHECK(own.bodies == Lines { "Buy poison", "Buy it today" });
    world.romeo->hears();
    other->hears();
    CHECK(world.search(*world.juliet).bodies == Lines { "Call me but love" });
}

// XEP-0313 §6.1.1-1
TEST_CASE("archive: messages that are worth nothing later are not in it, those for one delivery neither")
{
    ArchiveHouse world;
    world.romeo->says("<message type='chat' to='juliet@localhost'>"
                      "<composing xmlns='http://jabber.org/protocol/chatstates'/></message>");
    world.romeo->says("<message type='headline' to='juliet@localhost'><body>News</body></message>");
    world.romeo->says(
        "<message to='juliet@localhost'><body>a</body><no-store xmlns='urn:xmpp:hints'/></message>");
    world.romeo->says("<message to='juliet@localhost'><body>b</body><no-permanent-store "
                      "xmlns='urn:xmpp:hints'/></message>");
    CHECK(world.juliet->hears().size() == 4);
    CHECK(world.search(*world.juliet).bodies.empty());
    CHECK(world.search(*world.romeo).bodies.empty());
}

// XEP-0313 §4.1.1-1 §4.1.1-3
TEST_CASE("archive: filters by address, bare or full (§4.1.1)")
{
    ArchiveHouse world;
    world.say(*world.romeo, "juliet@localhost/balcony", "m1", "to the balcony");
    world.say(*world.romeo, "juliet@localhost", "m2", "to all");
    world.say(*world.juliet, "romeo@localhost/orchard", "m3", "answer");
    world.say(*world.romeo, "mercutio@localhost", "m4", "to a friend");
    const auto with = [&world](Client& client, std::string_view jid) {
        return world.search(client, world.form(world.field("with", jid))).bodies;
    };
    CHECK(with(*world.romeo, "juliet@localhost") == Lines { "to the balcony", "to all", "answer" });
    CHECK(with(*world.romeo, "juliet@localhost/balcony") == Lines { "to the balcony", "answer" });
    CHECK(with(*world.romeo, "JULIET@localhost") == Lines { "to the balcony", "to all", "answer" });
    CHECK(with(*world.romeo, "mercutio@localhost") == Lines { "to a friend" });
    CHECK(with(*world.romeo, "nobody@localhost").empty());
    CHECK(with(*world.juliet, "mercutio@localhost").empty());
}

// XEP-0313 §4.1.2-1
TEST_CASE("archive: filters by time, both ends included, in the precision in which we tell it (§4.1.2)")
{
    ArchiveHouse world;
    std::vector<std::string> stamps;
    for (const char* body : { "one", "two", "three" }) {
        world.clock.advance(10s + 123456us);
        world.say(*world.romeo, "juliet@localhost", body, body);
        stamps.push_back(to_datetime(world.clock.wall(), true));
    }
    const auto between = [&world](const std::string& start, const std::string& end) {
        std::string fields = start.empty() ? "" : world.field("start", start);
        fields += end.empty() ? "" : world.field("end", end);
        return world.search(*world.juliet, world.form(fields)).bodies;
    };
    CHECK(between(stamps[1], "") == Lines { "two", "three" });
    CHECK(between("", stamps[1]) == Lines { "one", "two" });
    CHECK(between(stamps[1], stamps[1]) == Lines { "two" });
    CHECK(between(stamps[2], stamps[0]).empty());
}

// XEP-0313 §4.1.3-1 §4.1-2
TEST_CASE("archive: filters by id, each of which must exist (§4.1.3)")
{
    ArchiveHouse world;
    for (const char* body : { "one", "two", "three", "four" }) {
        world.say(*world.romeo, "juliet@localhost", body, body);
    }
    const auto ids = world.search(*world.juliet).ids;
    REQUIRE(ids.size() == 4);
    const auto found = [&world](const std::string& fields) {
        const auto results = world.search(*world.juliet, world.form(fields));
        return results.verdict == "result" ? results.bodies : Lines { results.verdict };
    };
    CHECK(found(world.field("after-id", ids[1])) == Lines { "three", "four" });
    CHECK(found(world.field("before-id", ids[1])) == Lines { "one" });
    CHECK(found(world.field("after-id", ids[0]) + world.field("before-id", ids[3]))
        == Lines { "two", "three" });
    CHECK(found("<field var='ids'><value>" + ids[2] + "</value><value>" + ids[0] + "</value></field>")
        == Lines { "one", "three" });
    for (const char* var : { "after-id", "before-id", "ids" }) {
        CAPTURE(var);
        CHECK(found(world.field(var, "28482-98726-73623")) == Lines { "cancel item-not-found" });
        CHECK(found(world.field(var, "1")) == Lines { "cancel item-not-found" });
        CHECK(found(world.field(var, "0" + ids[0])) == Lines { "cancel item-not-found" });
    }
    CHECK(found("<field var='ids'><value>" + ids[2] + "</value><value>1</value></field>")
        == Lines { "cancel item-not-found" });
    const auto rsm = [&world](const std::string& inside) {
        return world.search(*world.juliet, world.rsm(inside)).verdict;
    };
    CHECK(rsm("<after>1</after>") == "cancel item-not-found");
    CHECK(rsm("<before>09af3-cc343-b409f</before>") == "cancel item-not-found");
    // The ids of somebody else's archive are as unknown as any.
    world.say(*world.romeo, "mercutio@localhost", "m", "elsewhere");
    const std::string foreign = world.search(*world.mercutio).ids.at(0);
    CHECK(found(world.field("after-id", foreign)) == Lines { "cancel item-not-found" });
}

// XEP-0313 §4.3.1-1 §4.3.2-2
// XEP-0059 §2.2-1 §2.2-2 §2.2-3
TEST_CASE("archive: pages, the last page, the count alone (§4.3, XEP-0059 §2.6)")
{
    ArchiveHouse world;
    for (int i = 0; i < 7; ++i) {
        world.say(*world.romeo, "juliet@localhost", "m" + std::to_string(i), std::to_string(i));
    }
    const auto first = world.search(*world.juliet, world.rsm("<max>3</max>"));
    CHECK(first.bodies == Lines { "0", "1", "2" });
    CHECK_FALSE(first.complete());
    CHECK_FALSE(first.fin.has_attribute("stable"));
    const auto second = world.search(*world.juliet,
        world.rsm("<max>4</max><after>" + first.last + "</after>"));
    CHECK(second.bodies == Lines { "3", "4", "5", "6" });
    CHECK(second.complete());
    const auto last = world.search(*world.juliet, world.rsm("<max>2</max><before/>"));
    CHECK(last.bodies == Lines { "5", "6" });
    CHECK_FALSE(last.complete());
    const auto before = world.search(*world.juliet,
        world.rsm("<max>2</max><before>" + last.first + "</before>"));
    CHECK(before.bodies == Lines { "3", "4" });
    const auto flipped = world.search(*world.juliet,
        world.rsm("<max>3</max><after>" + first.last + "</after>") + "<flip-page/>");
    CHECK(flipped.bodies == Lines { "5", "4", "3" });
    CHECK(flipped.first == flipped.ids.back()); // the page is the same, and so are its ends
    CHECK(flipped.last == flipped.ids.front());
    const auto count = world.search(*world.juliet, world.rsm("<max>0</max>"));
    CHECK(count.bodies.empty());
    CHECK(count.count == "7");
    CHECK_FALSE(count.complete());
    CHECK(world.search(*world.mercutio, world.rsm("<max>0</max>")).complete());
}

TEST_CASE("archive: pages are bounded, by number and by bytes")
{
    ArchiveHouse world;
    world.set("archive", "max_page", std::int64_t(3));
    world.set("archive", "max_page_bytes", std::int64_t(1024));
    for (int i = 0; i < 5; ++i) {
        world.say(*world.romeo, "juliet@localhost", "m" + std::to_string(i), std::to_string(i));
    }
    CHECK(world.search(*world.juliet, ArchiveHouse::rsm("<max>1000000000</max>")).bodies.size() == 3);
    CHECK(world.search(*world.juliet).bodies.size() == 3);
    const std::string large(700, 'x');
    for (const char* id : { "l1", "l2", "l3" }) {
        world.say(*world.romeo, "juliet@localhost", id, large);
    }
    const auto last = world.search(*world.juliet, ArchiveHouse::rsm("<before/>"));
    CHECK(last.bodies == Lines { large }); // the newest
    CHECK_FALSE(last.complete());
    const auto before = world.search(*world.juliet, ArchiveHouse::rsm("<before>" + last.first + "</before>"));
    CHECK(before.bodies == Lines { large });
    CHECK(before.ids != last.ids);
    world.say(*world.romeo, "juliet@localhost", "huge", std::string(5000, 'x'));
    CHECK(world.search(*world.juliet, ArchiveHouse::rsm("<before/>")).bodies
        == Lines { std::string(5000, 'x') });
}

// XEP-0313 §4.1-1 §4.1.5-1
// XEP-0431 §3.1-1
TEST_CASE("archive: the form says which fields there are, and ids may be any (§4.1.5, XEP-0431 §3.1)")
{
    ArchiveHouse world;
    const Element answer = House::asks(*world.juliet, "get", "<query xmlns='urn:xmpp:mam:2'/>");
    const Element* x = answer.first_child()->child("x", ns::data_forms);
    REQUIRE(x != nullptr);
    Lines fields;
    for (const Element* field : x->children("field", ns::data_forms)) {
        CHECK(field->child("required") == nullptr);
        fields.push_back(std::string(field->attribute_or("type")) + " "
            + std::string(field->attribute_or("var")));
        if (field->attribute_or("var") == "ids") {
            CHECK(field->child("option") == nullptr);
            const Element* validate = field->child("validate", ns::data_forms_validate);
            REQUIRE(validate != nullptr);
            CHECK(validate->child("open") != nullptr);
        }
    }
    CHECK(fields
        == Lines { "hidden FORM_TYPE", "jid-single with", "text-single start", "text-single end",
            "text-single before-id", "text-single after-id", "list-multi ids", "boolean include-groupchat",
            "text-single {urn:xmpp:fulltext:0}fulltext" });
}

// XEP-0313 §4.1.5-3
TEST_CASE("archive: what the server does not understand in a query is refused, not ignored")
{
    ArchiveHouse world;
    world.say(*world.romeo, "juliet@localhost", "m", "x");
    const auto verdict = [&world](const std::string& inside) {
        const auto results = world.search(*world.juliet, inside);
        CHECK(results.bodies.empty());
        return results.verdict;
    };
    const auto fields = [&](const std::string& text) { return verdict(ArchiveHouse::form(text)); };
    CHECK(fields(world.field("{urn:example}mood", "lonely")) == "cancel feature-not-implemented");
    CHECK(fields("<field var='{urn:example}mood'/>") == "cancel feature-not-implemented");
    CHECK(fields(world.field("with", "@")) == "modify bad-request");
    CHECK(fields(world.field("start", "yesterday")) == "modify bad-request");
    CHECK(fields(world.field("end", "")) == "modify bad-request");
    CHECK(fields(world.field("include-groupchat", "perhaps")) == "modify bad-request");
    CHECK(fields("<field var='with'><value>a@b</value><value>c@d</value></field>") == "modify bad-request");
    CHECK(fields(world.field("with", "a@b") + world.field("with", "a@b")) == "modify bad-request");
    CHECK(verdict("<x xmlns='jabber:x:data' type='submit'>" + world.field("with", "a@b") + "</x>")
        == "modify bad-request");
    CHECK(verdict("<x xmlns='jabber:x:data' type='submit'>" + world.field("FORM_TYPE", "urn:xmpp:mam:1")
              + "</x>")
        == "modify bad-request");
    CHECK(verdict(ArchiveHouse::rsm("<max>many</max>")) == "modify bad-request");
    CHECK(verdict(ArchiveHouse::rsm("<index>3</index>")) == "cancel feature-not-implemented");
    CHECK(House::verdict(House::asks(*world.juliet, "set", "<query xmlns='urn:xmpp:mam:2' node='x'/>"))
        == "cancel item-not-found");
    CHECK(House::verdict(House::asks(*world.juliet, "set",
              "<query xmlns='urn:xmpp:mam:2' queryid='" + std::string(300, 'q') + "'/>"))
        == "modify bad-request");
    for (const char* word : { "true", "false", "0", "1" }) {
        CHECK(world.search(*world.juliet, ArchiveHouse::form(world.field("include-groupchat", word))).bodies
            == Lines { "x" });
    }
}

// XEP-0431 §3.2-1
TEST_CASE("archive: words are found in bodies, not in what is encrypted (XEP-0431)")
{
    ArchiveHouse world;
    world.say(*world.romeo, "juliet@localhost", "m1", "That which we call a rose");
    world.say(*world.juliet, "romeo@localhost", "m2", "By any other word");
    world.romeo->says("<message type='chat' to='juliet@localhost'><body>a rose, encrypted</body>"
                      "<encryption xmlns='urn:xmpp:eme:0' namespace='urn:xmpp:omemo:2'/></message>");
    const bool indexed = static_cast<bool>(world.result_of(world.store().archive().index(256)));
    CHECK(indexed);
    const auto found = [&world](Client& client, const char* text) {
        return world.search(client, world.form(world.field("{urn:xmpp:fulltext:0}fulltext", text))).bodies;
    };
    CHECK(found(*world.juliet, "rose") == Lines { "That which we call a rose" });
    CHECK(found(*world.juliet, "ROSE call") == Lines { "That which we call a rose" });
    CHECK(found(*world.juliet, "encrypted").empty());
    CHECK(found(*world.juliet, "").size() == 3); // empty: nothing is searched for
    CHECK(found(*world.mercutio, "rose").empty());
    CHECK(found(*world.juliet, "\" OR 1=1 --").empty());
}

// XEP-0313 §5-1
TEST_CASE("archive: metadata says where it begins and ends (§5)")
{
    ArchiveHouse world;
    const std::string request = "<metadata xmlns='urn:xmpp:mam:2'/>";
    const Element empty = House::asks(*world.juliet, "get", request);
    REQUIRE(empty.child("metadata", ns::archive) != nullptr);
    CHECK(empty.child("metadata", ns::archive)->child_count() == 0);
    const std::string begun = to_datetime(world.clock.wall(), true);
    world.say(*world.romeo, "juliet@localhost", "m1", "one");
    world.clock.advance(1h);
    world.say(*world.romeo, "juliet@localhost", "m2", "two");
    const auto ids = world.search(*world.juliet).ids;
    const Element answer = House::asks(*world.juliet, "get", request);
    const Element* metadata = answer.child("metadata", ns::archive);
    REQUIRE(metadata != nullptr);
    CHECK(metadata->child("start")->attribute_or("id") == ids.at(0));
    CHECK(metadata->child("start")->attribute_or("timestamp") == begun);
    CHECK(metadata->child("end")->attribute_or("id") == ids.at(1));
    CHECK(metadata->child("end")->attribute_or("timestamp") == to_datetime(world.clock.wall(), true));
}

// XEP-0313 §7-1 §4.1-2
// XEP-0431 §3.1-1
TEST_CASE("archive: it is announced where it is, on the account to its owner, and where Profanity looks (§7)")
{
    ArchiveHouse world;
    const auto own = features(*world.juliet, "juliet@localhost");
    for (const char* var : { "urn:xmpp:mam:2", "urn:xmpp:mam:2#extended", "urn:xmpp:mam:2#groupchat-field",
             "urn:xmpp:fulltext:0", "urn:xmpp:sid:0", "urn:xmpp:message-retract:1#tombstone" }) {
        CAPTURE(var);
        CHECK(own.contains(var));
    }
    CHECK_FALSE(own.contains("urn:xmpp:mam:2#groupchat-available"));
    const auto of_host = features(*world.juliet, "localhost");
    CHECK(of_host.contains("urn:xmpp:mam:2"));
    CHECK_FALSE(of_host.contains("urn:xmpp:mam:2#extended"));
}

// XEP-0313 §8.1-1
TEST_CASE("archive: nobody reads another one's, nor learns whether there is one (§8.1)")
{
    ArchiveHouse world;
    world.say(*world.romeo, "juliet@localhost", "m1", "one");
    for (const char* of : { "juliet@localhost", "nobody@localhost" }) {
        for (const char* request : { "<query xmlns='urn:xmpp:mam:2'/>", "<metadata xmlns='urn:xmpp:mam:2'/>",
                 "<prefs xmlns='urn:xmpp:mam:2' default='never'/>", "<other xmlns='urn:xmpp:mam:2'/>" }) {
            for (const char* type : { "get", "set" }) {
                CAPTURE(request);
                CHECK(House::verdict(House::asks(*world.mercutio, type, request, of)) == "auth forbidden");
                CHECK(world.mercutio->received.size() == 1);
            }
        }
    }
    CHECK(world.search(*world.juliet).bodies == Lines { "one" });
}

TEST_CASE("archive: one session asks twice at a time")
{
    ArchiveHouse world;
    auto other = world.comes_online("juliet@localhost/chamber");
    world.say(*world.romeo, "juliet@localhost", "m1", "one");
    world.juliet->hears();
    for (int i = 0; i < 4; ++i) {
        world.juliet->says_in_haste("<iq type='set' id='q" + std::to_string(i) + "'>" + world.query()
            + "</iq>");
    }
    CHECK(world.search(*other).bodies == Lines { "one" }); // another one has turns of its own
    Lines answers = world.juliet->hears();
    std::erase_if(answers, [](const std::string& line) { return line.starts_with("message"); });
    std::sort(answers.begin(), answers.end());
    CHECK(answers
        == Lines {
            "error resource-constraint q2", "error resource-constraint q3", "result q0", "result q1" });
    CHECK(world.search(*world.juliet).verdict == "result"); // and again when they are answered
}

TEST_CASE("archive: who catches up before his first presence needs no copies of what he has read")
{
    ArchiveHouse world;
    world.say(*world.romeo, "juliet@localhost", "m1", "one");
    const auto uses = [&world](const std::string& inside) {
        auto client = world.connects("juliet@localhost/new");
        world.search(*client, inside);
        const bool used = client->caught_up_to().has_value();
        client->leaves();
        return used;
    };
    const std::string id = world.search(*world.juliet).ids.at(0);
    CHECK(uses(""));
    CHECK(uses(ArchiveHouse::rsm("<max>10</max><before/>")));
    CHECK(uses(ArchiveHouse::rsm("<after>" + id + "</after>")));
    CHECK(uses(ArchiveHouse::form(world.field("start", "2010-08-07T00:00:00Z"))));
    CHECK_FALSE(uses(ArchiveHouse::form(world.field("with", "romeo@localhost"))));
    CHECK_FALSE(uses(ArchiveHouse::form(world.field("end", "2010-08-07T00:00:00Z"))));
    CHECK_FALSE(uses(ArchiveHouse::form(world.field("{urn:xmpp:fulltext:0}fulltext", "one"))));
    CHECK_FALSE(uses(ArchiveHouse::form(world.field("ids", id))));
    CHECK_FALSE(uses(ArchiveHouse::rsm("<max>0</max>")));
    CHECK_FALSE(uses(ArchiveHouse::rsm("<after>1</after>"))); // not answered
    CHECK_FALSE(world.juliet->caught_up_to().has_value());    // was available before
    CHECK_FALSE(world.romeo->caught_up_to().has_value());
}

TEST_CASE("archive: what comes between catching up and the first presence is not taken for read")
{
    ArchiveHouse world;
    world.juliet->leaves();
    world.say(*world.romeo, "juliet@localhost", "m1", "one");
    auto phone = world.connects("juliet@localhost/phone");
    CHECK(world.search(*phone).ids.size() == 1);
    world.say(*world.romeo, "juliet@localhost", "m2", "two");
    phone->hears();
    phone->says("<presence/>");
    Lines mail;
    for (const std::string& line : phone->hears()) {
        if (line.starts_with("message")) {
            mail.push_back(line);
        }
    }
    CHECK(mail == Lines { "message m2 from romeo@localhost/orchard delayed" });
    CHECK(world.mercutio->hears() == Lines {});
}
