// SPDX-License-Identifier: Apache-2.0
//
// Many resumable sessions (XEP-0198), messages on the way to them, and a server, or network, that goes away
// in the middle: what is there when everybody has come back. Every second recipient has lost its connection
// before the first message, so that all of its messages wait for it on the server. Senders keep a window of
// messages that are not acknowledged and send again what the server did not have. Lives on the client's only
// thread.
#pragma once

#include "crew.hpp"
#include "server_control.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace stonechat::bench {

struct ResumeOptions {
    std::uint32_t sessions = 10000;
    std::uint32_t senders = 16;
    std::uint32_t messages = 5; ///< to each session
    std::uint32_t window = 64;
    std::uint32_t concurrency = 1000; ///< logins at the same time, after the server is back
    std::uint32_t body = 64;
    int signal = 0;      ///< ends the server; 0: the server stays, all connections break
    std::string command; ///< starts it again
};

class ResumeRun {
public:
    ResumeRun(Workbench& bench, const ResumeOptions& options);

    /// Answers whether everybody came back and nothing was lost or doubled.
    bool run();

private:
    struct Inbox {
        std::uint64_t sent = 0;
        std::uint64_t next = 0;
        std::vector<bool> seen;
    };

    struct Sender {
        std::uint64_t stanzas_before = 0; ///< acknowledged or not, before the first message
        std::uint64_t sent = 0;
        std::uint32_t next_inbox = 0;
        std::uint32_t round = 0;
    };

    enum class Part { gathering, before, outage, after };

    void on_online(Client& client);
    void on_element(Client& client, const Item& item);
    void on_message(Inbox& inbox, const Item& item);
    void pump(Client& client);
    [[nodiscard]] bool is_sender(const Client& client) const { return client.tag() >= options_.sessions; }
    [[nodiscard]] std::uint64_t wanted() const
    {
        return std::uint64_t(options_.sessions) * options_.messages;
    }
    [[nodiscard]] std::uint64_t accepted();
    [[nodiscard]] std::uint64_t unacknowledged();

    void gather();
    void send_half();
    void break_connections();
    void restart_server();
    bool come_back();
    void finish_sending();
    bool report();

    Workbench& bench_;
    ResumeOptions options_;
    std::optional<ServerControl> control_;
    Crew crew_;
    std::string after_id_;
    std::vector<Inbox> inboxes_;
    std::vector<Sender> senders_;
    Part part_ = Part::gathering;
    Clock::time_point ended_at_;
    std::uint64_t received_ = 0;
    std::uint64_t doubled_ = 0;
    std::uint64_t disordered_ = 0;
    std::uint64_t errors_ = 0;
    std::uint64_t resumed_ = 0;
    std::uint64_t not_resumed_ = 0;
    std::uint64_t never_acknowledged_ = 0;
    std::uint64_t server_cpu_before_ = 0;
};

} // namespace stonechat::bench
