// SPDX-License-Identifier: Apache-2.0
// Clients that read slowly, or not at all: what is sent to them, in which portions, and how it ends.
#include "gateway.hpp"
#include "support/example_module.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace stonechat::test;
using namespace std::chrono_literals;

namespace {

/// A body that begins with its number, so long.
std::string numbered(int number, std::size_t bytes)
{
    const std::string text = std::to_string(number) + " ";
    return text + std::string(bytes - text.size(), 'x');
}

/// The numbers of the bodies in `text`, in order.
std::string numbers(std::string_view text)
{
    std::string all;
    for (auto at = text.find("<body>"); at != std::string_view::npos; at = text.find("<body>", at + 1)) {
        all += std::string(text.substr(at + 6, text.find(' ', at + 6) - at - 6)) + " ";
    }
    return all;
}

std::string acknowledges(std::size_t h)
{
    return "<a xmlns='urn:xmpp:sm:3' h='" + std::to_string(h) + "'/>";
}

bool says(std::string_view text, std::string_view word)
{
    return text.find(word) != std::string_view::npos;
}

/// Outlives the server, which tells of its last sessions.
struct Ended {
    Lines ended;
};

/// Juliet writes to romeo, and mercutio must not notice.
struct Verona : Ended, Gateway {
    Verona()
        : Gateway(example_module([this](Handlers& on) {
              on.message(Flow::to_user, Stage::fallback, [](Message, const Context& context) {
                  context.plan->put_into_mailbox(MailboxLimits());
                  return Verdict::pass();
              });
              on.session_ended([this](const Context& context) {
                  ended.push_back(std::string(context.session->jid().resource()));
              });
              on.iq_get(To::own_account, "urn:ask", "much", [](const Iq&, const Context&) -> IqAnswer {
                  return Element("much", "urn:ask").with_text(std::string(300 * 1024, 'm'));
              });
          }))
    {
        set_core("c2s", "rate_bytes", std::int64_t { 1 } << 30);
        set_core("c2s", "rate_burst_bytes", std::int64_t { 1 } << 30);
        set_core("c2s", "rate_stanzas", std::int64_t { 1'000'000 });
        set_core("c2s", "rate_burst_stanzas", std::int64_t { 1'000'000 });
        account("juliet", "secret");
        account("mercutio", "secret");
        julia.emplace(connection());
        julia->arrives("juliet", "balcony");
        bystander.emplace(connection());
        bystander->arrives("mercutio", "street");
    }

    Line romeo_arrives()
    {
        Line line = connection();
        line.arrives("romeo", "orchard");
        return line;
    }

    void juliet_writes(int number, std::size_t bytes)
    {
        julia->types("<message to='romeo@localhost/orchard' id='m" + std::to_string(number) + "'><body>"
            + numbered(number, bytes) + "</body></message>");
    }

    void check_bystander()
    {
        CHECK(bystander->hears().empty());
        julia->types("<message to='mercutio@localhost/street'><body>1 hey</body></message>");
        CHECK(numbers(bystander->hears()) == "1 ");
        CHECK_FALSE(julia->is_over());
    }

    Session* session() { return host().find_user("romeo")->session("orchard"); }

    std::optional<Line> julia;
    std::optional<Line> bystander;
};

} // namespace

TEST_CASE("slow reader: it gets all of what many write at once, in order, in portions")
{
    Verona world;
    Line romeo = world.romeo_arrives();
    romeo.stops_reading();
    for (int i = 1; i <= 12; ++i) {
        world.juliet_writes(i, 250'000);
    }
    world.juliet_writes(13, 10);
    CHECK(world.session()->waiting_bytes() > 12 * 250'000);
    std::string heard;
    while (world.session()->waiting_bytes() > 0) {
        const std::string some = romeo.reads(40'000);
        CHECK(some.size() <= 40'000);
        heard += some;
        REQUIRE_FALSE(romeo.is_over());
    }
    CHECK(numbers(heard) == "1 2 3 4 5 6 7 8 9 10 11 12 13 ");
    world.juliet_writes(14, 10);
    CHECK(numbers(romeo.reads(1000)) == "14 ");
    world.check_bystander();
}

TEST_CASE("slow reader: the presences of a crowd and what comes behind them keep their order")
{
    Verona world;
    Line romeo = world.romeo_arrives();
    romeo.stops_reading();
    WireForms crowd;
    for (int i = 1; i <= 40; ++i) {
        const Element presence = parse_stanza("<presence from='cave@conference.localhost/witch'><body>"
            + numbered(i, 20'000) + "</body></presence>");
        crowd.push_back(std::make_shared<const WireForm>(presence, ns::client));
    }
    std::string expected;
    world.session()->send(crowd, "romeo@localhost/orchard");
    world.juliet_writes(41, 100);
    for (int i = 1; i <= 41; ++i) {
        expected += std::to_string(i) + " ";
    }
    std::string heard;
    while (world.session()->waiting_bytes() > 0) {
        heard += romeo.reads(30'000);
    }
    CHECK(numbers(heard) == expected);
    CHECK(says(heard, "<presence to='romeo@localhost/orchard' from='cave@conference.localhost/witch'>"));
}

TEST_CASE("slow reader: what others send it beyond the bound ends its stream, and theirs goes on (A95)")
{
    Verona world;
    world.set_core("c2s", "unsent_bytes", std::int64_t { 1024 * 1024 });
    Line romeo = world.romeo_arrives();
    romeo.stops_reading();
    for (int i = 1; i <= 11; ++i) {
        world.juliet_writes(i, 100'000);
    }
    CHECK_FALSE(romeo.is_over());
    world.juliet_writes(12, 100'000);
    CHECK(romeo.is_over());
    CHECK(world.ended == Lines { "orchard" });
    CHECK(says(romeo.reads(SIZE_MAX), "<resource-constraint"));
    world.check_bystander();
}

TEST_CASE("slow reader: one answer may be longer than the bound, and as much again may wait behind it")
{
    Verona world;
    world.set_core("c2s", "unsent_bytes", std::int64_t { 256 * 1024 });
    Line romeo = world.romeo_arrives();
    romeo.stops_reading();
    romeo.types("<iq type='get' id='much'><much xmlns='urn:ask'/></iq>");
    world.juliet_writes(1, 200'000);
    CHECK_FALSE(romeo.is_over());
    std::string heard;
    while (world.session()->waiting_bytes() > 0) {
        heard += romeo.reads(100'000);
    }
    CHECK(says(heard, "id='much'"));
    CHECK(numbers(heard) == "1 ");
}

TEST_CASE("slow reader: while it has not read what it asked for, its next requests wait, and none is lost")
{
    Verona world;
    Line romeo = world.romeo_arrives();
    romeo.stops_reading();
    std::string requests;
    for (int i = 1; i <= 40; ++i) {
        requests += "<iq type='get' id='q" + std::to_string(i) + "'><much xmlns='urn:ask'/></iq>";
    }
    romeo.types(requests);
    CHECK(world.session()->waiting_bytes() > 1024 * 1024);
    CHECK(world.session()->waiting_bytes() < 2 * 1024 * 1024);
    CHECK_FALSE(romeo.is_read());
    std::string heard;
    for (int i = 1; i <= 40; ++i) {
        const std::string id = "id='q" + std::to_string(i) + "'";
        while (!says(heard, id)) {
            REQUIRE(world.session()->waiting_bytes() < 2 * 1024 * 1024);
            heard += romeo.reads(50'000);
        }
        heard.erase(0, heard.find(id));
    }
    while (world.session()->waiting_bytes() > 0) {
        romeo.reads(50'000);
    }
    CHECK(romeo.is_read());
    CHECK_FALSE(romeo.is_over());
}

TEST_CASE("slow reader: before it has logged in it gets no more either than it reads")
{
    Verona world;
    Line romeo = world.connection();
    romeo.logs_in("romeo");
    romeo.stops_reading();
    std::string flood;
    for (int i = 0; i < 50'000; ++i) {
        flood += "<r xmlns='urn:xmpp:sm:3'/>";
    }
    romeo.types(flood);
    CHECK_FALSE(romeo.is_read());
    CHECK_FALSE(romeo.is_over());
    CHECK(romeo.reads(SIZE_MAX).size() < 2 * 1024 * 1024);
}

TEST_CASE("slow reader: who says goodbye still gets what waits for him")
{
    Verona world;
    Line romeo = world.romeo_arrives();
    romeo.stops_reading();
    for (int i = 1; i <= 5; ++i) {
        world.juliet_writes(i, 100'000);
    }
    romeo.types("</stream:stream>");
    const std::string heard = romeo.reads(SIZE_MAX);
    CHECK(numbers(heard) == "1 2 3 4 5 ");
    CHECK(heard.ends_with("</stream:stream>"));
}

TEST_CASE("deaf reader: its session ends when nothing was taken in time, and nobody else hears of it")
{
    Verona world;
    Line romeo = world.romeo_arrives();
    romeo.stops_reading();
    for (int i = 1; i <= 5; ++i) {
        world.juliet_writes(i, 250'000);
    }
    romeo.stalls();
    CHECK(world.session() == nullptr);
    CHECK(romeo.is_gone());
    CHECK(world.ended == Lines { "orchard" });
    world.check_bystander();
}

// With stream management (XEP-0198) -----------------------------------------------------------------

TEST_CASE("slow reader: five messages of 250 kB come with <resume/>, over however many turns it takes")
{
    Verona world;
    Line lost = world.romeo_arrives();
    const std::string id = lost.enables();
    lost.breaks();
    for (int i = 1; i <= 5; ++i) {
        world.juliet_writes(i, 250'000);
    }
    Line romeo = world.connection();
    romeo.logs_in("romeo");
    romeo.stops_reading();
    romeo.resumes(id, 0);
    std::string heard;
    std::size_t acknowledged = 0;
    for (int turn = 0; turn < 200 && acknowledged < 5; ++turn) {
        heard += romeo.reads(30'000);
        CHECK_FALSE(romeo.is_over());
        std::size_t whole = 0;
        for (auto at = heard.find("</message>"); at != std::string::npos;
             at = heard.find("</message>", at + 1)) {
            ++whole;
        }
        if (whole > acknowledged) {
            acknowledged = whole;
            romeo.types(acknowledges(acknowledged));
        }
    }
    CHECK(numbers(heard) == "1 2 3 4 5 ");
    CHECK(world.session()->waiting_bytes() < 1000);
    world.check_bystander();
}

TEST_CASE("slow reader: a client with stream management is not sent more than a window ahead of its answers")
{
    Verona world;
    Line romeo = world.romeo_arrives();
    romeo.enables();
    for (int i = 1; i <= 12; ++i) {
        world.juliet_writes(i, 250'000);
    }
    CHECK(numbers(romeo.hears()) == "1 2 3 ");
    romeo.types(acknowledges(1));
    CHECK(numbers(romeo.hears()) == "4 ");
    romeo.types(acknowledges(4));
    CHECK(numbers(romeo.hears()) == "5 6 7 ");
    world.juliet_writes(13, 10);
    romeo.types(acknowledges(7));
    romeo.types(acknowledges(10));
    romeo.types(acknowledges(13));
    CHECK(numbers(romeo.hears()) == "8 9 10 11 12 13 ");
    CHECK_FALSE(romeo.is_over());
}

TEST_CASE("slow reader: it is waited for while our question is on its way to it, and not when it is silent")
{
    Verona world;
    Line romeo = world.romeo_arrives();
    romeo.enables();
    romeo.stops_reading();
    for (int i = 1; i <= 2; ++i) {
        world.juliet_writes(i, 250'000);
    }
    for (int i = 0; i < 8; ++i) { // ack_timeout is 120 s
        romeo.reads(50'000);
        world.waits(61s);
        REQUIRE_FALSE(romeo.is_over());
    }
    world.waits(61s);
    CHECK(romeo.is_over());
    CHECK(says(romeo.reads(SIZE_MAX), "<connection-timeout"));
    CHECK(world.session() != nullptr); // it can be resumed
}

TEST_CASE("deaf reader: one that can be resumed loses nothing, again and again")
{
    Verona world;
    Line first = world.romeo_arrives();
    const std::string id = first.enables();
    first.stops_reading();
    for (int i = 1; i <= 5; ++i) {
        world.juliet_writes(i, 250'000);
    }
    first.stalls();
    REQUIRE(world.session() != nullptr);
    CHECK(world.ended.empty());
    Line second = world.connection();
    second.logs_in("romeo");
    second.stops_reading();
    second.resumes(id, 0);
    CHECK(numbers(second.reads(300'000)) == "1 ");
    CHECK(numbers(second.reads(10'000)) == "2 ");
    second.stalls();
    Line third = world.connection();
    third.logs_in("romeo");
    std::string heard = third.resumes(id, 1);
    CHECK(numbers(heard) == "2 3 4 ");
    third.types(acknowledges(4));
    CHECK(numbers(third.hears()) == "5 ");
    third.types(acknowledges(5));
    world.waits(2s);
    third.types("</stream:stream>");
    CHECK(world.stored_messages("romeo") == 0);
    world.check_bystander();
}

TEST_CASE("deaf reader: when it never comes back, its mail is in the mailbox")
{
    Verona world;
    Line romeo = world.romeo_arrives();
    romeo.enables();
    romeo.stops_reading();
    for (int i = 1; i <= 5; ++i) {
        world.juliet_writes(i, 250'000);
    }
    romeo.stalls();
    world.waits(601s); // resume_window
    CHECK(world.session() == nullptr);
    CHECK(world.stored_messages("romeo") == 5);
    world.check_bystander();
}
