// SPDX-License-Identifier: Apache-2.0
#include "message_id.hpp"
#include "pubsub_loads.hpp"
#include "pubsub_people.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace stonechat::bench {
namespace {

class Fetching {
public:
    Fetching(const PubsubMode& mode, Workbench& bench)
        : mode_(mode), bench_(bench), payload_(or_default(mode.payload, 3072)),
          outstanding_(or_default(mode.outstanding, 16)),
          readers_(bench, { {}, [this](Client& client, const Item& item) { take(client, item); } })
    {}

    bool run()
    {
        prepare();
        reading_ = true;
        for (std::uint32_t i = 0; i < readers_.size(); ++i) {
            for (std::uint32_t n = 0; n < outstanding_; ++n) {
                fetch(i);
            }
            readers_[i].flush();
        }
        run_for(mode_.warm_up);
        const auto start = CpuSpan::start(bench_.server);
        const std::uint64_t before = answers_;
        measuring_ = true;
        run_for(mode_.seconds);
        measuring_ = false;
        const auto span = start.since(bench_.server);
        const std::uint64_t answers = answers_ - before;
        reading_ = false;
        readers_.barrier();
        report(span, answers);
        readers_.log_out();
        return errors_ == 0 && answers > 0;
    }

private:
    static constexpr std::string_view node = "https://bench.example/fetch";

    /// The owner is account 0: he publishes, and leaves.
    void prepare()
    {
        if (bench_.users(mode_.readers + 1) <= mode_.readers) {
            throw BenchError(fmt::format("{} accounts are needed", mode_.readers + 1));
        }
        PubsubPeople owner(bench_, {});
        owner.enlist(0, "bench");
        owner.log_in();
        const std::string item = fmt::format("<bundle xmlns='https://bench.example/'>{}</bundle>",
            std::string(payload_, 'x'));
        owner.ask(0, "set", "", publication(node, "current", item, "open"));
        owner.settle();
        before_id_ = fmt::format("<iq type='get' to='{}' id='m", owner.address(0));
        owner.log_out();
        for (std::uint32_t i = 0; i < mode_.readers; ++i) {
            readers_.enlist(1 + i, "bench");
        }
        readers_.log_in();
    }

    void fetch(std::uint32_t reader)
    {
        const MessageIdText id(sent_++, now_nanoseconds());
        readers_[reader].write({ before_id_, id.view(), after_id_ });
    }

    void run_for(double seconds)
    {
        const auto end = std::min(bench_.in(seconds), bench_.deadline());
        while (Clock::now() < end && errors_ == 0) {
            bench_.loop.poll(std::chrono::milliseconds(20));
        }
    }

    void take(const Client& client, const Item& item)
    {
        const auto id = parse_message_id(attribute(item.head, "id"));
        if (!id.is_ours) {
            return;
        }
        if (attribute(item.head, "type") != "result" || item.text.size() < payload_) {
            if (++errors_ == 1) {
                bench_.report.note("not the item: " + std::string(item.text));
            }
            return;
        }
        ++answers_;
        if (measuring_) {
            latency_.record(now_nanoseconds() - id.due);
        }
        if (reading_) {
            fetch(client.tag());
        }
    }

    void report(const CpuSpan& span, std::uint64_t answers)
    {
        auto& report = bench_.report;
        report.setting("readers", std::to_string(mode_.readers));
        report.setting("outstanding", std::to_string(outstanding_));
        report.setting("payload", std::to_string(payload_));
        report.figure("answers_per_second", static_cast<double>(answers) / span.seconds(), "1/s");
        report_cpu(report, span, answers);
        report.latencies("latency", latency_);
        report.figure("errors", static_cast<double>(errors_), "");
    }

    const PubsubMode& mode_;
    Workbench& bench_;
    std::uint32_t payload_;
    std::uint32_t outstanding_;
    PubsubPeople readers_;
    std::string before_id_;
    std::string after_id_ = fmt::format(
        "'><pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='{}'/></pubsub></iq>", node);
    bool reading_ = false;
    bool measuring_ = false;
    std::uint64_t sent_ = 0;
    std::uint64_t answers_ = 0;
    std::uint64_t errors_ = 0;
    Histogram latency_;
};

} // namespace

bool measure_fetching(const PubsubMode& mode, Workbench& bench)
{
    return Fetching(mode, bench).run();
}

} // namespace stonechat::bench
