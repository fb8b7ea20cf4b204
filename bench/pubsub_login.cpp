// SPDX-License-Identifier: Apache-2.0
#include "pubsub_loads.hpp"
#include "pubsub_people.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace stonechat::bench {
namespace {

std::vector<std::string> node_names(std::uint32_t count)
{
    std::vector<std::string> names;
    for (std::uint32_t i = 0; i < count; ++i) {
        names.push_back(fmt::format("https://bench.example/login/{}", i));
    }
    return names;
}

class LastItems {
public:
    LastItems(const PubsubMode& mode, Workbench& bench)
        : mode_(mode), bench_(bench), contact_count_(or_default(mode.contacts, 200)),
          nodes_(node_names(mode.nodes)), interests_(nodes_)
    {}

    bool run()
    {
        prepare();
        log_in(); // uncounted: fills the caches of both sides
        for (std::uint32_t i = 0; i < mode_.logins && Clock::now() < bench_.deadline(); ++i) {
            const std::uint64_t server_before = bench_.server.cpu_nanoseconds().value_or(0);
            all_items_.record(log_in());
            server_ += bench_.server.cpu_nanoseconds().value_or(0) - server_before;
        }
        report();
        return all_items_.count() == mode_.logins;
    }

private:
    std::size_t expected() const { return std::size_t(contact_count_) * nodes_.size(); }

    /// The user is account 0. His contacts publish, and leave.
    void prepare()
    {
        if (bench_.users(contact_count_ + 1) <= contact_count_) {
            throw BenchError(fmt::format("{} accounts are needed", contact_count_ + 1));
        }
        PubsubPeople user(bench_, {});
        PubsubPeople contacts(bench_, {});
        user.enlist(0, "prepares");
        for (std::uint32_t i = 0; i < contact_count_; ++i) {
            contacts.enlist(1 + i, "bench");
        }
        for (PubsubPeople* people : { &user, &contacts }) {
            people->log_in();
            people->come_online();
        }
        user.befriend(contacts);
        const std::string item = fmt::format("<bench xmlns='https://bench.example/'>{}</bench>",
            std::string(or_default(mode_.payload, 64), 'x'));
        for (std::uint32_t i = 0; i < contact_count_; ++i) {
            for (const std::string& node : nodes_) {
                contacts.ask(i, "set", "", publication(node, "current", item));
            }
        }
        contacts.settle();
        contacts.log_out();
        user.log_out();
    }

    /// Answers how many nanoseconds passed from presence to the last item.
    std::uint64_t log_in()
    {
        std::size_t items = 0;
        PubsubPeople user(bench_,
            { [&items](const Client&, const Item& item) {
                 items += item.text.find("<bench ") != std::string_view::npos ? 1 : 0;
             },
                {} },
            &interests_);
        user.enlist(0, "bench");
        user.log_in();
        const std::uint64_t before = now_nanoseconds();
        user.send_presence(0);
        user.wait([this, &items] { return items >= expected(); }, "the newest items of all contacts");
        const std::uint64_t passed = now_nanoseconds() - before;
        user.barrier();
        too_many_ += items - expected();
        user.log_out();
        return passed;
    }

    void report()
    {
        auto& report = bench_.report;
        report.setting("contacts", std::to_string(contact_count_));
        report.setting("nodes", std::to_string(nodes_.size()));
        report.figure("logins", static_cast<double>(all_items_.count()), "");
        report.figure("items", static_cast<double>(expected()), "");
        report.latencies("all_items", all_items_);
        if (bench_.server.is_known()) {
            report.figure("server_cpu_ms_per_login",
                static_cast<double>(server_) / 1e6
                    / static_cast<double>(std::max<std::uint64_t>(all_items_.count(), 1)),
                "ms", 2);
        }
        report.figure("doubled", static_cast<double>(too_many_), "");
    }

    const PubsubMode& mode_;
    Workbench& bench_;
    std::uint32_t contact_count_;
    std::vector<std::string> nodes_;
    Interests interests_;
    Histogram all_items_;
    std::uint64_t server_ = 0;
    std::size_t too_many_ = 0;
};

} // namespace

bool measure_last_items(const PubsubMode& mode, Workbench& bench)
{
    return LastItems(mode, bench).run();
}

} // namespace stonechat::bench
