// SPDX-License-Identifier: Apache-2.0
#include "gateway.hpp"
#include "support/example_module.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace stonechat::test;
using namespace std::chrono_literals;

namespace {

std::size_t count(std::string_view text, std::string_view word)
{
    std::size_t found = 0;
    for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
        ++found;
    }
    return found;
}

bool has(std::string_view text, std::string_view word)
{
    return text.find(word) != std::string_view::npos;
}

/// An iq that is answered at once, and one that waits for the gate.
std::string ask(const std::string& id, const std::string& what = "now")
{
    return "<iq type='get' id='" + id + "'><" + what + " xmlns='urn:ask'/></iq>";
}

std::string message(const std::string& id)
{
    return "<message to='romeo@localhost' id='" + id + "'><body>x</body></message>";
}

/// What the module of these tests does with stanzas of clients.
struct Inside {
    std::vector<Settlement> held; ///< of messages that are not safe yet
    bool holds = false;
    Lines seen;
    std::optional<Pending<bool>::Promise> answer;
    int heard_again = 0;
    Session* newest = nullptr;

    Task<IqAnswer> wait()
    {
        Pending<bool> waiting;
        answer.emplace(waiting.promise());
        co_await waiting;
        co_return std::nullopt;
    }

    void attach(Handlers& on)
    {
        on.iq_get(To::own_account, "urn:ask", "now",
            [](const Iq&, const Context&) -> IqAnswer { return std::nullopt; });
        on.iq_get_later(To::own_account, "urn:ask", "later", [this](Iq, Context) { return wait(); });
        on.message(Flow::from_client, Stage::guard, [this](Message message, const Context& context) {
            if (message.id() == "throw") {
                throw std::runtime_error("a bug");
            }
            seen.emplace_back(message.id());
            if (holds) {
                held.push_back(context.hold());
            }
            return Verdict::done();
        });
        on.session_bound([this](const Context& context) { newest = context.session; });
    }

    void settle_held()
    {
        for (Settlement& each : held) {
            std::move(each).settle();
        }
        held.clear();
    }
};

struct Door : Inside, Gateway {
    Door() : Gateway(example_module([this](Handlers& on) { attach(on); })) {}
    Door(const Door&) = delete;
    ~Door() { settle_held(); } // a settlement needs its shard, which goes before `held`

    Line working(const std::string& resource = "orchard")
    {
        Line line = connection();
        line.arrives("romeo", resource);
        return line;
    }
};

} // namespace

// Resource binding (RFC 6120 §7) ------------------------------------------------------------------

// RFC 6120 §4.3.6-1 §7.6-1 §7.6.1-1 §7.7.1-1
TEST_CASE(
    "binding: the client gets the resource it asks for, or one that nobody guesses (RFC 6120 §7.6, §7.7)")
{
    Door world;
    Line line = world.connection();
    line.logs_in("romeo");
    CHECK(has(line.binds("orchard"), "<jid>romeo@localhost/orchard</jid>"));
    Line other = world.connection();
    other.logs_in("romeo");
    const std::string answer = other.binds("");
    CHECK(has(answer, "<jid>romeo@localhost/"));
    CHECK_FALSE(has(answer, "/orchard"));
}

TEST_CASE("binding: who has logged in with a password that was changed meanwhile gets no resource")
{
    Door world;
    Line old = world.connection();
    old.logs_in("romeo", "secret");
    world.waits(1s);
    const auto changed = world.result_of(world.accounts().set_password(*Jid::parse("romeo@localhost"),
        "new"));
    REQUIRE(changed.has_value());
    world.waits(1s);
    Line young = world.connection();
    young.logs_in("romeo", "new");
    CHECK(has(old.binds("orchard"), "<not-authorized"));
    CHECK(old.is_over());
    CHECK(has(young.binds("orchard"), "<jid>romeo@localhost/orchard</jid>"));
}

// RFC 6120 §7.7.2.2-1 §7.5-1
TEST_CASE("binding: by default the new session takes the resource, the old one ends with conflict (RFC 6120 "
          "§7.7.2.2)")
{
    Door world;
    Line old = world.working();
    Line young = world.connection();
    young.logs_in("romeo");
    CHECK(has(young.binds("orchard"), "<jid>romeo@localhost/orchard</jid>"));
    CHECK(has(old.hears(), "<conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"));
    CHECK(old.is_gone());
    CHECK(world.host().find_user("romeo")->sessions().size() == 1);
    young.types(ask("a"));
    CHECK(has(young.hears(), "id='a'"));
}

// RFC 6120 §7.7.2.2-1
TEST_CASE("binding: refused when the settings say so, and the client may try another (RFC 6120 §7.7.2.2)")
{
    Door world;
    world.set_core("c2s", "resource_conflict", std::string("refuse"));
    Line old = world.working();
    Line young = world.connection();
    young.logs_in("romeo");
    const std::string refusal = young.binds("orchard");
    CHECK(has(refusal, "type='error'"));
    CHECK(has(refusal, "<conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"));
    CHECK(has(young.binds("garden"), "<jid>romeo@localhost/garden</jid>"));
    CHECK(old.hears().empty());
}

TEST_CASE("binding: a session whose stream is over holds no resource against anybody")
{
    Door world;
    world.set_core("c2s", "resource_conflict", std::string("refuse"));
    Line old = world.working();
    Line young = world.connection();
    young.logs_in("romeo");
    old.types_in_haste("</stream:stream>");
    CHECK(has(young.binds("orchard"), "<jid>romeo@localhost/orchard</jid>"));
    CHECK(world.host().find_user("romeo")->sessions().size() == 1);
}

TEST_CASE("binding: renamed when the settings say so, also where a name is long and cut (RFC 6120 §7.7.2.2)")
{
    Door world;
    world.set_core("c2s", "resource_conflict", std::string("rename"));
    std::string letters = "x";
    for (int i = 0; i < 500; ++i) {
        letters += "\xC3\xA9";
    }
    for (const std::string& resource : { std::string("orchard"), letters }) {
        Line old = world.working(resource);
        Line young = world.connection();
        young.logs_in("romeo");
        const std::string answer = young.binds(resource);
        CHECK(has(answer, "type='result'"));
        CHECK_FALSE(has(answer, "/" + resource + "<"));
        CHECK_FALSE(old.is_over());
        CHECK_FALSE(young.is_over());
    }
}

// RFC 6120 §7.6.2.1-1 §7.7.2.1-1
TEST_CASE(
    "binding: what is no resource is a bad request, too many are a resource constraint (RFC 6120 §7.6.2.1, "
    "§7.7.2.1, HOSTILE A47)")
{
    Door world;
    world.set_core("c2s", "resources_per_account", std::int64_t { 2 });
    Line first = world.working("one");
    Line second = world.working("two");
    Line third = world.connection();
    third.logs_in("romeo");
    CHECK(has(third.binds(std::string(1024, 'x')), "<bad-request"));
    CHECK(has(third.binds("three"), "<resource-constraint"));
    second.breaks();
    CHECK(has(third.binds("three"), "<jid>romeo@localhost/three</jid>"));
}

// RFC 6120 §4.3.5-1
TEST_CASE("binding: nothing else is taken before it (RFC 6120 §7.1, HOSTILE A16)")
{
    Door world;
    Line line = world.connection();
    line.logs_in("romeo");
    line.types("<iq type='result' id='r'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
    line.types("<iq type='error' id='e'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
    CHECK(line.hears().empty()); // RFC 6120 §8.3.1
    line.types("<iq type='get' id='g'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
    CHECK(has(line.hears(), "<bad-request"));
    line.types(message("m"));
    CHECK(has(line.hears(), "<not-authorized"));
    CHECK(line.is_gone());
    CHECK(world.seen.empty());
}

TEST_CASE("binding: an account that was disabled after the login gets no session")
{
    Door world;
    Line line = world.connection();
    line.logs_in("romeo");
    world.result_of(world.accounts().set_enabled(*Jid::parse("romeo@localhost"), false));
    CHECK(has(line.binds("orchard"), "<not-authorized"));
    CHECK(line.is_gone());
}

// What old clients do -----------------------------------------------------------------------------

namespace {

const std::string plain_login = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>"
    + base64_encode(std::string("\0romeo\0secret", 13)) + "</auth>";

/// The header of a stream with something in it.
std::string header_with(const std::string& attributes)
{
    return "<?xml version='1.0'?><stream:stream xmlns='jabber:client' to='localhost' " + attributes
        + " xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";
}

} // namespace

TEST_CASE("login: a line feed behind <auth/> comes in the next stream and means nothing")
{
    for (const bool at_once : { true, false }) {
        Door world;
        Line line = world.connection();
        line.types(header_with("") + "\n");
        line.types_in_haste(plain_login);
        line.types_in_haste(at_once ? "\n" : "");
        world.run_until([&] { return line.has_heard("<success"); });
        line.types(at_once ? "" : "\n");
        line.types(header_with("from='romeo@localhost'") + "\n");
        CHECK(has(line.hears(), "<bind "));
    }
}

TEST_CASE("login: a header whose 'from' is the server's domain is as good as one without")
{
    Door world;
    Line line = world.connection();
    line.types(header_with("from='localhost'"));
    CHECK_FALSE(has(line.hears(), " to='"));
    line.types(plain_login);
    world.run_until([&] { return line.has_heard("<success"); });
    line.hears();
    line.types(header_with("from='localhost'"));
    CHECK(has(line.hears(), "<bind "));
}

// RFC 6120 §6.4.6-1
TEST_CASE("login: a header in the name of somebody else ends the stream")
{
    Door world;
    Line line = world.connection();
    line.types(header_with(""));
    line.types(plain_login);
    world.run_until([&] { return line.has_heard("<success"); });
    line.types(header_with("from='juliet@localhost'"));
    CHECK(has(line.hears(), "<invalid-from"));
    CHECK(line.is_gone());
}

// Guessing (HOSTILE A36) --------------------------------------------------------------------------

namespace {

std::string plain_auth(const std::string& user, const std::string& password)
{
    const std::string zero(1, '\0');
    return "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>"
        + base64_encode(zero + user + zero + password) + "</auth>";
}

/// A door, and clients that have got as far as to the login.
struct Guessing : Door {
    Line open(const std::string& peer)
    {
        Line line = connection(peer);
        line.types(Line::header);
        line.hears();
        return line;
    }
    /// The answer to a password.
    std::string tries(Line& line, const std::string& user, const std::string& password)
    {
        line.types(plain_auth(user, password));
        run_until([&line] { return line.has_heard("<"); });
        return line.hears();
    }
    /// 20 wrong passwords for as many accounts, from an address of its own.
    void gets_banned(const std::string& peer)
    {
        for (int i = 0; i < 20; ++i) {
            Line line = open(peer);
            CHECK(has(tries(line, "user" + std::to_string(i), "wrong"), "<not-authorized"));
        }
    }
    /// Others have tried so often that the next one has to wait for two seconds.
    void is_guessed_at(const std::string& account)
    {
        const auto peer = boost::asio::ip::make_address("10.0.0.1");
        for (int i = 0; i < 12; ++i) {
            auto answer = guard.ask(account, peer, true);
            std::get<LoginAttempt>(answer).failed();
        }
        guard.ask(account, peer, false);
    }
};

} // namespace

TEST_CASE("guessing: a ban meets those too who have connected before, with the right password as well")
{
    Guessing world;
    Line early = world.open("192.0.2.77");
    Line other = world.open("192.0.2.78");
    world.gets_banned("192.0.2.77");
    CHECK(has(world.tries(early, "romeo", "secret"), "<policy-violation"));
    CHECK(early.is_gone());
    CHECK(has(world.tries(other, "romeo", "secret"), "<success"));
}

TEST_CASE("guessing: in a banned place nothing is done before the login, and who is in stays")
{
    Guessing world;
    Line inside = world.connection("192.0.2.77");
    inside.arrives("romeo", "orchard");
    Line early = world.open("192.0.2.77");
    CHECK(world.guard.ban({ *IpPrefix::parse("192.0.2.77"), Ban::Cause::administrator, world.clock.wall(), {},
        0, {} }));
    early.types("<iq type='get' id='r'><query xmlns='jabber:iq:register'/></iq>");
    CHECK(has(early.hears(), "<policy-violation"));
    inside.types(ask("a"));
    CHECK(has(inside.hears(), "id='a'"));
}

TEST_CASE("guessing: an account that is known in a banned place logs in there, others do not")
{
    Guessing world;
    world.account("juliet", "secret");
    Line first = world.open("192.0.2.77");
    CHECK(has(world.tries(first, "romeo", "secret"), "<success"));
    world.gets_banned("192.0.2.77");
    Line again = world.open("192.0.2.77");
    CHECK(has(world.tries(again, "romeo", "secret"), "<success"));
    Line stranger = world.open("192.0.2.77");
    CHECK(has(world.tries(stranger, "juliet", "secret"), "<policy-violation"));
}

TEST_CASE("guessing: after some failures an attempt waits for its turn, and is looked at then")
{
    Guessing world;
    world.is_guessed_at("romeo@localhost");
    Line line = world.open("192.0.2.77");
    line.types(plain_auth("romeo", "secret"));
    world.waits(1900ms);
    CHECK_FALSE(line.is_read());
    CHECK(line.hears().empty());
    world.waits(500ms);
    world.run_until([&line] { return line.has_heard("<success"); });
    world.is_guessed_at("romeo@localhost");
    Line known = world.open("192.0.2.77");
    CHECK(has(world.tries(known, "romeo", "secret"), "<success"));
}

TEST_CASE("guessing: who waits while a ban begins is not looked at, and who goes leaves nothing behind")
{
    Guessing world;
    world.is_guessed_at("romeo@localhost");
    Line waiting = world.open("192.0.2.77");
    waiting.types(plain_auth("romeo", "secret"));
    Line going = world.open("198.51.100.77");
    going.types(plain_auth("romeo", "secret"));
    going.breaks();
    CHECK(going.is_gone());
    world.gets_banned("192.0.2.77");
    world.waits(10s);
    CHECK(has(waiting.hears(), "<policy-violation"));
    CHECK(waiting.is_gone());
    CHECK_FALSE(going.has_heard("<success"));
}

// Stanzas -----------------------------------------------------------------------------------------

// RFC 6120 §4.8.3-1
TEST_CASE("stream: a stanza of another content namespace ends it, before the login and behind it")
{
    Door world;
    Line early = world.connection();
    early.types(Line::header);
    Line unbound = world.connection();
    unbound.logs_in("romeo");
    Line bound = world.working();
    for (Line* line : { &early, &unbound, &bound }) {
        line->types("<message xmlns='jabber:server'><body>hi</body></message>");
        CHECK(has(line->hears(), "<invalid-namespace"));
        CHECK(line->is_over());
    }
    CHECK(world.seen.empty());
}

// RFC 6120 §4.3.5-1 §4.9.3.12-1
TEST_CASE("stream: stanzas before the login, and what is no stanza, end it (HOSTILE A15, A16)")
{
    Door world;
    Line early = world.connection();
    early.types(Line::header);
    early.types(message("m"));
    CHECK(has(early.hears(), "<not-authorized"));
    Line odd = world.working();
    odd.types("<dance xmlns='urn:example:dance'/>");
    CHECK(has(odd.hears(), "<unsupported-stanza-type"));
    CHECK(world.seen.empty());
}

// RFC 6120 §8.1.2.1-1 §8.1.2.1-2
TEST_CASE(
    "stream: a client may name itself, fully or barely, and nobody else (RFC 6120 §8.1.2.1, HOSTILE A48)")
{
    Door world;
    Line line = world.working();
    for (const char* from : { "romeo@localhost/orchard", "romeo@localhost" }) {
        line.types("<message id='own' from='" + std::string(from) + "'/>");
    }
    CHECK(world.seen == Lines { "own", "own" });
    for (const char* from : { "juliet@localhost", "romeo@localhost/garden", "localhost", "@" }) {
        Line liar = world.working("liar");
        liar.types("<message id='forged' from='" + std::string(from) + "'/>");
        CHECK(has(liar.hears(), "<invalid-from"));
    }
    CHECK(world.seen.size() == 2);
}

// RFC 6120 §8.2.3-1 §8.2.3-3
TEST_CASE("stream: an iq without a shape is a bad request, and no answer is ever answered (RFC 6120 §8.2.3, "
          "§8.3.1, HOSTILE A18)")
{
    Door world;
    Line line = world.working();
    for (const char* iq : { "<iq type='get'><a xmlns='b'/></iq>", "<iq id='i'><a xmlns='b'/></iq>",
             "<iq type='dance' id='i'><a xmlns='b'/></iq>", "<iq type='get' id='i'/>",
             "<iq type='set' id='i'><a xmlns='b'/><a xmlns='b'/></iq>" }) {
        line.types(iq);
        const std::string answer = line.hears();
        CHECK(has(answer, "type='error'"));
        CHECK(has(answer, "<bad-request"));
    }
    for (const char* iq : { "<iq type='result' id='i'><a xmlns='b'/><a xmlns='b'/></iq>",
             "<iq type='result'/>", "<iq type='error' id='i'/>", "<message type='error' to='@'/>" }) {
        line.types(iq);
        CHECK(line.hears().empty());
    }
    CHECK_FALSE(line.is_over());
}

TEST_CASE("stream: a handler that throws refuses its stanza, and every stream goes on")
{
    Door world;
    Line other = world.working("garden");
    Line line = world.working();
    line.types(message("throw"));
    CHECK(has(line.hears(), "<internal-server-error"));
    for (Line* each : { &line, &other }) {
        each->types(ask("a"));
        CHECK(has(each->hears(), "id='a'"));
    }
}

// The order of answers ----------------------------------------------------------------------------

// RFC 6120 §10.1-1
TEST_CASE("order: an iq waits until the messages before it are safe, and messages behind it wait too")
{
    Door world;
    Line line = world.working();
    world.holds = true;
    line.types(message("m1") + message("m2") + ask("a") + message("m3"));
    CHECK(world.seen == Lines { "m1", "m2" });
    CHECK(line.hears().empty());
    CHECK_FALSE(line.is_read());
    std::move(world.held.back()).settle();
    world.held.pop_back();
    world.run();
    CHECK(line.hears().empty());
    world.settle_held();
    world.run();
    CHECK(has(line.hears(), "id='a'"));
    CHECK(world.seen == Lines { "m1", "m2", "m3" });
    CHECK(line.is_read());
}

TEST_CASE("order: behind an iq that is not answered yet everything waits")
{
    Door world;
    Line line = world.working();
    line.types(ask("slow", "later") + message("m1") + ask("fast") + message("m2"));
    CHECK(world.seen.empty());
    CHECK(line.hears().empty());
    world.answer->fulfil(true);
    world.run();
    const std::string heard = line.hears();
    CHECK(has(heard, "id='slow'"));
    CHECK(heard.find("id='slow'") < heard.find("id='fast'"));
    CHECK(world.seen == Lines { "m1", "m2" });
    CHECK(line.is_read());
}

TEST_CASE("order: a stream that ends while something waits takes it along")
{
    Door world;
    Line line = world.working();
    world.holds = true;
    line.types(message("m1") + ask("a"));
    line.breaks();
    CHECK(line.is_gone());
    world.settle_held();
    world.run();
    CHECK(line.hears().empty());
    Line other = world.working();
    other.types(ask("slow", "later"));
    other.types("</stream:stream>");
    other.breaks();
    world.answer->fulfil(true);
    world.run();
    CHECK_FALSE(has(other.hears(), "id='slow'"));
}

TEST_CASE(
    "order: the next stanza and a stream closed in good order say that what came before was read, a break "
    "does not")
{
    Door world;
    const auto count_it = [&world] { world.newest->after_next_stanza([&world] { ++world.heard_again; }); };
    Line line = world.working();
    count_it();
    CHECK(world.heard_again == 0);
    line.types(message("m1"));
    CHECK(world.heard_again == 1);
    line.types(message("m2"));
    CHECK(world.heard_again == 1);
    count_it();
    line.types("</stream:stream>");
    CHECK(world.heard_again == 2);
    CHECK(line.hears() == "</stream:stream>");
    Line broken = world.working();
    count_it();
    broken.breaks();
    CHECK(world.heard_again == 2);
}

TEST_CASE("order: who ends the stream when the next stanza comes ends it before that stanza")
{
    Door world;
    Line line = world.working();
    world.newest->after_next_stanza([&world] {
        world.newest->close(StreamError(StreamError::policy_violation));
    });
    line.types(message("m1"));
    CHECK(has(line.hears(), "<policy-violation"));
    CHECK(world.seen.empty());
}

// Time --------------------------------------------------------------------------------------------

TEST_CASE("time: who has not bound a resource when the time for it is up is sent away (HOSTILE A11)")
{
    Door world;
    Line silent = world.connection();
    Line halfway = world.connection();
    halfway.logs_in("romeo");
    Line done = world.working();
    world.waits(29s);
    CHECK_FALSE(silent.is_over());
    CHECK_FALSE(halfway.is_over());
    world.waits(2s);
    CHECK(has(silent.hears(), "<connection-timeout"));
    CHECK(has(halfway.hears(), "<connection-timeout"));
    CHECK_FALSE(done.is_over());
}

TEST_CASE("time: a silent stream is sent a space now and then, one that is heard is not (RFC 6120 §4.6.1)")
{
    Door world;
    world.set_core("c2s", "keepalive_interval", std::int64_t { 60'000 });
    Line line = world.working();
    for (int i = 0; i < 60; ++i) {
        line.types(" ");
        world.waits(3s);
    }
    CHECK(line.hears().empty());
    world.waits(10s);
    CHECK(line.hears().empty());
    world.waits(61s);
    CHECK(line.hears() == " ");
    world.waits(61s);
    CHECK(line.hears() == " ");
    line.types(ask("a"));
    CHECK(has(line.hears(), "id='a'"));
}

TEST_CASE("time: no space is sent where the settings say so")
{
    Door world;
    world.set_core("c2s", "keepalive_interval", std::int64_t { 0 });
    Line line = world.working();
    world.waits(10s);
    world.waits(24h);
    CHECK(line.hears().empty());
    line.types(ask("a"));
    CHECK(has(line.hears(), "id='a'"));
}

TEST_CASE("rate: a client that sends too many stanzas is read more slowly, and loses none (HOSTILE A8)")
{
    Door world;
    world.set_core("c2s", "rate_stanzas", std::int64_t { 10 });
    world.set_core("c2s", "rate_burst_stanzas", std::int64_t { 20 });
    Line line = world.working();
    std::string many;
    for (int i = 0; i < 40; ++i) {
        many += ask("q" + std::to_string(i));
    }
    line.types(many);
    const std::size_t at_once = count(line.hears(), "type='result'");
    CHECK(at_once >= 20);
    CHECK(at_once <= 21);
    CHECK_FALSE(line.is_read());
    std::size_t all = at_once;
    world.waits(1s);
    const std::size_t later = count(line.hears(), "type='result'");
    CHECK(later <= 11);
    all += later;
    for (int i = 0; i < 5; ++i) {
        world.waits(1s);
        all += count(line.hears(), "type='result'");
    }
    CHECK(all == 40);
    CHECK(line.is_read());
}

// XEP-0205 §4.7-1
TEST_CASE("rate: a client that sends too many bytes is not read until it may again (HOSTILE A8)")
{
    Door world;
    world.set_core("c2s", "rate_bytes", std::int64_t { 1024 });
    world.set_core("c2s", "rate_burst_bytes", std::int64_t { 10'000 });
    Line line = world.working();
    line.types("<message id='m1'><body>" + std::string(12'000, 'x') + "</body></message>");
    CHECK_FALSE(line.is_read());
    line.types(message("m2"));
    CHECK(world.seen.size() <= 1);
    world.waits(4s);
    CHECK(world.seen == Lines { "m1", "m2" });
    CHECK(line.is_read());
}

// The end -----------------------------------------------------------------------------------------

// RFC 6120 §6.4.5-2
TEST_CASE("end: guessing passwords is over after so many (RFC 6120 §6.4.5, HOSTILE A36)")
{
    Door world;
    Line line = world.connection();
    line.types(Line::header);
    line.hears();
    for (int i = 0; i < 3; ++i) {
        CHECK_FALSE(line.is_over());
        line.types("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='DANCE'>AA==</auth>");
        CHECK(has(line.hears(), "<invalid-mechanism"));
    }
    CHECK(line.is_gone());
}

TEST_CASE("end: a shutdown says so on every stream and is over when the last is gone")
{
    Door world;
    Line working = world.working();
    Line waiting = world.connection();
    bool over = false;
    world.service().shutdown([&over] { over = true; });
    world.run();
    CHECK(has(working.hears(), "<system-shutdown"));
    CHECK(has(waiting.hears(), "<system-shutdown"));
    CHECK(over);
    CHECK(world.service().stream_count(world.shard) == 0);
    Line late = world.connection();
    CHECK(has(late.hears(), "<system-shutdown"));
}

TEST_CASE("end: ending a session from elsewhere ends its stream, once, and the account hears of it")
{
    Door world;
    Line line = world.working();
    CHECK(world.result_of(world.accounts().end_sessions(*Jid::parse("romeo@localhost"),
              StreamError(StreamError::policy_violation, "Ended by an administrator")))
        == 1);
    world.run();
    const std::string heard = line.hears();
    CHECK(count(heard, "<policy-violation") == 1);
    CHECK(count(heard, "</stream:stream>") == 1);
    CHECK(world.host().find_user("romeo")->sessions().empty());
}
