// SPDX-License-Identifier: Apache-2.0
#include "router/message_log.hpp"

#include <doctest/doctest.h>

using namespace stonechat;

namespace {

constexpr WallTime noon { std::chrono::hours(12) };

} // namespace

TEST_CASE("message tracks: the notes of one message, in order, without those of others")
{
    MessageLog tracks;
    const auto mine = MessageLog::key_of("m1");
    tracks.note(mine, noon, "received");
    tracks.note(MessageLog::key_of("m2"), noon, "received");
    tracks.note(mine, noon + std::chrono::seconds(1), "delivered", "to balcony");
    const auto notes = tracks.find(mine);
    REQUIRE(notes.size() == 2);
    CHECK(notes[0].text == "received");
    CHECK(notes[1].text == "delivered: to balcony");
    CHECK(notes[1].when == noon + std::chrono::seconds(1));
}

TEST_CASE("message tracks: a message without an id leaves none")
{
    MessageLog tracks;
    tracks.note(MessageLog::key_of(""), noon, "received");
    CHECK(tracks.find(0).empty());
}

TEST_CASE("message tracks: the oldest make room for the newest, and long notes are cut")
{
    MessageLog tracks;
    const auto first = MessageLog::key_of("first");
    const auto other = MessageLog::key_of("other");
    tracks.note(first, noon, "received");
    for (int i = 0; i < 16384; ++i) {
        tracks.note(other, noon, std::string(100, 'x'));
    }
    CHECK(tracks.find(first).empty());
    const auto notes = tracks.find(other);
    REQUIRE(notes.size() == 16384);
    CHECK(notes.back().text == std::string(47, 'x'));
}

TEST_CASE("message tracks: a note is cut between characters, whatever a resource is called")
{
    MessageLog tracks;
    const auto mine = MessageLog::key_of("m1");
    std::string moons;
    for (int i = 0; i < 20; ++i) {
        moons += "\U0001F319";
    }
    tracks.note(mine, noon, "delivered", moons);
    const std::string text = tracks.find(mine).at(0).text;
    CHECK(text == "delivered: " + moons.substr(0, 36));
    tracks.note(mine, noon, "delivered to", moons);
    CHECK(tracks.find(mine).at(1).text == "delivered to: " + moons.substr(0, 32));
}
