// SPDX-License-Identifier: Apache-2.0
#include "c2s/stream_management.hpp"

#include <doctest/doctest.h>

#include <random>
#include <vector>

using namespace stonechat;
using Ack = StreamManagement::Ack;

namespace {

std::vector<std::string> transmitted(StreamManagement& management)
{
    std::vector<std::string> sent;
    management.transmit([] { return true; }, [&sent](const std::string& xml) { sent.push_back(xml); });
    return sent;
}

using Sent = std::vector<std::string>;

Element ack(std::string_view h)
{
    Element element("a", "urn:xmpp:sm:3");
    element.set_attribute("h", h);
    return element;
}

} // namespace

TEST_CASE("counting: what is acknowledged goes, the rest is sent again on a new connection (XEP-0198 §5)")
{
    StreamManagement management;
    for (const char* xml : { "one", "two", "three" }) {
        management.push(xml);
    }
    CHECK(transmitted(management) == Sent { "one", "two", "three" });
    CHECK(transmitted(management).empty());
    CHECK(management.acknowledge(1) == Ack::fine);
    management.push("four");
    CHECK(management.resume(2) == Ack::fine);
    CHECK(management.unacknowledged() == 2);
    CHECK(transmitted(management) == Sent { "three", "four" });
    CHECK(management.acknowledge(4) == Ack::fine);
    CHECK(management.unacknowledged() == 0);
    CHECK(management.bytes() == 0);
}

TEST_CASE("counting: what is not ready holds up what is behind it, and nothing before it")
{
    StreamManagement management;
    management.push("one");
    const auto second = management.hold();
    const auto third = management.hold();
    management.push("four");
    CHECK(transmitted(management) == Sent { "one" });
    management.fill(third, "three");
    CHECK(transmitted(management).empty());
    CHECK(management.acknowledge(2) == Ack::too_high);
    management.fill(second, "two");
    management.fill(second, "no place twice");
    management.fill(17, "nor one that is not");
    CHECK(transmitted(management) == Sent { "two", "three", "four" });
    CHECK_FALSE(management.has_released());
    CHECK(management.acknowledge(2) == Ack::fine);
    CHECK(management.has_released());
}

TEST_CASE("counting: an old count changes nothing, one that cannot be frees nothing (HOSTILE A45)")
{
    StreamManagement management;
    for (int i = 0; i < 8; ++i) {
        management.push("x");
    }
    transmitted(management);
    CHECK(management.acknowledge(5) == Ack::fine);
    CHECK(management.acknowledge(3) == Ack::fine);
    CHECK(management.acknowledged() == 5);
    for (const std::uint32_t lie : { 9U, 10U, 1'000'000U, UINT32_MAX, UINT32_MAX / 2, UINT32_MAX / 2 + 3 }) {
        CHECK(management.acknowledge(lie) == Ack::too_high);
        CHECK(management.resume(lie) == Ack::too_high);
        CHECK(management.unacknowledged() == 3);
        CHECK(management.sent() == 8);
    }
    CHECK(management.acknowledge(8) == Ack::fine);
}

// XEP-0198 §4-1
TEST_CASE("counting: 2^32 - 1 is followed by 0 (XEP-0198 §4)")
{
    const std::uint64_t before = UINT32_MAX - 1ULL;
    StreamManagement management(before, before);
    for (int i = 0; i < 4; ++i) {
        management.push(std::to_string(i));
    }
    transmitted(management);
    CHECK(management.acknowledge(UINT32_MAX) == Ack::fine);
    CHECK(management.acknowledge(3) == Ack::too_high);
    CHECK(management.acknowledge(1) == Ack::fine);
    CHECK(management.acknowledged() == before + 3);
    CHECK(management.acknowledge(UINT32_MAX) == Ack::fine); // an old one
    CHECK(management.unacknowledged() == 1);

    management.set_durable(before + 1);
    CHECK(management.take_h() == UINT32_MAX);
    management.set_durable(before + 2);
    CHECK(management.take_h() == 0);
}

TEST_CASE("counting: an answer that could not be given in full is completed, and much is told unasked")
{
    StreamManagement management;
    management.set_durable(1);
    CHECK_FALSE(management.has_to_tell());
    CHECK(management.take_h() == 1);
    management.asked(3);
    CHECK_FALSE(management.has_to_tell());
    management.set_durable(2);
    CHECK(management.has_to_tell());
    CHECK(management.take_h() == 2);
    management.set_durable(3);
    CHECK(management.has_to_tell());
    CHECK(management.take_h() == 3);
    management.set_durable(4);
    CHECK_FALSE(management.has_to_tell());
    management.set_durable(2); // never back
    CHECK(management.durable() == 4);
    management.set_durable(60);
    CHECK(management.has_to_tell());
}

TEST_CASE("counting: one request of ours is open at a time, and none without something new")
{
    StreamManagement management;
    CHECK_FALSE(management.has_to_ask());
    management.push("one");
    CHECK_FALSE(management.has_to_ask());
    transmitted(management);
    CHECK(management.has_to_ask());
    management.ask();
    management.push("two");
    transmitted(management);
    CHECK_FALSE(management.has_to_ask());
    CHECK(management.acknowledge(1) == Ack::fine);
    CHECK(management.has_to_ask());
    management.ask();
    CHECK(management.acknowledge(1) == Ack::fine); // an answer, though no news
    CHECK_FALSE(management.has_to_ask());
    management.resume(1);
    transmitted(management);
    CHECK(management.has_to_ask());
}

TEST_CASE("counting: h is a number from 0 to 2^32 - 1, and nothing else (HOSTILE A45)")
{
    CHECK(read_handled_count(ack("0")) == 0U);
    CHECK(read_handled_count(ack("4294967295")) == UINT32_MAX);
    for (const char* text :
        { "", "-1", "+1", " 1", "1 ", "1.0", "0x1", "x", "4294967296", "99999999999999999999999" }) {
        CHECK_FALSE(read_handled_count(ack(text)));
    }
    CHECK_FALSE(read_handled_count(Element("a", "urn:xmpp:sm:3")));
}

TEST_CASE("counting: not more than a window is under way, and what is acknowledged makes room")
{
    StreamManagement management;
    const std::string half(StreamManagement::window / 2, 'x');
    for (int i = 0; i < 5; ++i) {
        management.push(half);
    }
    CHECK(transmitted(management).size() == 2);
    CHECK(management.untransmitted_bytes() == 3 * half.size());
    CHECK(transmitted(management).empty());
    CHECK(management.acknowledge(1) == Ack::fine);
    CHECK(transmitted(management).size() == 1);
    CHECK(management.resume(2) == Ack::fine);
    CHECK(transmitted(management).size() == 2);
    bool may = true;
    CHECK(management.acknowledge(4) == Ack::fine);
    management.push("y");
    std::size_t sent = 0;
    management.transmit([&may] { return std::exchange(may, false); },
        [&sent](const std::string&) { ++sent; });
    CHECK(sent == 1);
}

TEST_CASE("counting: random lives agree with a list of all that was ever sent")
{
    for (unsigned seed = 0; seed < 200; ++seed) {
        std::mt19937 random(seed);
        const auto up_to = [&random](std::uint64_t most) { return random() % (most + 1); };
        const std::uint64_t start = seed % 2 == 0 ? 0 : UINT32_MAX - up_to(20);
        StreamManagement management(start, start);
        std::vector<std::string> all; // number n is all[n - start - 1]; empty: not ready
        std::uint64_t acknowledged = start;
        std::uint64_t sent = start;
        const auto transmit = [&] {
            management.transmit([] { return true; },
                [&](const std::string& xml) {
                    REQUIRE(xml == all[static_cast<std::size_t>(sent - start)]);
                    ++sent;
                });
            REQUIRE((sent == start + all.size() || all[static_cast<std::size_t>(sent - start)].empty()));
        };
        for (int step = 0; step < 300; ++step) {
            switch (up_to(4)) {
            case 0:
                all.push_back("s" + std::to_string(step));
                REQUIRE(management.push(all.back()) == start + all.size());
                break;
            case 1:
                all.emplace_back();
                REQUIRE(management.hold() == start + all.size());
                break;
            case 2:
                for (std::size_t i = 0; i < all.size(); ++i) {
                    if (all[i].empty() && up_to(1) == 0) {
                        all[i] = "late" + std::to_string(i);
                        management.fill(start + i + 1, all[i]);
                    }
                }
                transmit();
                break;
            case 3: {
                const std::uint64_t h = acknowledged + up_to(sent - acknowledged);
                REQUIRE(management.acknowledge(static_cast<std::uint32_t>(h)) == Ack::fine);
                acknowledged = h;
                REQUIRE(management.acknowledge(static_cast<std::uint32_t>(sent + 1 + up_to(1000)))
                    == Ack::too_high);
                break;
            }
            case 4: {
                const std::uint64_t h = acknowledged + up_to(sent - acknowledged);
                REQUIRE(management.resume(static_cast<std::uint32_t>(h)) == Ack::fine);
                acknowledged = sent = h;
                transmit();
                break;
            }
            }
            REQUIRE(management.acknowledged() == acknowledged);
            REQUIRE(management.unacknowledged() == start + all.size() - acknowledged);
        }
    }
}
