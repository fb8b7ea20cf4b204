// SPDX-License-Identifier: Apache-2.0
// `login`: complete logins, one after another on each of a number of slots.
#include "crew.hpp"
#include "modes.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <vector>

namespace stonechat::bench {
namespace {

constexpr std::uint32_t default_users = 200;

struct LoginMode {
    CommonOptions common;
    std::uint32_t count = 5000;
    std::uint32_t concurrency = 50;
};

// Connect, negotiate, authenticate, bind, end the stream. The next login begins as soon as one is bound: a
// server that takes its time to close a stream is not slower at logging in.
class LoginRun final : private ClientEvents {
public:
    LoginRun(Workbench& bench, std::uint32_t users, std::uint32_t concurrency)
        : bench_(bench), users_(users), concurrency_(concurrency)
    {}

    /// Answers whether all of them worked.
    bool log_in(std::uint32_t count)
    {
        wanted_ = count;
        succeeded_ = failed_ = negotiating_ = 0;
        started_at_.clear();
        latency_ = Histogram();
        while (succeeded_ + failed_ < wanted_ && failed_ < too_many_failures
            && Clock::now() < bench_.deadline()) {
            remove_ended();
            start_next_ones();
            bench_.loop.poll(std::chrono::milliseconds(100));
        }
        return succeeded_ == wanted_;
    }

    [[nodiscard]] std::uint32_t succeeded() const { return succeeded_; }
    [[nodiscard]] std::uint32_t failed() const { return failed_; }
    [[nodiscard]] const Histogram& latency() const { return latency_; }
    [[nodiscard]] const std::string& first_failure() const { return first_failure_; }

private:
    static constexpr std::uint32_t too_many_failures = 20;
    static constexpr std::uint32_t most_leaving_per_login = 10;

    void start_next_ones()
    {
        ClientEvents& events = *this;
        while (negotiating_ < concurrency_ && started_at_.size() < wanted_
            && clients_.size() < concurrency_ * most_leaving_per_login) {
            const auto number = static_cast<std::uint32_t>(started_at_.size());
            auto account = bench_.account(number % users_, fmt::format("login{}", number));
            clients_.push_back(std::make_unique<Client>(bench_.loop, bench_.target, events,
                std::move(account), number));
            started_at_.push_back(now_nanoseconds());
            ++negotiating_;
            clients_.back()->start();
        }
    }

    void remove_ended()
    {
        if (ended_ > 0) {
            std::erase_if(clients_, [](const std::unique_ptr<Client>& client) { return !client->is_open(); });
            ended_ = 0;
        }
    }

    void on_online(Client& client) override
    {
        latency_.record(now_nanoseconds() - started_at_[client.tag()]);
        --negotiating_;
        client.end();
    }

    void on_element(Client&, const Item&) override {}
    void on_batch_end(Client&) override {}

    void on_offline(Client& client, const std::string& reason) override
    {
        ++ended_;
        if (reason.empty()) {
            ++succeeded_;
            return;
        }
        --negotiating_;
        ++failed_;
        if (first_failure_.empty()) {
            first_failure_ = fmt::format("{}: {}", client.account().user, reason);
        }
    }

    Workbench& bench_;
    std::uint32_t users_;
    std::uint32_t concurrency_;
    std::vector<std::unique_ptr<Client>> clients_;
    std::vector<std::uint64_t> started_at_;
    std::uint32_t wanted_ = 0;
    std::uint32_t negotiating_ = 0;
    std::uint32_t ended_ = 0;
    std::uint32_t succeeded_ = 0;
    std::uint32_t failed_ = 0;
    Histogram latency_;
    std::string first_failure_;
};

int run_login(const LoginMode& mode)
{
    Workbench bench("login", mode.common);
    const auto users = mode.common.users > 0 ? mode.common.users : default_users;
    LoginRun run(bench, users, mode.concurrency);
    // Once each, uncounted: fills the SCRAM cache of this client, and the server's own caches.
    if (!run.log_in(users)) {
        throw BenchError(fmt::format("logging in {} accounts: {} worked; {}", users, run.succeeded(),
            run.first_failure()));
    }
    const auto start = CpuSpan::start(bench.server);
    const bool good = run.log_in(mode.count);
    const auto span = start.since(bench.server);

    const auto logins = std::max(run.succeeded(), 1u);
    auto& report = bench.report;
    report.setting("concurrency", std::to_string(mode.concurrency));
    report.figure("logins_per_second", run.succeeded() / span.seconds(), "1/s");
    if (span.server) {
        report.figure("server_cpu_ms_per_login", static_cast<double>(*span.server) / 1e6 / logins, "ms", 3);
        report.figure("server_core_used", static_cast<double>(*span.server) / 1e7 / span.seconds(), "%", 1);
    }
    report.figure("client_cpu_ms_per_login", static_cast<double>(span.client) / 1e6 / logins, "ms", 3);
    report.figure("client_core_used", static_cast<double>(span.client) / 1e7 / span.seconds(), "%", 1);
    report.latencies("latency", run.latency());
    report.figure("logins", run.succeeded(), "");
    report.figure("failures", run.failed(), "");
    if (run.failed() > 0) {
        report.note("first failure: " + run.first_failure());
    }
    return bench.finish(good);
}

} // namespace

void add_login_mode(CLI::App& app, int& exit_code)
{
    auto* const command = app.add_subcommand("login", "Complete logins: rate, server CPU, latency");
    const auto mode = std::make_shared<LoginMode>();
    add_server_options(*command, mode->common);
    add_run_options(*command, mode->common);
    command->add_option("--count", mode->count, "How many logins to measure")->capture_default_str();
    command->add_option("--concurrency", mode->concurrency, "How many at the same time")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command->callback([mode, &exit_code] { exit_code = run_login(*mode); });
}

} // namespace stonechat::bench
