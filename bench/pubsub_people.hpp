// SPDX-License-Identifier: Apache-2.0
//
// A crew that uses pubsub nodes: announces interests, makes contacts of others, and sends the requests of a
// preparation, one answer of which that is an error ends the run. Everything else that comes goes to the
// listener. Owned by a load of the mode `pubsub`, lives on the client's only thread.
#pragma once

#include "crew.hpp"
#include "interests.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stonechat::bench {

struct PeopleListener {
    std::function<void(Client&, const Item&)> message;
    /// The answer to a request that is not one of PubsubPeople.
    std::function<void(Client&, const Item&)> answer;
};

class PubsubPeople {
public:
    PubsubPeople(Workbench& bench, PeopleListener listener, const Interests* interests = nullptr);
    PubsubPeople(const PubsubPeople&) = delete;

    void enlist(std::uint32_t account, std::string_view resource);
    void log_in();
    /// Presence of all of them; when it returns, the server knows what they are interested in.
    void come_online();
    void send_presence(std::size_t index);
    void log_out() { crew_.log_out(); }

    /// Whatever was sent before is handled when this returns.
    void barrier();
    /// Polls until `done()`; throws if this takes too long or a connection is lost. `what` is missing then.
    void wait(const std::function<bool()>& done, std::string_view what);

    /// One request of the preparation, answered when settle() returns. `to` may be empty.
    void ask(std::size_t index, std::string_view type, std::string_view to, std::string_view payload);
    void settle();

    /// All of these become contacts of all of the others, in both directions. Both have to be online.
    void befriend(PubsubPeople& others);

    Client& operator[](std::size_t index) { return crew_[index]; }
    [[nodiscard]] std::size_t size() const { return crew_.size(); }
    /// The bare address of one of them.
    [[nodiscard]] std::string address(std::size_t index);
    [[nodiscard]] std::size_t failures() const { return crew_.failures(); }

private:
    CrewListener crew_listener();
    void take(Client& client, const Item& item);
    void take_answer(Client& client, const Item& item);
    /// How many of these see all of the `contacts` contacts that they should have, and are seen by them.
    [[nodiscard]] std::size_t complete_rosters(std::size_t contacts);

    Workbench& bench_;
    PeopleListener listener_;
    const Interests* interests_;
    Crew crew_;
    std::size_t unanswered_ = 0;
    std::string refusal_;
    std::vector<std::size_t> mutual_; ///< contacts in both directions, of each of these
};

/// The payload of a request that publishes one item.
std::string publication(std::string_view node, std::string_view id, std::string_view item,
    std::string_view access = {});

} // namespace stonechat::bench
