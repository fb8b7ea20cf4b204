// SPDX-License-Identifier: Apache-2.0
#include "archive_house.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace stonechat::test;
using namespace std::chrono_literals;

namespace {

struct Choosing : ArchiveHouse {
    /// Mercutio and Juliet each write to Romeo; whose message is in his archive then.
    Lines kept()
    {
        const std::string body = std::to_string(++count_);
        say(*juliet, "romeo@localhost", body, "juliet " + body);
        say(*mercutio, "romeo@localhost", body, "mercutio " + body);
        Lines names;
        for (const std::string& text : search(*romeo).bodies) {
            if (text.ends_with(" " + body)) {
                names.push_back(text.substr(0, text.find(' ')));
            }
        }
        return names;
    }

    void reload_romeo()
    {
        romeo->leaves();
        host().forget_user("romeo");
        romeo = comes_online("romeo@localhost/orchard");
    }

    int count_ = 0;
};

std::string prefs_of(Client& client)
{
    return to_xml(*House::asks(client, "get", "<prefs xmlns='urn:xmpp:mam:2'/>").first_child());
}

std::string jids(std::string_view list, std::string_view jid)
{
    return "<" + std::string(list) + "><jid>" + std::string(jid) + "</jid></" + std::string(list) + ">";
}

const Lines both { "juliet", "mercutio" };
const Lines only_juliet { "juliet" };

} // namespace

// XEP-0441 §2.1-1
TEST_CASE("archive preferences: at first everything is kept, and both lists are there, empty (XEP-0441 §2.1)")
{
    Choosing world;
    CHECK(prefs_of(*world.romeo)
        == "<prefs xmlns='urn:xmpp:mam:2' default='always'><always/><never/></prefs>");
    CHECK(world.kept() == both);
}

// XEP-0313 §8.1-2
// XEP-0441 §2.1.2-1
// XEP-0441 §2.3.2-1
TEST_CASE("archive preferences: take effect at once, are answered as applied, and outlive a restart")
{
    Choosing world;
    const Element answer = world.set_preferences(*world.romeo, "never", jids("always", "JULIET@localhost"));
    const std::string applied = "<prefs xmlns='urn:xmpp:mam:2' default='never'><always>"
                                "<jid>juliet@localhost</jid></always><never/></prefs>";
    CHECK(to_xml(*answer.first_child()) == applied);
    CHECK(world.kept() == only_juliet);
    world.reload_romeo();
    CHECK(prefs_of(*world.romeo) == applied);
    CHECK(world.kept() == only_juliet);
    // What is sent is as private as what is received; the other side keeps what it likes.
    world.say(*world.romeo, "mercutio@localhost", "out", "from romeo");
    CHECK(world.search(*world.romeo, world.form(world.field("with", "mercutio@localhost"))).bodies.empty());
    CHECK(world.search(*world.mercutio).bodies.back() == "from romeo");
    // Replaced as a whole.
    world.set_preferences(*world.romeo, "always", jids("never", "mercutio@localhost"));
    world.reload_romeo();
    CHECK(prefs_of(*world.romeo)
        == "<prefs xmlns='urn:xmpp:mam:2' "
           "default='always'><always/><never><jid>mercutio@localhost</jid></never>"
           "</prefs>");
    CHECK(world.kept() == only_juliet);
}

// XEP-0441 §2.3.1-1 §2.1.1-1
TEST_CASE("archive preferences: `roster` means contacts, by their bare address (XEP-0441 §2.1.1)")
{
    Choosing world;
    world.romeo->says("<iq type='set' id='r'><query xmlns='jabber:iq:roster'><item jid='juliet@localhost'/>"
                      "</query></iq>");
    world.set_preferences(*world.romeo, "roster");
    CHECK(world.kept() == only_juliet);
    world.set_preferences(*world.romeo, "roster",
        jids("always", "mercutio@localhost") + jids("never", "juliet@localhost"));
    CHECK(world.kept() == Lines { "mercutio" });
}

TEST_CASE("archive preferences: a listed full address is compared as it is (XEP-0441 §2.3.1)")
{
    Choosing world;
    world.set_preferences(*world.romeo, "always", jids("never", "juliet@localhost/other"));
    CHECK(world.kept() == both);
    world.set_preferences(*world.romeo, "always", jids("never", "juliet@localhost/balcony"));
    CHECK(world.kept() == Lines { "mercutio" });
    world.set_preferences(*world.romeo, "always",
        jids("never", "juliet@localhost") + jids("always", "juliet@localhost/balcony"));
    CHECK(world.kept() == both);
}

// XEP-0441 §2.1.1-1
TEST_CASE("archive preferences: what is broken or too much changes nothing")
{
    Choosing world;
    const std::string before = prefs_of(*world.romeo);
    const auto verdict = [&world](std::string_view otherwise, std::string_view lists) {
        return House::verdict(world.set_preferences(*world.romeo, otherwise, lists));
    };
    CHECK(verdict("sometimes", "") == "modify bad-request");
    CHECK(verdict("", "") == "modify bad-request");
    CHECK(verdict("never", jids("always", "@")) == "modify jid-malformed");
    world.set("archive", "max_preferences", std::int64_t(1));
    CHECK(verdict("never", jids("always", "a@b") + jids("never", "c@d")) == "cancel resource-constraint");
    CHECK(prefs_of(*world.romeo) == before);
    // In both lists: the more private one counts.
    CHECK(verdict("never", jids("always", "a@b") + jids("never", "a@b")) == "result");
    CHECK(prefs_of(*world.romeo)
        == "<prefs xmlns='urn:xmpp:mam:2' default='never'><always/><never><jid>a@b</jid></never></prefs>");
}

TEST_CASE("archive retention: a host that keeps nothing still delivers, also to those who are away")
{
    Choosing world;
    world.set("archive", "retention", std::string("never"));
    world.set_preferences(*world.romeo, "always");
    CHECK(world.kept().empty());
    world.say(*world.juliet, "romeo@localhost", "now", "now");
    CHECK(world.romeo->hears() == Lines { "message now from juliet@localhost/balcony" });
    world.romeo->leaves();
    world.say(*world.juliet, "romeo@localhost", "later", "later");
    auto back = world.connects("romeo@localhost/orchard");
    back->says("<presence/>");
    const Lines heard = back->hears();
    CHECK(std::count(heard.begin(), heard.end(), "message later from juliet@localhost/balcony delayed") == 1);
    world.set("archive", "retention", std::string("days"));
    world.romeo = back;
    CHECK(world.kept() == both);
}

// XEP-0441 §2.2-1
TEST_CASE("archive retention: is chosen with a command, for everything or one conversation (XEP-0441 §2.2)")
{
    Choosing world;
    const auto choose = [&world](const std::string& contact, const std::string& keep) {
        return world.command(*world.romeo, "urn:xmpp:mam#configure",
            world.field("contact", contact) + world.field("keep", keep));
    };
    CHECK(choose("mercutio@localhost/street", "never") == "result");
    CHECK(world.kept() == only_juliet);
    world.reload_romeo();
    CHECK(world.kept() == only_juliet);
    CHECK(choose("", "never") == "result");
    CHECK(world.kept().empty());
    CHECK(choose("juliet@localhost", "7") == "result");
    CHECK(world.kept() == only_juliet);
    CHECK(choose("", "default") == "result");
    CHECK(choose("mercutio@localhost", "default") == "result");
    CHECK(world.kept() == both);
    for (const char* nonsense : { "", "0", "-1", "36501", "99999999999", "1 day", "always" }) {
        CAPTURE(nonsense);
        CHECK(choose("", nonsense) == "modify not-acceptable");
    }
    CHECK(choose("@", "7") == "modify not-acceptable");
    world.set("archive", "max_preferences", std::int64_t(1));
    CHECK(choose("mercutio@localhost", "7") == "cancel resource-constraint");
    CHECK(choose("juliet@localhost", "8") == "result");
    // The others have chosen nothing.
    CHECK(world.search(*world.mercutio).bodies.size() == static_cast<std::size_t>(world.count_));
}

// XEP-0313 §3.2-1
TEST_CASE("archive retention: what is too old goes, as host, account and conversation have it, hot")
{
    Choosing world;
    const auto bodies = [&world](const ClientPtr& client) { return world.search(*client).bodies; };
    const auto days_pass = [&world](int days) {
        for (int i = 0; i < 24 * days; ++i) { // in steps, as timers see time
            world.clock.advance(1h);
            world.shard.timers().advance(world.clock.steady());
            world.run();
        }
    };
    world.command(*world.romeo, "urn:xmpp:mam#configure", world.field("keep", "3"));
    world.command(*world.romeo, "urn:xmpp:mam#configure",
        world.field("contact", "mercutio@localhost") + world.field("keep", "forever"));
    world.kept();
    CHECK(bodies(world.romeo) == Lines { "juliet 1", "mercutio 1" });
    days_pass(4);
    CHECK(bodies(world.romeo) == Lines { "mercutio 1" });
    CHECK(bodies(world.juliet) == Lines { "juliet 1" });
    world.set("archive", "retention_days", std::int64_t(2));
    days_pass(1);
    CHECK(bodies(world.romeo) == Lines { "mercutio 1" });
    CHECK(bodies(world.juliet).empty());
    world.set("archive", "retention", std::string("forever"));
    world.kept();
    days_pass(10);
    CHECK(bodies(world.juliet) == Lines { "juliet 2" });
}

TEST_CASE("archive: its owner deletes all of it or one conversation, if he is sure; the others keep theirs")
{
    Choosing world;
    const auto forget = [&world](const std::string& contact, const std::string& sure) {
        return world.command(*world.romeo, "urn:stonechat:archive:0#delete",
            world.field("contact", contact) + world.field("sure", sure));
    };
    world.kept();
    CHECK(forget("", "false") == "modify not-acceptable");
    CHECK(forget("", "") == "modify not-acceptable");
    CHECK(world.search(*world.romeo).bodies.size() == 2);
    CHECK(forget("juliet@localhost", "true") == "result");
    CHECK(world.search(*world.romeo).bodies == Lines { "mercutio 1" });
    CHECK(forget("", "true") == "result");
    CHECK(world.search(*world.romeo).bodies.empty());
    CHECK(world.search(*world.juliet).bodies == Lines { "juliet 1" });
    CHECK(world.search(*world.mercutio).bodies == Lines { "mercutio 1" });
    CHECK(world.kept() == both);
}

TEST_CASE("archive: new messages are made searchable without anybody asking, within a minute")
{
    Choosing world;
    world.say(*world.juliet, "romeo@localhost", "m", "a rose");
    const auto found = [&world] {
        return world.search(*world.romeo, world.form(world.field("{urn:xmpp:fulltext:0}fulltext", "rose")))
            .bodies;
    };
    for (int i = 0; i < 60 && found().empty(); ++i) {
        world.clock.advance(1s);
        world.shard.timers().advance(world.clock.steady());
        world.run();
    }
    CHECK(found() == Lines { "a rose" });
}
