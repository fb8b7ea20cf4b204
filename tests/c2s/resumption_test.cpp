// SPDX-License-Identifier: Apache-2.0
// Stream management (XEP-0198) as a client sees it, byte by byte.
#include "gateway.hpp"
#include "support/example_module.hpp"
#include "xmpp/delay.hpp"

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

/// The bodies of the messages in `text`, in order.
std::string bodies(std::string_view text)
{
    std::string all;
    for (auto at = text.find("<body>"); at != std::string_view::npos; at = text.find("<body>", at + 1)) {
        all += std::string(text.substr(at + 6, text.find('<', at + 6) - at - 6)) + " ";
    }
    return all;
}

constexpr std::string_view r = "<r xmlns='urn:xmpp:sm:3'/>";

std::string a(int h)
{
    return "<a xmlns='urn:xmpp:sm:3' h='" + std::to_string(h) + "'/>";
}

std::string failed(std::string_view condition, std::string_view h = {})
{
    std::string text = "<failed xmlns='urn:xmpp:sm:3'";
    text += h.empty() ? "" : " h='" + std::string(h) + "'";
    return text + "><" + std::string(condition) + " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>";
}

std::string message(const std::string& body, const std::string& to = "romeo@localhost/orchard")
{
    return "<message to='" + to + "' id='" + body + "'><body>" + body + "</body></message>";
}

std::string silence(const std::string& id)
{
    return "<message to='localhost' type='headline' id='" + id + "'/>";
}

struct Inside {
    bool holds = false;
    std::vector<Settlement> held; ///< of stanzas that are not safe yet
    Lines moments;
    Lines presences;
    std::string kept = "kept";
    Lines restored;

    void settle_held()
    {
        for (Settlement& each : held) {
            std::move(each).settle();
        }
        held.clear();
    }

    void attach(Handlers& on)
    {
        on.message(Flow::from_client, Stage::guard, [this](Message message, const Context& context) {
            if (holds) {
                held.push_back(context.hold());
            }
            return message.type() == MessageType::headline ? Verdict::done() : Verdict::pass();
        });
        on.presence(Flow::from_client, Stage::deliver, [this](Presence presence, const Context& context) {
            presences.push_back(std::string(presence.from().text()));
            context.session->set_available(std::make_shared<const Stanza>(presence.stanza()), 0);
            return Verdict::done();
        });
        on.message(Flow::to_user, Stage::fallback, [](Message, const Context& context) {
            context.plan->put_into_mailbox(MailboxLimits());
            return Verdict::pass();
        });
        on.iq_get(To::own_account, "urn:ask", "now",
            [](const Iq&, const Context&) -> IqAnswer { return std::nullopt; });
        on.session_bound([this](const Context& context) { note("bound", context); });
        on.session_resumed([this](const Context& context) { note("resumed", context); });
        on.session_ended([this](const Context& context) { note("ended", context); });
        on.session_kept(
            "urn:kept",
            [this](const Session&) { return std::optional(Element("k", "urn:kept").with_text(kept)); },
            [this](Session&, const Element& element) { restored.push_back(element.text()); });
    }

    void note(const std::string& what, const Context& context)
    {
        moments.push_back(what + " " + std::string(context.session->jid().resource()));
    }
};

struct Door : Inside, Gateway {
    Door() : Gateway(example_module([this](Handlers& on) { attach(on); })) { account("juliet", "secret"); }

    Line working(const std::string& resource = "orchard", const std::string& user = "romeo")
    {
        Line line = connection();
        line.arrives(user, resource);
        return line;
    }
    Line logged_in(const std::string& user = "romeo")
    {
        Line line = connection();
        line.logs_in(user);
        return line;
    }
    Session* session() { return host().find_user("romeo")->session("orchard"); }
};

} // namespace

// Enabling (XEP-0198 §3) ----------------------------------------------------------------------------

// XEP-0198 §3-3
TEST_CASE("enable: it is offered after the login (XEP-0198 example 1), and not before a resource is bound "
          "(example 6)")
{
    Door world;
    Line line = world.connection();
    line.types(Line::header);
    CHECK_FALSE(has(line.hears(), "urn:xmpp:sm:3"));
    Line in = world.connection();
    in.logs_in("romeo");
    in.types("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
    CHECK(in.hears() == failed("unexpected-request"));
    CHECK(has(in.binds("orchard"), "type='result'"));
}

// XEP-0198 §3-1 §3-4
TEST_CASE("enable: without resumption (XEP-0198 examples 2, 3), once (example 7)")
{
    Door world;
    Line line = world.working();
    line.types("<enable xmlns='urn:xmpp:sm:3'/>");
    CHECK(line.hears() == "<enabled xmlns='urn:xmpp:sm:3'/>");
    line.types("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
    CHECK(line.hears() == failed("unexpected-request"));
    CHECK_FALSE(line.is_over());
    line.breaks();
    CHECK(world.moments == Lines { "bound orchard", "ended orchard" });
}

// XEP-0198 §3-1 §3-2
TEST_CASE(
    "enable: with resumption (XEP-0198 examples 4, 9, 10): an id that nobody guesses, the time as asked "
    "and allowed")
{
    Door world;
    std::string before;
    const auto answer_to = [&world](const std::string& attributes) {
        Line line = world.working("r" + std::to_string(world.moments.size()));
        line.types("<enable xmlns='urn:xmpp:sm:3' " + attributes + "/>");
        const std::string answer = line.hears();
        line.types("</stream:stream>");
        return answer;
    };
    CHECK(has(answer_to("resume='true'"), "resume='true' max='600'/>"));
    CHECK(has(answer_to("resume='1' max='60'"), "resume='true' max='60'/>"));
    CHECK(has(answer_to("resume='1' max='99999'"), "max='600'/>"));
    CHECK(has(answer_to("resume='1' max='-7'"), "max='600'/>"));
    CHECK(answer_to("resume='0'") == "<enabled xmlns='urn:xmpp:sm:3'/>");
    CHECK(answer_to("resume='1' max='0'") == "<enabled xmlns='urn:xmpp:sm:3'/>");
    Line one = world.working("one");
    Line two = world.working("two");
    const std::string id = one.enables();
    CHECK(id.size() == 22);
    CHECK(two.enables() != id);
    world.set_core("stream_management", "resume_window", std::int64_t { 0 });
    CHECK(answer_to("resume='true'") == "<enabled xmlns='urn:xmpp:sm:3'/>");
    Line third = world.logged_in();
    CHECK(third.resumes(id, 0) == failed("feature-not-implemented"));
}

// XEP-0198 §6-1
TEST_CASE("enable: what is no part of it ends the stream, acknowledgements without it are refused")
{
    Door world;
    Line line = world.working();
    line.types(r);
    CHECK(line.hears() == failed("unexpected-request"));
    line.types(a(0));
    CHECK(line.hears() == failed("unexpected-request"));
    line.types("<dance xmlns='urn:xmpp:sm:3'/>");
    CHECK(has(line.hears(), "<unsupported-stanza-type"));
}

// Acknowledgements (XEP-0198 §4) ----------------------------------------------------------------------

// XEP-0198 §4-2
TEST_CASE("acks: stanzas count from <enable/> on, whatever becomes of them (XEP-0198 example 8)")
{
    Door world;
    Line line = world.working();
    line.types(silence("early"));
    line.types("<enable xmlns='urn:xmpp:sm:3'/>" + silence("m1") + std::string(r));
    CHECK(line.hears() == "<enabled xmlns='urn:xmpp:sm:3'/>" + a(1));
    line.types("<iq type='get'><no-id xmlns='b'/></iq><iq type='get' id='i'><now xmlns='urn:ask'/></iq>");
    CHECK(count(line.hears(), "<iq ") == 2);
    line.types(r);
    CHECK(line.hears() == a(3));
}

// XEP-0198 §4-2
TEST_CASE("acks: an answer comes at once and says what is safe; the rest is told when it is (HOSTILE K1)")
{
    for (const bool resumable : { false, true }) {
        Door world;
        Line line = world.working();
        line.types(resumable ? "<enable xmlns='urn:xmpp:sm:3' resume='true'/>"
                             : "<enable xmlns='urn:xmpp:sm:3'/>");
        world.holds = true;
        line.types(silence("m1") + silence("m2"));
        line.hears();
        line.types(r);
        CHECK(line.hears() == a(0));
        std::move(world.held.back()).settle();
        world.held.pop_back();
        world.run();
        CHECK(line.hears().empty());
        world.settle_held();
        world.run();
        CHECK(line.hears() == a(2));
        line.types(r);
        CHECK(line.hears() == a(2));
    }
}

TEST_CASE("acks: the server asks after what it has sent in one go, and asks once")
{
    Door world;
    Line romeo = world.working();
    romeo.enables();
    Line juliet = world.working("balcony", "juliet");
    juliet.types(message("one") + message("two"));
    const std::string heard = romeo.hears();
    CHECK(bodies(heard) == "one two ");
    CHECK(count(heard, r) == 1);
    juliet.types(message("three"));
    CHECK(count(romeo.hears(), r) == 0);
    romeo.types(a(2));
    CHECK(romeo.hears() == r);
    romeo.types(a(3));
    CHECK(romeo.hears().empty());
    CHECK(juliet.hears().empty());
}

// XEP-0198 §6-2
TEST_CASE("acks: who acknowledges what he was not sent goes (XEP-0198 §6, example 15, HOSTILE A45)")
{
    for (const char* h : { "h='2'", "h='-1'", "h='4294967296'", "h='4294967295'", "h='x'", "h=''", "" }) {
        Door world;
        Line romeo = world.working();
        romeo.enables();
        Line juliet = world.working("balcony", "juliet");
        juliet.types(message("one"));
        romeo.hears();
        romeo.types("<a xmlns='urn:xmpp:sm:3' " + std::string(h) + "/>");
        const std::string heard = romeo.hears();
        CHECK(has(heard, "<undefined-condition"));
        CHECK(has(heard, "<handled-count-too-high xmlns='urn:xmpp:sm:3'"));
        CHECK(has(heard, "send-count='1'/>"));
        CHECK(romeo.is_gone());
        CHECK(world.stored_messages("romeo") == 1);
        CHECK_FALSE(juliet.is_over());
    }
}

TEST_CASE("acks: who does not answer is taken for disconnected")
{
    Door world;
    Line romeo = world.working();
    const std::string id = romeo.enables();
    Line juliet = world.working("balcony", "juliet");
    juliet.types(message("one"));
    romeo.hears();
    world.waits(61s);
    world.waits(58s);
    CHECK_FALSE(romeo.is_over());
    world.waits(3s);
    CHECK(has(romeo.hears(), "<connection-timeout"));
    CHECK(world.session()->is_open());
    Line again = world.logged_in();
    CHECK(bodies(again.resumes(id, 0)) == "one ");
    again.types(a(1));
    world.waits(500s);
    CHECK_FALSE(again.is_over());
}

TEST_CASE("acks: what waits for the client to have read waits for its acknowledgement (HOSTILE K5)")
{
    Door world;
    Line romeo = world.working();
    Session* session = world.session();
    romeo.enables();
    int read = 0;
    session->send(Stanza::message(*Jid::parse("localhost"), session->jid()));
    session->after_next_stanza([&read] { ++read; });
    romeo.types(silence("m1") + a(0));
    CHECK(read == 0);
    romeo.types(a(1));
    CHECK(read == 1);
    session->after_next_stanza([&read] { ++read; });
    world.run();
    CHECK(read == 2);
    session->send(Stanza::message(*Jid::parse("localhost"), session->jid()));
    session->after_next_stanza([&read] { ++read; });
    romeo.types("</stream:stream>");
    CHECK(read == 2);
}

// Resumption (XEP-0198 §5) ----------------------------------------------------------------------------

// XEP-0198 §5-2 §5-6
TEST_CASE(
    "resume: what was lost comes again in order, what waited follows, nobody notices (XEP-0198 examples "
    "11, 12)")
{
    Door world;
    Line romeo = world.working();
    const std::string id = romeo.enables();
    Line juliet = world.working("balcony", "juliet");
    romeo.types(silence("mine"));
    juliet.types(message("one") + message("two") + message("three"));
    romeo.breaks();
    romeo.hears();
    CHECK(world.session()->is_open());
    CHECK_FALSE(world.session()->is_connected());
    juliet.types(message("four"));
    Line again = world.logged_in();
    const std::string heard = again.resumes(id, 1);
    CHECK(heard.starts_with("<resumed xmlns='urn:xmpp:sm:3' previd='" + id + "' h='1'/>"));
    CHECK(bodies(heard) == "two three four ");
    CHECK(has(heard, r));
    CHECK(world.moments == Lines { "bound orchard", "bound balcony", "resumed orchard" });
    again.types(a(4) + silence("more") + std::string(r));
    again.types(r);
    CHECK(has(again.hears(), a(2)));
    CHECK(world.stored_messages("romeo") == 0);
    CHECK(juliet.hears().empty());
    again.types("<resume xmlns='urn:xmpp:sm:3' previd='" + id + "' h='4'/>");
    CHECK(again.hears() == failed("unexpected-request"));
}

TEST_CASE("resume: what came in is safe before its count is told, so that nothing is done twice")
{
    Door world;
    Line romeo = world.working();
    const std::string id = romeo.enables();
    world.holds = true;
    romeo.types(silence("m1") + "<iq type='get' id='i'><now xmlns='urn:ask'/></iq>");
    romeo.breaks();
    Line again = world.logged_in();
    CHECK(again.resumes(id, 0).empty());
    world.settle_held();
    world.run();
    CHECK(has(again.hears(), "h='1'/>")); // the iq was not begun: the client sends it again
}

// XEP-0198 §5-5
TEST_CASE(
    "resume: the old connection, if it is still there, ends with conflict; of several one wins (XEP-0198 "
    "example 14, HOSTILE A44)")
{
    Door world;
    Line old = world.working();
    const std::string id = old.enables();
    std::vector<Line> racing;
    for (int i = 0; i < 3; ++i) {
        racing.push_back(world.logged_in());
    }
    const std::string resume = "<resume xmlns='urn:xmpp:sm:3' previd='" + id + "' h='0'/>";
    for (Line& line : racing) {
        line.types_in_haste(resume);
    }
    world.run();
    CHECK(has(old.hears(), "<conflict"));
    CHECK(old.is_gone());
    std::size_t winners = 0;
    for (Line& line : racing) {
        winners += line.is_over() ? 0 : 1;
        CHECK(line.is_over() == has(line.hears(), "<conflict"));
    }
    CHECK(winners == 1);
    CHECK(world.host().find_user("romeo")->sessions().size() == 1);
}

// XEP-0198 §10-1
// XEP-0198 §6-1
TEST_CASE("resume: only by the account itself, logged in, and with a count that can be (HOSTILE A44)")
{
    Door world;
    Line romeo = world.working();
    const std::string id = romeo.enables();
    romeo.breaks();
    Line stranger = world.connection();
    stranger.types(Line::header);
    stranger.hears();
    stranger.types("<resume xmlns='urn:xmpp:sm:3' previd='" + id + "' h='0'/>");
    CHECK_FALSE(has(stranger.hears(), "<resumed"));
    Line juliet = world.logged_in("juliet");
    CHECK(juliet.resumes(id, 0) == failed("item-not-found"));
    CHECK(juliet.resumes("no-such-id", 0) == failed("item-not-found"));
    juliet.types("<resume xmlns='urn:xmpp:sm:3' h='0'/>");
    CHECK(juliet.hears() == failed("bad-request"));
    juliet.types("<resume xmlns='urn:xmpp:sm:3' previd='x' h='-1'/>");
    CHECK(juliet.hears() == failed("bad-request"));
    CHECK(has(juliet.binds("balcony"), "type='result'"));
    Line liar = world.logged_in();
    CHECK(has(liar.resumes(id, 7), "<handled-count-too-high xmlns='urn:xmpp:sm:3' h='7' send-count='0'/>"));
    CHECK(liar.is_gone());
    Line again = world.logged_in();
    CHECK(has(again.resumes(id, 0), "<resumed"));
}

// XEP-0198 §5-3 §5-4 §4-3 §7-1
TEST_CASE("resume: when the time is over the session ends, its mail waits, and the count is still known "
          "(XEP-0198 example 13)")
{
    Door world;
    Line romeo = world.working();
    const std::string id = romeo.enables();
    Line juliet = world.working("balcony", "juliet");
    romeo.types(silence("mine"));
    juliet.types(message("one"));
    romeo.breaks();
    juliet.types(message("two"));
    world.waits(599s);
    CHECK(world.host().find_user("romeo")->sessions().size() == 1);
    CHECK(world.stored_messages("romeo") == 0);
    world.waits(2s);
    CHECK(world.moments.back() == "ended orchard");
    CHECK(world.host().find_user("romeo")->sessions().empty());
    CHECK(world.stored_messages("romeo") == 2);
    Line again = world.logged_in();
    CHECK(again.resumes(id, 1) == failed("item-not-found", "1"));
    CHECK(has(again.binds("orchard"), "type='result'"));
    CHECK(juliet.hears().empty());
}

// XEP-0198 §7-1
TEST_CASE("resume: a stream that was closed in good order, or by the server, is not resumed (XEP-0198 §7)")
{
    for (const bool politely : { true, false }) {
        Door world;
        Line romeo = world.working();
        const std::string id = romeo.enables();
        Line juliet = world.working("balcony", "juliet");
        juliet.types(message("one") + message("two"));
        romeo.types(a(1) + (politely ? "</stream:stream>" : "<dance xmlns='urn:example:dance'/>"));
        CHECK(world.moments.back() == "ended orchard");
        CHECK(world.stored_messages("romeo") == 1);
        Line again = world.logged_in();
        CHECK(again.resumes(id, 0) == failed("item-not-found", "0"));
    }
}

TEST_CASE("resume: a session that waits can be ended by others, and gives way to who binds its resource")
{
    Door world;
    Line romeo = world.working();
    const std::string id = romeo.enables();
    romeo.breaks();
    CHECK(world.result_of(world.accounts().end_sessions(*Jid::parse("romeo@localhost"),
              StreamError(StreamError::policy_violation)))
        == 1);
    world.run();
    CHECK(world.moments.back() == "ended orchard");
    world.set_core("c2s", "resource_conflict", std::string("refuse"));
    Line second = world.working();
    const std::string other_id = second.enables();
    second.breaks();
    Line third = world.logged_in();
    CHECK(has(third.binds("orchard"), "<jid>romeo@localhost/orchard</jid>"));
    CHECK(world.host().find_user("romeo")->sessions().size() == 1);
    Line late = world.logged_in();
    CHECK(late.resumes(other_id, 0) == failed("item-not-found", "0"));
    world.set_core("c2s", "resources_per_account", std::int64_t { 2 });
    Line fourth = world.working("fourth");
    fourth.enables();
    fourth.breaks();
    Line fifth = world.logged_in();
    CHECK(has(fifth.binds("fifth"), "type='result'"));
    Line sixth = world.logged_in();
    CHECK(has(sixth.binds("sixth"), "<resource-constraint"));
}

TEST_CASE(
    "bound: a client that acknowledges nothing is cut off, its session ends, its mail waits (HOSTILE A46)")
{
    Door world;
    world.set_core("stream_management", "unacknowledged", std::int64_t { 20 });
    Line romeo = world.working();
    const std::string id = romeo.enables();
    Line juliet = world.working("balcony", "juliet");
    const auto send = [&juliet](int many) {
        for (int i = 0; i < many; ++i) {
            juliet.types(message("m"));
        }
    };
    send(40);
    CHECK_FALSE(romeo.is_over()); // a burst, and there was no time to answer
    world.waits(11s);
    send(1);
    CHECK(has(romeo.hears(), "<resource-constraint"));
    CHECK(world.session()->is_open());
    send(1);
    CHECK(world.session() == nullptr);
    CHECK(world.moments.back() == "ended orchard");
    CHECK(world.stored_messages("romeo") == 42);
    send(1);
    CHECK(world.stored_messages("romeo") == 42);
    CHECK(has(juliet.hears(), "type='error'")); // nobody is there under this address
    Line again = world.logged_in();
    CHECK(again.resumes(id, 0) == failed("item-not-found", "0"));

    Line fast = world.working();
    fast.enables();
    send(85);
    CHECK(has(fast.hears(), "<resource-constraint"));
}

TEST_CASE("bound: one large answer may be more than all that may wait, until the client has it")
{
    Door world;
    world.set_core("stream_management", "unacknowledged", std::int64_t { 20 });
    Line romeo = world.working();
    romeo.enables();
    Line juliet = world.working("balcony", "juliet");
    const auto presence = std::make_shared<const WireForm>(
        parse_stanza("<presence from='cave@conference.localhost/witch'/>"), ns::client);
    const WireForms crowd(200, presence);
    world.session()->send(crowd, "romeo@localhost/orchard");
    juliet.types(message("m"));
    world.waits(15s);
    juliet.types(message("m")); // he reads slowly
    romeo.types("<a xmlns='urn:xmpp:sm:3' h='190'/>");
    juliet.types(message("m"));
    CHECK_FALSE(romeo.is_over());
    romeo.types("<a xmlns='urn:xmpp:sm:3' h='203'/>");
    romeo.types("<a xmlns='urn:xmpp:sm:3' h='203'/>"); // he was asked for the last one

    world.session()->send(crowd, "romeo@localhost/orchard");
    world.session()->send(crowd, "romeo@localhost/orchard"); // before he has the first
    world.waits(15s);
    juliet.types(message("m")); // his answer may be on its way
    CHECK_FALSE(romeo.is_over());
    world.waits(9s);
    juliet.types(message("m"));
    CHECK_FALSE(romeo.is_over());
    world.waits(2s);
    juliet.types(message("m")); // he does not read: once is enough
    CHECK(has(romeo.hears(), "<resource-constraint"));
}

TEST_CASE("bound: who reads gets every answer, however many there are, and who does not read only some")
{
    Door world;
    world.set_core("stream_management", "unacknowledged", std::int64_t { 20 });
    Line romeo = world.working();
    romeo.enables();
    Line juliet = world.working("balcony", "juliet");
    const auto presence = std::make_shared<const WireForm>(
        parse_stanza("<presence from='cave@conference.localhost/witch'/>"), ns::client);
    const WireForms crowd(200, presence);
    for (int i = 0; i < 4; ++i) {
        world.session()->send(crowd, "romeo@localhost/orchard");
    }
    for (int read = 50; read <= 1000; read += 50) { // each of these seconds he owes us an answer
        juliet.types(message("m"));
        world.waits(8s);
        romeo.types(a(read));
        world.session()->send(crowd, "romeo@localhost/orchard");
        REQUIRE_FALSE(romeo.is_over());
    }
    for (int i = 0; i < 8; ++i) {
        world.session()->send(crowd, "romeo@localhost/orchard");
    }
    juliet.types(message("m"));
    CHECK(has(romeo.hears(), "<resource-constraint"));
}

TEST_CASE("bound: a client that acknowledges gets as much as there is")
{
    Door world;
    world.set_core("stream_management", "unacknowledged", std::int64_t { 20 });
    Line romeo = world.working();
    romeo.enables();
    Line juliet = world.working("balcony", "juliet");
    for (int i = 1; i <= 300; ++i) {
        juliet.types(message("m"));
        world.waits(1s);
        if (i % 15 == 0) {
            romeo.types(a(i));
        }
    }
    CHECK_FALSE(romeo.is_over());
    CHECK(count(romeo.hears(), "<body>") == 300);
}

// The server is started again ---------------------------------------------------------------------------

// XEP-0198 §4-4
TEST_CASE("restart: a session is resumed from the store, with its state and with what was on its way")
{
    Door world;
    Line romeo = world.working();
    const std::string id = romeo.enables();
    Line juliet = world.working("balcony", "juliet");
    romeo.types("<presence><status>here</status></presence>");
    juliet.types(message("one"));
    world.session()->send(Stanza::presence(*Jid::parse("localhost"), *Jid::parse("romeo@localhost/orchard")));
    juliet.types(message("two") + message("three"));
    romeo.types(silence("mine"));
    romeo.hears();
    world.restarts();
    world.moments.clear();
    world.presences.clear();
    CHECK(romeo.is_gone());
    Line again = world.logged_in();
    const std::string heard = again.resumes(id, 2); // one and the presence
    CHECK(heard.starts_with("<resumed xmlns='urn:xmpp:sm:3' previd='" + id + "' h='2'/>"));
    CHECK(bodies(heard) == "two three ");
    CHECK(count(heard, "<delay") == 2);
    CHECK(world.restored == Lines { "kept" });
    CHECK(world.moments == Lines { "bound orchard", "resumed orchard" });
    CHECK(world.presences == Lines { "romeo@localhost/orchard" });
    Line julia = world.working("balcony", "juliet");
    julia.types(message("four"));
    CHECK(bodies(again.hears()) == "four ");
    again.types(a(4));
    again.breaks();
    world.restarts();
    Line third = world.logged_in();
    CHECK(bodies(third.resumes(id, 4)) == "four ");
    third.types(a(5));
    world.waits(2s);
    third.types("</stream:stream>");
    CHECK(world.stored_messages("romeo") == 0);
}

TEST_CASE("restart: mail that was handed over comes again word for word, and not if it was acknowledged")
{
    Door world;
    Line juliet = world.working("balcony", "juliet");
    const AccountKey owner { "localhost", "romeo" };
    for (const char* const body : { "one", "two", "three" }) {
        juliet.types(message(body, "romeo@localhost"));
    }
    world.clock.advance(1h);
    CHECK(world.stored_messages("romeo") == 3);
    Line romeo = world.working();
    const std::string id = romeo.enables();
    romeo.hears();
    const auto mail = *world.result_of(world.store().mailbox().read(owner, 0, 10));
    Session& session = *world.session();
    std::vector<HandOver> moves;
    for (const MailboxMessage& each : mail) {
        moves.push_back({ each.row, *session.reserve(CopyForm::itself) });
    }
    CHECK(world.result_of(world.store().mailbox().hand_over(owner, moves))->size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
        Stanza stanza = *Stanza::from_element(*parse_element(mail[i].xml));
        stanza.element().add(Delay { mail[i].stamp, *Jid::parse("localhost"), {} }.to_element());
        session.commit(moves[i].entry,
            as_sent(stanza, CopyForm::itself, session.user().jid(), session.jid(), mail[i].archived),
            nullptr);
    }
    world.run();
    const std::string first = romeo.hears();
    CHECK(bodies(first) == "one two three ");
    world.restarts();
    Line again = world.logged_in();
    const std::string second = again.resumes(id, 1);
    CHECK(bodies(second) == "two three ");
    const std::string two = first.substr(first.find("<message", first.find("one</body>")));
    CHECK(has(second, two.substr(0, two.find("<r "))));
    again.types(a(2));
    again.types("</stream:stream>");
    const auto left = *world.result_of(world.store().mailbox().read(owner, 0, 10));
    REQUIRE(left.size() == 1);
    CHECK(left[0].row == mail[2].row);
    CHECK(left[0].stamp == mail[2].stamp);
}

TEST_CASE("bound: a session says how much room is left")
{
    Door world;
    world.set_core("stream_management", "unacknowledged", std::int64_t { 20 });
    Line romeo = world.working();
    CHECK(world.session()->room() == SIZE_MAX);
    romeo.enables();
    CHECK(world.session()->room() == 20);
    Line juliet = world.working("balcony", "juliet");
    for (int i = 0; i < 5; ++i) {
        juliet.types(message("m"));
    }
    CHECK(world.session()->room() == 15);
    romeo.types(a(4));
    CHECK(world.session()->room() == 19);
    for (int i = 0; i < 20; ++i) {
        juliet.types(message("m"));
    }
    CHECK(world.session()->room() == 0);
}

TEST_CASE("restart: of several who resume one wins here too")
{
    Door world;
    Line romeo = world.working();
    const std::string id = romeo.enables();
    world.restarts();
    std::vector<Line> racing;
    for (int i = 0; i < 3; ++i) {
        racing.push_back(world.logged_in());
    }
    for (Line& line : racing) {
        line.types_in_haste("<resume xmlns='urn:xmpp:sm:3' previd='" + id + "' h='0'/>");
    }
    world.run();
    std::size_t winners = 0;
    for (Line& line : racing) {
        winners += line.is_over() ? 0 : 1;
    }
    CHECK(winners == 1);
    CHECK(world.host().find_user("romeo")->sessions().size() == 1);
}

TEST_CASE("restart: only the account itself, and nobody whose resource is taken")
{
    Door world;
    Line romeo = world.working();
    const std::string id = romeo.enables();
    Line juliet = world.working("balcony", "juliet");
    juliet.types(message("one"));
    world.restarts();
    Line stranger = world.logged_in("juliet");
    CHECK(stranger.resumes(id, 0) == failed("item-not-found"));
    Line newer = world.working();
    Line late = world.logged_in();
    CHECK(late.resumes(id, 0) == failed("item-not-found", "0"));
    CHECK(world.stored_messages("romeo") == 1);
    CHECK_FALSE(newer.is_over());
}

TEST_CASE(
    "restart: what nobody comes back for ends in its time; the time of the server's absence does not count")
{
    Door world;
    Line romeo = world.working();
    const std::string id = romeo.enables();
    Line juliet = world.working("balcony", "juliet");
    romeo.types("<presence/>");
    juliet.types(message("one"));
    world.restarts();
    world.clock.advance(20min);
    world.restarts();
    world.moments.clear();
    for (int i = 0; i < 19; ++i) {
        world.waits(30s);
    }
    CHECK(world.moments.empty());
    CHECK(world.stored_messages("romeo") == 0);
    for (int i = 0; i < 4; ++i) {
        world.waits(30s);
    }
    CHECK(world.moments == Lines { "bound orchard", "ended orchard" }); // it takes its leave of its contacts
    CHECK(world.stored_messages("romeo") == 1);
    Line again = world.logged_in();
    CHECK(again.resumes(id, 0) == failed("item-not-found", "1"));
}

TEST_CASE("restart: a session that lives long is never swept away")
{
    Door world;
    Line romeo = world.working();
    const std::string id = romeo.enables();
    for (int i = 0; i < 100; ++i) {
        world.waits(30s);
    }
    CHECK(world.moments == Lines { "bound orchard" });
    world.restarts();
    Line again = world.logged_in();
    CHECK(has(again.resumes(id, 0), "<resumed"));
}

TEST_CASE("restart: after an end in good order too")
{
    Door world;
    Line romeo = world.working();
    const std::string id = romeo.enables();
    Line juliet = world.working("balcony", "juliet");
    juliet.types(message("one"));
    bool over = false;
    world.service().shutdown([&over] { over = true; });
    world.run();
    CHECK(over);
    CHECK(has(romeo.hears(), "<system-shutdown"));
    world.restarts();
    Line again = world.logged_in();
    CHECK(bodies(again.resumes(id, 0)) == "one ");
}

TEST_CASE("time: a client that nobody looks at is not sent spaces in short order")
{
    Door world;
    world.set_core("c2s", "keepalive_interval", std::int64_t { 60'000 });
    Line romeo = world.working();
    world.session()->set_inactive(true);
    world.waits(2s);
    world.waits(599s);
    CHECK(romeo.hears().empty());
    world.waits(2s);
    CHECK(romeo.hears() == " ");
}
