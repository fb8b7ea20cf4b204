// SPDX-License-Identifier: Apache-2.0
#include "resume_run.hpp"

#include "message_id.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace stonechat::bench {
namespace {

constexpr std::size_t swift_login_concurrency = 200;
constexpr std::uint32_t ask_every = 8;
constexpr double resume_patience = 15; // seconds without a message

double seconds_since(Clock::time_point moment)
{
    return std::chrono::duration<double>(Clock::now() - moment).count();
}

CrewListener listener_of(std::function<void(Client&)> online,
    std::function<void(Client&, const Item&)> element, std::function<void(Client&)> acknowledged)
{
    CrewListener listener;
    listener.online = std::move(online);
    listener.element = std::move(element);
    listener.acknowledged = std::move(acknowledged);
    return listener;
}

} // namespace

ResumeRun::ResumeRun(Workbench& bench, const ResumeOptions& options)
    : bench_(bench), options_(options),
      crew_(bench,
          listener_of([this](Client& client) { on_online(client); },
              [this](Client& client, const Item& item) { on_element(client, item); },
              [this](Client& client) { pump(client); })),
      after_id_(fmt::format("'><body>{}</body></message>", std::string(options.body, 'x'))),
      inboxes_(options.sessions), senders_(options.senders)
{
    if (options_.signal != 0) {
        control_.emplace(bench.server.pid(), options_.command);
    }
    for (std::uint32_t i = 0; i < options_.sessions + options_.senders; ++i) {
        auto account = bench_.account(i, "resume");
        account.stream.kind = StreamManagement::resumable;
        account.stream.ask_every = i < options_.sessions ? 0 : ask_every;
        crew_.enlist(std::move(account));
    }
    for (std::uint32_t i = 0; i < options_.senders; ++i) {
        senders_[i].next_inbox = i;
    }
}

bool ResumeRun::run()
{
    gather();
    send_half();
    part_ = Part::outage;
    ended_at_ = Clock::now();
    if (control_) {
        restart_server();
    } else {
        break_connections();
    }
    bench_.report.figure("received_before", static_cast<double>(received_), "");
    const bool all_back = come_back();
    if (all_back) {
        finish_sending();
    }
    const bool good = report() && all_back;
    crew_.log_out();
    return good;
}

// Who could not resume begins a new session, as any client would, and needs to say that it is there.
void ResumeRun::on_online(Client& client)
{
    if (part_ == Part::gathering) {
        client.write("<presence/>");
        return;
    }
    ++(client.is_resumed() ? resumed_ : not_resumed_);
    if (!client.is_resumed()) {
        client.write("<presence/>");
    }
    pump(client);
}

void ResumeRun::on_element(Client& client, const Item& item)
{
    if (item.name != "message") {
        return;
    }
    if (is_sender(client) || attribute(item.head, "type") == "error") {
        ++errors_;
        return;
    }
    on_message(inboxes_[client.tag()], item);
}

void ResumeRun::on_message(Inbox& inbox, const Item& item)
{
    const auto id = parse_message_id(attribute(item.head, "id"));
    if (!id.is_ours || id.sequence >= inbox.sent) {
        ++errors_;
        return;
    }
    if (inbox.seen[id.sequence]) {
        ++doubled_;
        return;
    }
    inbox.seen[id.sequence] = true;
    disordered_ += id.sequence < inbox.next ? 1 : 0;
    inbox.next = std::max(inbox.next, id.sequence + 1);
    ++received_;
}

// Goes round its own inboxes until each has got its messages; an inbox has one sender only, so that the order
// of its messages is known (RFC 6120 §10.1).
void ResumeRun::pump(Client& client)
{
    if (!is_sender(client) || part_ == Part::gathering) {
        return;
    }
    auto& sender = senders_[client.tag() - options_.sessions];
    const auto& ledger = client.ledger();
    while (sender.round < options_.messages
        && ledger.sent_count() - ledger.acknowledged_count() < options_.window) {
        auto& inbox = inboxes_[sender.next_inbox];
        const MessageIdText id(inbox.sent++, now_nanoseconds());
        const auto to = fmt::format("<message to='{}@{}' type='chat' id='m",
            bench_.account(sender.next_inbox, "").user, bench_.target.domain);
        inbox.seen.push_back(false);
        ++sender.sent;
        client.write({ to, id.view(), after_id_ });
        sender.next_inbox += options_.senders;
        if (sender.next_inbox >= options_.sessions) {
            sender.next_inbox = client.tag() - options_.sessions;
            ++sender.round;
        }
    }
    if (sender.round == options_.messages && ledger.sent_count() > ledger.acknowledged_count()) {
        client.ask();
    }
    client.flush();
}

std::uint64_t ResumeRun::accepted()
{
    std::uint64_t count = 0;
    for (std::uint32_t i = 0; i < options_.senders; ++i) {
        const auto acknowledged = crew_[options_.sessions + i].ledger().acknowledged_count();
        count += acknowledged - std::min(acknowledged, senders_[i].stanzas_before);
    }
    return count;
}

std::uint64_t ResumeRun::unacknowledged()
{
    std::uint64_t count = 0;
    for (std::uint32_t i = 0; i < options_.senders; ++i) {
        count += crew_[options_.sessions + i].ledger().unacknowledged().size();
    }
    return count;
}

void ResumeRun::gather()
{
    if (!crew_.log_in(crew_.size(), swift_login_concurrency) || !crew_.barrier()) {
        throw BenchError(fmt::format("only {} of {} logged in; {}", crew_.online(), crew_.size(),
            crew_.first_failure()));
    }
    crew_.expect_outage();
    for (std::uint32_t i = 1; i < options_.sessions; i += 2) {
        crew_.drop(i);
    }
    if (!crew_.barrier()) { // the server has read that they are gone
        throw BenchError("no answer to a ping");
    }
    for (std::uint32_t i = 0; i < options_.senders; ++i) {
        senders_[i].stanzas_before = crew_[options_.sessions + i].ledger().sent_count();
    }
}

void ResumeRun::send_half()
{
    part_ = Part::before;
    for (std::uint32_t i = 0; i < options_.senders; ++i) {
        pump(crew_[options_.sessions + i]);
    }
    const auto is_half = [this] { return accepted() >= wanted() / 2; };
    if (!bench_.loop.run_until(bench_.deadline(), is_half)) {
        throw BenchError(fmt::format("the server took {} of {} messages", accepted(), wanted()));
    }
    bench_.report.figure("accepted_before", static_cast<double>(accepted()), "");
}

void ResumeRun::break_connections()
{
    server_cpu_before_ = bench_.server.cpu_nanoseconds().value_or(0);
    for (std::size_t i = 0; i < crew_.size(); ++i) {
        if (crew_[i].is_open()) {
            crew_.drop(i);
        }
    }
}

// The connections are read to their end: what the old server wrote counts as received.
void ResumeRun::restart_server()
{
    control_->send_signal(options_.signal);
    if (!bench_.loop.run_until(bench_.deadline(), [this] { return control_->has_ended(); })) {
        throw BenchError("the server does not end");
    }
    bench_.report.figure("ending_seconds", seconds_since(ended_at_), "s", 2);
    bench_.server = control_->start();
    server_cpu_before_ = 0;
    const auto is_there = [this] { return is_listening(bench_.target.address) || control_->has_ended(); };
    while (!is_there() && Clock::now() < bench_.deadline()) {
        bench_.loop.poll(std::chrono::milliseconds(5));
    }
    if (control_->has_ended()) {
        throw BenchError("the server does not start again");
    }
    bench_.report.figure("listening_after_seconds", seconds_since(ended_at_), "s", 2);
}

bool ResumeRun::come_back()
{
    part_ = Part::after;
    const auto start = Clock::now();
    const bool all_back = crew_.come_back(options_.concurrency);
    bench_.report.figure("all_back_seconds", seconds_since(start), "s", 2);
    bench_.report.figure("all_back_after_seconds", seconds_since(ended_at_), "s", 2);
    if (auto cpu = bench_.server.cpu_nanoseconds()) {
        *cpu -= server_cpu_before_;
        bench_.report.figure("server_cpu_seconds", static_cast<double>(*cpu) / 1e9, "s", 2);
        bench_.report.figure("server_cpu_ms_per_session",
            static_cast<double>(*cpu) / 1e6 / static_cast<double>(crew_.size()), "ms", 3);
    }
    if (!all_back) {
        bench_.report.note(fmt::format("only {} of {} came back; {}", crew_.online(), crew_.size(),
            crew_.first_failure()));
    }
    return all_back;
}

void ResumeRun::finish_sending()
{
    auto seen = received_;
    auto last = Clock::now();
    const auto is_over = [&] {
        if (received_ != seen) {
            seen = received_;
            last = Clock::now();
        }
        return (received_ >= wanted() && unacknowledged() == 0) || seconds_since(last) > resume_patience;
    };
    bench_.loop.run_until(bench_.deadline(), is_over);
    never_acknowledged_ = unacknowledged();
    static_cast<void>(crew_.barrier(bench_.in(5))); // nothing else is on its way
}

bool ResumeRun::report()
{
    std::uint64_t sent = 0;
    for (const auto& sender : senders_) {
        sent += sender.sent;
    }
    auto& report = bench_.report;
    report.figure("resumed", static_cast<double>(resumed_), "");
    report.figure("not_resumed", static_cast<double>(not_resumed_), "");
    report.figure("sent_in_all", static_cast<double>(sent), "");
    report.figure("lost", static_cast<double>(sent - received_), "");
    report.figure("doubled", static_cast<double>(doubled_), "");
    report.figure("out_of_order", static_cast<double>(disordered_), "");
    report.figure("never_acknowledged", static_cast<double>(never_acknowledged_), "");
    report.figure("errors", static_cast<double>(errors_), "");
    return sent == received_ && sent == wanted() && doubled_ == 0 && errors_ == 0 && not_resumed_ == 0;
}

} // namespace stonechat::bench
