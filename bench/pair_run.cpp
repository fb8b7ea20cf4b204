// SPDX-License-Identifier: Apache-2.0
#include "pair_run.hpp"

#include "message_id.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace stonechat::bench {
namespace {

constexpr double drain_seconds = 10;

} // namespace

void add_pair_options(CLI::App& app, PairOptions& options)
{
    app.add_option("--pairs", options.pairs, "How many pairs")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_option("--outstanding", options.outstanding, "Closed loop: messages on the way per pair")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_option("--rate", options.rate, "Fixed rate: messages a second over all pairs (0: closed loop)")
        ->capture_default_str();
    app.add_option("--seconds", options.seconds, "How long to measure")->capture_default_str();
    app.add_option("--warm-up", options.warm_up, "Seconds of load before the measurement")
        ->capture_default_str();
    app.add_flag("--one-way", options.one_way, "Only the first of each pair writes; else they take turns");
    app.add_option("--body", options.body, "Bytes in a message's body")->capture_default_str();
}

PairRun::PairRun(Workbench& bench, const PairOptions& options)
    : bench_(bench), options_(options),
      after_time_(fmt::format("'><body>{}</body></message>", std::string(options.body, 'x')))
{}

void PairRun::add_client(Client& client, std::string_view address)
{
    const auto index = flows_.size();
    Flow flow;
    flow.receiver = &client;
    flow.before_id = fmt::format("<message to='{}' type='chat' id='m", address);
    flows_.push_back(std::move(flow));
    if (index % 2 == 1) {
        flows_[index].sender = flows_[index - 1].receiver;
        flows_[index - 1].sender = &client;
    }
}

void PairRun::on_message(std::uint32_t receiver, const Item& item)
{
    auto& flow = flows_[receiver];
    const auto id = parse_message_id(attribute(item.head, "id"));
    if (!id.is_ours || attribute(item.head, "type") == "error") {
        ++errors_;
        return;
    }
    if (id.sequence >= flow.sent || flow.seen[id.sequence]) {
        ++doubled_;
        return;
    }
    flow.seen[id.sequence] = true;
    disordered_ += id.sequence < flow.newest ? 1 : 0;
    flow.newest = std::max(flow.newest, id.sequence);
    ++flow.received;
    const auto now = now_nanoseconds();
    if (is_measuring_) {
        ++measured_;
        latency_.record(now > id.due ? now - id.due : 0);
    }
    if (is_sending_ && options_.rate == 0) {
        send(flows_[next_of(receiver)], now);
    }
}

void PairRun::on_batch_end(std::uint32_t receiver)
{
    flows_[next_of(receiver)].sender->flush();
}

bool PairRun::run()
{
    next_due_ = now_nanoseconds();
    send_first();
    bool went_well = run_for(options_.warm_up);
    const auto start = CpuSpan::start(bench_.server);
    is_measuring_ = true;
    went_well = went_well && run_for(options_.seconds);
    is_measuring_ = false;
    const auto span = start.since(bench_.server);
    is_sending_ = false;
    drain();
    return fill_report(span) && went_well;
}

void PairRun::send(Flow& flow, std::uint64_t due)
{
    const MessageIdText id(flow.sent, due);
    flow.sender->write({ flow.before_id, id.view(), after_time_ });
    ++flow.sent;
    flow.seen.push_back(false);
}

void PairRun::send_first()
{
    if (options_.rate > 0) {
        return;
    }
    for (std::size_t index = 1; index < flows_.size(); index += 2) {
        for (std::uint32_t i = 0; i < options_.outstanding; ++i) {
            send(flows_[index], now_nanoseconds());
        }
        flows_[index].sender->flush();
    }
}

// Latency counts from the moment a message was due, not from when we got round to sending it.
void PairRun::send_what_is_due()
{
    const auto interval = static_cast<std::uint64_t>(1e9 / options_.rate);
    for (const auto now = now_nanoseconds(); next_due_ <= now; next_due_ += interval) {
        auto& flow = flows_[next_flow_];
        next_flow_ = (next_flow_ + (options_.one_way ? 2 : 1)) % flows_.size();
        send(flow, next_due_);
        flow.sender->flush();
    }
}

// At a fixed rate this spins: the client has a core of its own, and a wait of a millisecond would be seen
// in the latencies.
bool PairRun::run_for(double seconds)
{
    const auto end = std::min(bench_.in(seconds), bench_.deadline());
    const auto wait = std::chrono::milliseconds(options_.rate > 0 ? 0 : 20);
    while (Clock::now() < end) {
        if (options_.rate > 0) {
            send_what_is_due();
        }
        bench_.loop.poll(wait);
    }
    return !has_lost_a_client();
}

void PairRun::drain()
{
    const auto all_there = [this] {
        return has_lost_a_client() || std::all_of(flows_.begin(), flows_.end(), [](const Flow& flow) {
            return flow.received == flow.sent;
        });
    };
    bench_.loop.run_until(bench_.in(drain_seconds), all_there);
}

bool PairRun::has_lost_a_client() const
{
    return std::any_of(flows_.begin(), flows_.end(),
        [](const Flow& flow) { return !flow.receiver->is_open(); });
}

bool PairRun::fill_report(const CpuSpan& span)
{
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    for (const auto& flow : flows_) {
        sent += flow.sent;
        received += flow.received;
    }
    auto& report = bench_.report;
    const auto millions = static_cast<double>(std::max<std::uint64_t>(measured_, 1)) / 1e6;
    report.setting("pairs", std::to_string(flows_.size() / 2));
    report.setting("turns", options_.one_way ? "one-way" : "both");
    report.setting(options_.rate > 0 ? "rate" : "outstanding",
        options_.rate > 0 ? fmt::format("{:.0f}", options_.rate) : std::to_string(options_.outstanding));
    report.setting("body", std::to_string(options_.body));
    report.figure("messages_per_second", static_cast<double>(measured_) / span.seconds(), "1/s");
    if (span.server) {
        report.figure("server_cpu_seconds_per_million", static_cast<double>(*span.server) / 1e9 / millions,
            "s", 2);
        report.figure("server_core_used", static_cast<double>(*span.server) / 1e7 / span.seconds(), "%", 1);
    }
    report.figure("client_cpu_seconds_per_million", static_cast<double>(span.client) / 1e9 / millions, "s",
        2);
    report.figure("client_core_used", static_cast<double>(span.client) / 1e7 / span.seconds(), "%", 1);
    report.latencies("latency", latency_);
    report.figure("messages", static_cast<double>(measured_), "");
    report.figure("sent_in_all", static_cast<double>(sent), "");
    report.figure("lost", static_cast<double>(sent - received), "");
    report.figure("doubled", static_cast<double>(doubled_), "");
    report.figure("out_of_order", static_cast<double>(disordered_), "");
    report.figure("errors", static_cast<double>(errors_), "");
    if (has_lost_a_client()) {
        report.note("a connection was lost during the run");
    }
    return sent == received && doubled_ == 0 && errors_ == 0 && measured_ > 0;
}

} // namespace stonechat::bench
