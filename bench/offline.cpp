// SPDX-License-Identifier: Apache-2.0
// `offline`: messages for accounts that are away, and what they find when they come back.
#include "crew.hpp"
#include "modes.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <vector>

namespace stonechat::bench {
namespace {

constexpr double mail_patience = 10; // seconds without a message

struct OfflineMode {
    CommonOptions common;
    std::uint32_t messages = 20000;
    std::uint32_t recipients = 200;
    std::uint32_t senders = 16;
    std::uint32_t batch = 50;
    std::uint32_t body = 64;
};

// Accounts 0..recipients-1 are away; the ones behind them write. Each recipient has one sender, so that
// the order of its messages is known (RFC 6120 §10.1).
class OfflineRun {
public:
    OfflineRun(Workbench& bench, const OfflineMode& mode)
        : bench_(bench), mode_(mode), body_(mode.body, 'x'), sent_to_(mode.recipients), got_(mode.recipients)
    {}

    bool run()
    {
        const bool stored = store();
        return stored && deliver() && deliver_nothing_again();
    }

private:
    struct Sender {
        std::uint32_t left = 0;
        std::uint32_t in_batch = 0;
        std::uint32_t next_recipient = 0;
    };

    bool store()
    {
        CrewListener listener;
        listener.element = [this](Client& client, const Item& item) { on_answer(client, item); };
        Crew crew(bench_, listener);
        for (std::uint32_t i = 0; i < mode_.senders; ++i) {
            crew.enlist(bench_.account(mode_.recipients + i, "sender"));
            senders_.push_back({ mode_.messages / mode_.senders, 0, i });
        }
        log_in(crew);
        const auto start = CpuSpan::start(bench_.server);
        for (std::uint32_t i = 0; i < mode_.senders; ++i) {
            send_batch(crew[i]);
        }
        const std::uint32_t wanted = mode_.messages / mode_.senders * mode_.senders;
        const bool all = bench_.loop.run_until(bench_.deadline(),
            [&] { return accepted_ == wanted || crew.failures() > 0; });
        const auto span = start.since(bench_.server);
        report_phase("accepted", accepted_ - std::min(accepted_, refused_), span);
        bench_.report.figure("refused", refused_, "");
        crew.log_out();
        return all && crew.failures() == 0;
    }

    // A batch ends with a ping: its answer says that the server has taken everything before it
    // (RFC 6120 §10.1, stanzas of one stream are handled in order).
    void send_batch(Client& client)
    {
        auto& sender = senders_[client.tag()];
        sender.in_batch = std::min(sender.left, mode_.batch);
        sender.left -= sender.in_batch;
        for (std::uint32_t i = 0; i < sender.in_batch; ++i) {
            const auto to = sender.next_recipient;
            sender.next_recipient += mode_.senders;
            if (sender.next_recipient >= mode_.recipients) {
                sender.next_recipient = client.tag();
            }
            client.write(fmt::format("<message to='{}@{}' type='chat' id='o{}'><body>{}</body></message>",
                bench_.account(to, "").user, bench_.target.domain, sent_to_[to]++, body_));
        }
        client.write(fmt::format("<iq type='get' id='batch' to='{}'><ping xmlns='urn:xmpp:ping'/></iq>",
            bench_.target.domain));
        client.flush();
    }

    void on_answer(Client& client, const Item& item)
    {
        if (item.name == "message" && attribute(item.head, "type") == "error") {
            ++refused_;
        }
        if (item.name != "iq" || attribute(item.head, "id") != "batch") {
            return;
        }
        auto& sender = senders_[client.tag()];
        accepted_ += sender.in_batch;
        sender.in_batch = 0;
        if (sender.left > 0) {
            send_batch(client);
        }
    }

    // Everyone logs in first: what is measured is the delivery from presence to the last message.
    bool deliver()
    {
        CrewListener listener;
        listener.element = [this](Client& client, const Item& item) { on_delivery(client.tag(), item); };
        Crew crew(bench_, listener);
        enlist_recipients(crew);
        log_in(crew);
        const std::uint64_t wanted = accepted_ - std::min(accepted_, refused_);
        const auto start = CpuSpan::start(bench_.server);
        come_back(crew);
        auto span = start;
        std::uint64_t seen = 0;
        const auto is_over = [&] {
            if (delivered_ != seen) {
                seen = delivered_;
                span = start.since(bench_.server);
            }
            return delivered_ >= wanted
                || Clock::now() > span.at + std::chrono::duration<double>(mail_patience);
        };
        bench_.loop.run_until(bench_.deadline(), is_over);
        report_phase("drained", delivered_, span);
        const auto lost = static_cast<double>(wanted) - static_cast<double>(delivered_);
        bench_.report.figure("lost", std::max(0.0, lost), "");
        bench_.report.figure("out_of_order", disordered_, "");
        crew.log_out();
        return delivered_ == wanted && disordered_ == 0;
    }

    bool deliver_nothing_again()
    {
        const auto before = delivered_;
        CrewListener listener;
        listener.element = [this](Client& client, const Item& item) { on_delivery(client.tag(), item); };
        Crew crew(bench_, listener);
        enlist_recipients(crew);
        log_in(crew);
        come_back(crew);
        if (!crew.barrier()) {
            throw BenchError("no answer to a ping");
        }
        bench_.report.figure("delivered_again", static_cast<double>(delivered_ - before), "");
        crew.log_out();
        return delivered_ == before;
    }

    void on_delivery(std::uint32_t recipient, const Item& item)
    {
        const auto id = attribute(item.head, "id");
        if (item.name != "message" || !id.starts_with('o')) {
            return;
        }
        std::uint32_t sequence = 0;
        std::from_chars(id.data() + 1, id.data() + id.size(), sequence);
        disordered_ += sequence == got_[recipient] ? 0 : 1;
        got_[recipient] = sequence + 1;
        ++delivered_;
    }

    void enlist_recipients(Crew& crew)
    {
        for (std::uint32_t i = 0; i < mode_.recipients; ++i) {
            crew.enlist(bench_.account(i, "back"));
        }
    }

    static void log_in(Crew& crew)
    {
        if (!crew.log_in(crew.size(), login_concurrency)) {
            throw BenchError("logging in: " + crew.first_failure());
        }
    }

    static void come_back(Crew& crew)
    {
        for (std::size_t i = 0; i < crew.size(); ++i) {
            crew[i].write("<presence/>");
            crew[i].flush();
        }
    }

    void report_phase(const std::string& name, std::uint64_t count, const CpuSpan& span)
    {
        const auto messages = static_cast<double>(count);
        bench_.report.figure(name + "_per_second", span.seconds() > 0 ? messages / span.seconds() : 0, "1/s");
        if (span.server && count > 0 && span.seconds() > 0) {
            bench_.report.figure(name + "_server_cpu_seconds_per_million",
                static_cast<double>(*span.server) / 1e3 / messages, "s", 2);
        }
        bench_.report.figure(name, messages, "");
    }

    Workbench& bench_;
    const OfflineMode& mode_;
    std::string body_;
    std::vector<Sender> senders_;
    std::vector<std::uint32_t> sent_to_;
    std::vector<std::uint32_t> got_;
    std::uint32_t accepted_ = 0;
    std::uint32_t refused_ = 0;
    std::uint32_t disordered_ = 0;
    std::uint64_t delivered_ = 0;
};

int run_offline(const OfflineMode& mode)
{
    if (mode.senders > mode.recipients) {
        throw BenchError("offline: every sender needs a recipient of its own");
    }
    Workbench bench("offline", mode.common);
    bench.report.setting("recipients", std::to_string(mode.recipients));
    bench.report.setting("senders", std::to_string(mode.senders));
    OfflineRun run(bench, mode);
    return bench.finish(run.run());
}

} // namespace

void add_offline_mode(CLI::App& app, int& exit_code)
{
    auto* const command = app.add_subcommand("offline",
        "Messages to absent accounts: accepted, then drained");
    const auto mode = std::make_shared<OfflineMode>();
    add_server_options(*command, mode->common);
    add_run_options(*command, mode->common);
    command->add_option("--messages", mode->messages, "How many messages in all")->capture_default_str();
    command->add_option("--recipients", mode->recipients, "How many accounts are away")
        ->capture_default_str();
    command->add_option("--senders", mode->senders, "How many write to them")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command->add_option("--batch", mode->batch, "Messages before each ping")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command->add_option("--body", mode->body, "Bytes in a message's body")->capture_default_str();
    command->callback([mode, &exit_code] { exit_code = run_offline(*mode); });
}

} // namespace stonechat::bench
