// SPDX-License-Identifier: Apache-2.0
#include "archive_run.hpp"

#include "message_id.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace stonechat::bench {
namespace {

constexpr std::chrono::seconds drain_patience { 10 }; // without a message or an acknowledgement
constexpr std::uint64_t look_interval = 20'000'000;   // nanoseconds

} // namespace

ArchiveRun::ArchiveRun(Workbench& bench, const ArchiveOptions& options)
    : bench_(bench), options_(options),
      after_id_(fmt::format("'><body>{}</body></message>", std::string(options.body, 'x')))
{}

void ArchiveRun::add_pair(Client& sender, Client& recipient)
{
    Flow flow;
    flow.sender = &sender;
    flow.recipient = &recipient;
    flow.before_id = fmt::format("<message to='{}' type='chat' id='m", recipient.jid());
    flows_.push_back(std::move(flow));
}

void ArchiveRun::on_message(std::uint32_t pair, const Item& item)
{
    auto& flow = flows_[pair];
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
    ++progress_;
    if (is_measuring_) {
        const auto now = now_nanoseconds();
        latency_.record(now > id.due ? now - id.due : 0);
    }
    if (id.sequence < flow.acknowledged) {
        complete(flow);
    }
}

void ArchiveRun::on_acknowledged(std::uint32_t pair)
{
    auto& flow = flows_[pair];
    const auto now = now_nanoseconds();
    const auto upto = flow.sender->ledger().acknowledged_count();
    flow.is_asking = false;
    while (!flow.waiting.empty() && flow.waiting.front().number <= upto) {
        ++progress_;
        const auto due = flow.waiting.front().due;
        flow.waiting.pop_front();
        if (is_measuring_) {
            ack_latency_.record(now > due ? now - due : 0);
        }
        if (flow.seen[flow.acknowledged++]) {
            complete(flow);
        }
    }
}

void ArchiveRun::on_batch_end(std::uint32_t pair)
{
    if (part_ == Part::closed_loop) {
        fill_window(flows_[pair]);
    }
}

bool ArchiveRun::run()
{
    const bool went_well = run_closed_loop() && (options_.rate <= 0 || run_fixed_rate());
    return report_totals() && went_well;
}

void ArchiveRun::send(Flow& flow, std::uint64_t due)
{
    const MessageIdText id(flow.sent, due);
    flow.sender->write({ flow.before_id, id.view(), after_id_ });
    flow.waiting.push_back({ flow.sender->ledger().sent_count(), due });
    flow.seen.push_back(false);
    ++flow.sent;
    ++flow.unasked;
}

void ArchiveRun::ask(Flow& flow)
{
    flow.sender->ask();
    flow.unasked = 0;
    flow.is_asking = true;
}

// The last messages of a full window are asked for as well, else nothing would go on.
void ArchiveRun::fill_window(Flow& flow)
{
    if (flow.sent - flow.complete >= options_.window) {
        return;
    }
    while (flow.sent - flow.complete < options_.window) {
        send(flow, now_nanoseconds());
        if (flow.unasked >= options_.ask_every) {
            ask(flow);
        }
    }
    if (!flow.is_asking) {
        ask(flow);
    }
    flow.sender->flush();
}

// Latency counts from the moment a message was due, not from when we got round to sending it.
void ArchiveRun::send_what_is_due()
{
    const auto interval = static_cast<std::uint64_t>(1e9 / options_.rate);
    for (const auto now = now_nanoseconds(); next_due_ <= now; next_due_ += interval) {
        auto& flow = flows_[next_flow_];
        next_flow_ = (next_flow_ + 1) % flows_.size();
        send(flow, next_due_);
        ask(flow);
        flow.sender->flush();
    }
}

// A server may answer an <r/> before the messages in front of it are safe, and say nothing later.
void ArchiveRun::ask_again()
{
    const auto now = now_nanoseconds();
    if (now < next_look_) {
        return;
    }
    next_look_ = now + look_interval;
    for (auto& flow : flows_) {
        if (!flow.waiting.empty() && !flow.is_asking) {
            ask(flow);
            flow.sender->flush();
        }
    }
}

void ArchiveRun::complete(Flow& flow)
{
    ++flow.complete;
    measured_ += is_measuring_ ? 1 : 0;
}

// At a fixed rate this spins: the client has a core of its own, and a wait of a millisecond would be seen
// in the latencies.
bool ArchiveRun::run_for(double seconds)
{
    const auto end = std::min(bench_.in(seconds), bench_.deadline());
    const auto wait = std::chrono::milliseconds(part_ == Part::fixed_rate ? 0 : 20);
    while (Clock::now() < end) {
        if (part_ == Part::fixed_rate) {
            send_what_is_due();
        }
        ask_again();
        bench_.loop.poll(wait);
    }
    return !has_lost_a_client();
}

bool ArchiveRun::run_closed_loop()
{
    part_ = Part::closed_loop;
    for (auto& flow : flows_) {
        fill_window(flow);
    }
    bool went_well = run_for(options_.warm_up);
    const auto start = CpuSpan::start(bench_.server);
    is_measuring_ = true;
    went_well = went_well && run_for(options_.seconds);
    is_measuring_ = false;
    report_load("", start.since(bench_.server));
    drain();
    return went_well;
}

bool ArchiveRun::run_fixed_rate()
{
    part_ = Part::fixed_rate;
    next_due_ = now_nanoseconds();
    bool went_well = run_for(options_.warm_up);
    const auto start = CpuSpan::start(bench_.server);
    is_measuring_ = true;
    went_well = went_well && run_for(options_.seconds);
    const auto span = start.since(bench_.server);
    drain(); // what was sent counts, however late it comes
    is_measuring_ = false;
    report_load("rate_", span);
    return went_well;
}

void ArchiveRun::drain()
{
    part_ = Part::none;
    std::uint64_t seen = 0;
    auto last = Clock::now();
    const auto is_over = [&] {
        ask_again();
        if (progress_ != seen) {
            seen = progress_;
            last = Clock::now();
        }
        return has_lost_a_client() || Clock::now() > last + drain_patience
            || std::all_of(flows_.begin(), flows_.end(),
                [](const Flow& flow) { return flow.complete == flow.sent; });
    };
    bench_.loop.run_until(bench_.deadline(), is_over);
}

bool ArchiveRun::has_lost_a_client() const
{
    return std::any_of(flows_.begin(), flows_.end(),
        [](const Flow& flow) { return !flow.sender->is_open() || !flow.recipient->is_open(); });
}

void ArchiveRun::report_load(const std::string& prefix, const CpuSpan& span)
{
    auto& report = bench_.report;
    const auto messages = static_cast<double>(std::max<std::uint64_t>(std::exchange(measured_, 0), 1));
    report.figure(prefix + "messages_per_second", messages / span.seconds(), "1/s");
    if (span.server) {
        const auto nanoseconds = static_cast<double>(*span.server);
        report.figure(prefix + "server_cpu_seconds_per_million", nanoseconds / 1e3 / messages, "s", 2);
        report.figure(prefix + "server_core_used", nanoseconds / 1e7 / span.seconds(), "%", 1);
    }
    report.figure(prefix + "client_core_used", static_cast<double>(span.client) / 1e7 / span.seconds(), "%",
        1);
    report.latencies(prefix + "latency", std::exchange(latency_, Histogram()));
    report.latencies(prefix + "ack_latency", std::exchange(ack_latency_, Histogram()));
}

bool ArchiveRun::report_totals()
{
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    std::uint64_t acknowledged = 0;
    for (const auto& flow : flows_) {
        sent += flow.sent;
        received += flow.received;
        acknowledged += flow.acknowledged;
    }
    auto& report = bench_.report;
    report.figure("sent_in_all", static_cast<double>(sent), "");
    report.figure("lost", static_cast<double>(sent - received), "");
    report.figure("doubled", static_cast<double>(doubled_), "");
    report.figure("out_of_order", static_cast<double>(disordered_), "");
    report.figure("never_acknowledged", static_cast<double>(sent - acknowledged), "");
    report.figure("errors", static_cast<double>(errors_), "");
    if (has_lost_a_client()) {
        report.note("a connection was lost during the run");
    }
    return sent > 0 && sent == received && sent == acknowledged && doubled_ == 0 && errors_ == 0;
}

} // namespace stonechat::bench
