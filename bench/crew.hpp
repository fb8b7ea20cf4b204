// SPDX-License-Identifier: Apache-2.0
//
// A number of clients that log in with bounded concurrency and stay. Answers the server's questions
// (XEP-0199 pings among them) so that nobody is thrown out, and passes everything else to its listener.
// Owned by a mode, lives on the client's only thread.
#pragma once

#include "workbench.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <vector>

namespace stonechat::bench {

/// What a crew's owner may listen to; all optional.
struct CrewListener {
    std::function<void(Client&)> online;
    std::function<void(Client&, const Item&)> element;
    /// A request to the client. Whoever returns false leaves it to the crew, which refuses it.
    std::function<bool(Client&, const Item&)> asked;
    std::function<void(Client&)> batch_end;
    std::function<void(Client&)> acknowledged;
};

/// How many clients log in at once where logins are not what is measured.
constexpr std::size_t login_concurrency = 50;

class Crew final : private ClientEvents {
public:
    explicit Crew(Workbench& bench, CrewListener listener = {})
        : bench_(bench), listener_(std::move(listener))
    {}

    /// Adds a client that is not started yet; its tag is its index here.
    void enlist(Account account);

    /// Starts everyone enlisted until `count` are online; false when logins fail or time is up.
    [[nodiscard]] bool log_in(std::size_t count, std::size_t concurrency);

    /// Pings the domain from every client and waits for all answers: what was sent before is handled then.
    [[nodiscard]] bool barrier() { return barrier(bench_.deadline()); }
    [[nodiscard]] bool barrier(Clock::time_point deadline);

    /// From here on a lost connection is no failure; come_back() makes it good.
    void expect_outage() { is_outage_ = true; }
    /// Drops a connection without a word, after expect_outage().
    void drop(std::size_t index);
    /// Starts everyone who is not online, again and again, until all are; false when time is up.
    [[nodiscard]] bool come_back(std::size_t concurrency);

    /// Ends all streams and waits for it.
    void log_out();

    Client& operator[](std::size_t index) { return *clients_[index]; }
    [[nodiscard]] std::size_t size() const { return clients_.size(); }
    [[nodiscard]] std::size_t online() const { return online_; }
    [[nodiscard]] std::size_t failures() const { return failures_; }
    [[nodiscard]] const std::string& first_failure() const { return first_failure_; }

private:
    void on_online(Client& client) override;
    void on_element(Client& client, const Item& item) override;
    void on_batch_end(Client& client) override;
    void on_acknowledged(Client& client) override;
    void on_offline(Client& client, const std::string& reason) override;
    void start_more(std::size_t count, std::size_t concurrency);
    void start_again(std::size_t concurrency);

    Workbench& bench_;
    CrewListener listener_;
    std::vector<std::unique_ptr<Client>> clients_;
    std::size_t started_ = 0;
    std::size_t online_ = 0;
    std::size_t failures_ = 0;
    std::size_t pongs_missing_ = 0;
    bool leaving_ = false;
    bool is_outage_ = false;
    std::size_t returning_ = 0;
    std::deque<std::uint32_t> away_; ///< by index: those whom come_back() has to start
    std::string first_failure_;
};

} // namespace stonechat::bench
