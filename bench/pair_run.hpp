// SPDX-License-Identifier: Apache-2.0
//
// Messages within pairs of clients, closed loop (a reception lets the next one go) or at a fixed rate. The
// two of a pair take turns like people in a chat, or with --one-way only the first one writes. Every message
// carries its sequence number and the time it was due, so that loss, doubles, disorder and latency are seen
// by the receiver. Used alike by `pair` (a server between) and `floor` (a byte relay between). Lives on the
// client's only thread, shorter than the clients it is given.
#pragma once

#include "workbench.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace stonechat::bench {

struct PairOptions {
    std::uint32_t pairs = 100;
    std::uint32_t outstanding = 1;
    double rate = 0; ///< messages a second over all pairs; 0: closed loop
    double seconds = 10;
    double warm_up = 2;
    std::uint32_t body = 64;
    bool one_way = false;
};

void add_pair_options(CLI::App& app, PairOptions& options);

class PairRun {
public:
    PairRun(Workbench& bench, const PairOptions& options);

    /// The clients 2k and 2k+1 are a pair; `address` is where the other one reaches this one.
    void add_client(Client& client, std::string_view address);

    /// To be called for every message element, with the index of the client that got it.
    void on_message(std::uint32_t receiver, const Item& item);

    /// To be called when everything that arrived with one read was handled: answers go out in one write.
    void on_batch_end(std::uint32_t receiver);

    /// Runs warm-up, measurement and drain, and fills the report; answers whether nothing was lost or
    /// doubled.
    bool run();

private:
    // All messages to one client, from its partner.
    struct Flow {
        Client* sender = nullptr;
        Client* receiver = nullptr;
        std::string before_id;
        std::uint64_t sent = 0;
        std::uint64_t received = 0;
        std::uint64_t newest = 0;
        std::vector<bool> seen;
    };

    [[nodiscard]] std::size_t next_of(std::size_t flow) const { return options_.one_way ? flow : flow ^ 1u; }
    void send(Flow& flow, std::uint64_t due);
    void send_first();
    void send_what_is_due();
    bool run_for(double seconds);
    void drain();
    [[nodiscard]] bool has_lost_a_client() const;
    bool fill_report(const CpuSpan& span);

    Workbench& bench_;
    PairOptions options_;
    std::string after_time_;
    std::vector<Flow> flows_;
    bool is_sending_ = true;
    bool is_measuring_ = false;
    std::uint64_t next_due_ = 0;
    std::size_t next_flow_ = 1;
    std::uint64_t measured_ = 0;
    std::uint64_t doubled_ = 0;
    std::uint64_t disordered_ = 0;
    std::uint64_t errors_ = 0;
    Histogram latency_;
};

} // namespace stonechat::bench
