// SPDX-License-Identifier: Apache-2.0
//
// Messages from the a of each pair to its b, closed loop (each b's reception lets a send the next) or at a
// fixed rate. Every message carries its sequence number and the time it was due, so that loss, doubles,
// disorder and latency are seen by the receiver. Used alike by `pair` (a server between) and `floor` (a
// byte relay between).
// Lives on the client's only thread, shorter than the clients it is given.
#pragma once

#include "workbench.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace stonechat::bench {

struct PairOptions
{
    std::uint32_t pairs = 100;
    std::uint32_t outstanding = 1;
    double rate = 0; ///< messages a second over all pairs; 0: closed loop
    double seconds = 10;
    double warm_up = 2;
    std::uint32_t body = 64;
};

void add_pair_options(CLI::App& app, PairOptions& options);

class PairRun
{
public:
    PairRun(Workbench& bench, const PairOptions& options);

    /// The next pair: messages go from `a` to `to`, which is where `b` receives.
    void add_pair(Client& a, Client& b, std::string_view to);

    /// To be called for every message element; `pair` is the index of the pair whose b got it.
    void on_message(std::uint32_t pair, const Item& item);

    /// To be called when everything that arrived with one read was handled: answers go out in one write.
    void on_batch_end(std::uint32_t pair);

    /// Runs warm-up, measurement and drain, and fills the report; answers whether nothing was lost or doubled.
    bool run();

private:
    struct Pair
    {
        Client* a;
        Client* b;
        std::string before_id;
        std::uint64_t sent = 0;
        std::uint64_t received = 0;
        std::uint64_t newest = 0;
        std::vector<bool> seen;
    };

    void send(Pair& pair, std::uint64_t due);
    void send_first();
    void send_what_is_due();
    bool run_for(double seconds);
    void drain();
    [[nodiscard]] bool has_lost_a_client() const;
    bool fill_report(const CpuSpan& span);

    Workbench& bench_;
    PairOptions options_;
    std::string after_time_;
    std::vector<Pair> pairs_;
    bool is_sending_ = true;
    bool is_measuring_ = false;
    std::uint64_t next_due_ = 0;
    std::size_t next_pair_ = 0;
    std::uint64_t measured_ = 0;
    std::uint64_t doubled_ = 0;
    std::uint64_t disordered_ = 0;
    std::uint64_t errors_ = 0;
    Histogram latency_;
};

} // namespace stonechat::bench
