// SPDX-License-Identifier: Apache-2.0
//
// Messages that count only when they are safe: the server has acknowledged one to its sender (XEP-0198) and
// the recipient has it. Each sender keeps a window of messages for which one of the two is missing and asks
// <r/> now and then; in a second part messages are due at a fixed rate and each is followed by <r/>. Lives on
// the client's only thread, shorter than the clients it is given.
#pragma once

#include "workbench.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace stonechat::bench {

struct ArchiveOptions {
    std::uint32_t pairs = 100;
    std::uint32_t window = 32;
    std::uint32_t ask_every = 8;
    double rate = 2000; ///< messages a second over all pairs in the second part; 0: no such part
    double seconds = 10;
    double warm_up = 2;
    std::uint32_t body = 64;
};

class ArchiveRun {
public:
    ArchiveRun(Workbench& bench, const ArchiveOptions& options);

    /// Pairs are numbered in the order in which they are added.
    void add_pair(Client& sender, Client& recipient);

    void on_message(std::uint32_t pair, const Item& item);
    void on_error() { ++errors_; }
    void on_acknowledged(std::uint32_t pair);
    /// Either client of the pair has handled what came with one read.
    void on_batch_end(std::uint32_t pair);

    /// Both parts; answers whether nothing was lost, doubled or left without acknowledgement.
    bool run();

private:
    struct Unacknowledged {
        std::uint64_t number; ///< of the stanza on the sender's stream
        std::uint64_t due;
    };

    struct Flow {
        Client* sender = nullptr;
        Client* recipient = nullptr;
        std::string before_id;
        std::uint64_t sent = 0;
        std::uint64_t received = 0;
        std::uint64_t acknowledged = 0;
        std::uint64_t complete = 0;
        std::uint64_t newest = 0;
        std::uint32_t unasked = 0;
        bool is_asking = false;
        std::vector<bool> seen;
        std::deque<Unacknowledged> waiting;
    };

    enum class Part { none, closed_loop, fixed_rate };

    void send(Flow& flow, std::uint64_t due);
    void ask(Flow& flow);
    void fill_window(Flow& flow);
    void send_what_is_due();
    void ask_again();
    void complete(Flow& flow);
    bool run_for(double seconds);
    bool run_closed_loop();
    bool run_fixed_rate();
    void drain();
    [[nodiscard]] bool has_lost_a_client() const;
    void report_load(const std::string& prefix, const CpuSpan& span);
    bool report_totals();

    Workbench& bench_;
    ArchiveOptions options_;
    std::string after_id_;
    std::vector<Flow> flows_;
    Part part_ = Part::none;
    bool is_measuring_ = false;
    std::uint64_t next_due_ = 0;
    std::size_t next_flow_ = 0;
    std::uint64_t next_look_ = 0;
    std::uint64_t measured_ = 0;
    std::uint64_t progress_ = 0; ///< counts everything that comes
    std::uint64_t doubled_ = 0;
    std::uint64_t disordered_ = 0;
    std::uint64_t errors_ = 0;
    Histogram latency_;
    Histogram ack_latency_;
};

} // namespace stonechat::bench
