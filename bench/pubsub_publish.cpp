// SPDX-License-Identifier: Apache-2.0
#include "message_id.hpp"
#include "pubsub_loads.hpp"
#include "pubsub_people.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace stonechat::bench {
namespace {

/// One who publishes: how far he is, and which event each contact has to get next.
struct Publisher {
    std::string before_stamp; ///< between the two places of the stamp
    std::uint64_t sent = 0;
    std::vector<std::uint64_t> heard;
};

class Publishing {
public:
    Publishing(const PubsubMode& mode, Workbench& bench)
        : mode_(mode), bench_(bench), contact_count_(or_default(mode.contacts, 50)),
          outstanding_(or_default(mode.outstanding, 16)), interests_({ std::string(node) }),
          publishers_(bench, { {}, [this](Client& client, const Item& item) { take_answer(client, item); } }),
          contacts_(bench, { [this](Client& client, const Item& item) { take_event(client, item); }, {} },
              &interests_),
          after_stamp_(fmt::format("'>{}</bench></item></publish></pubsub></iq>",
              std::string(or_default(mode.payload, 64), 'x')))
    {}

    bool run()
    {
        prepare();
        first_events();
        talking_ = true;
        for (std::uint32_t i = 0; i < publishers_.size(); ++i) {
            for (std::uint32_t n = 0; n < outstanding_; ++n) {
                publish(i);
            }
            publishers_[i].flush();
        }
        run_for(mode_.warm_up);
        const auto start = CpuSpan::start(bench_.server);
        const std::uint64_t events_before = events_;
        const std::uint64_t acknowledged_before = acknowledged_;
        measuring_ = true;
        run_for(mode_.seconds);
        measuring_ = false;
        const auto span = start.since(bench_.server);
        const std::uint64_t events = events_ - events_before;
        const std::uint64_t acknowledged = acknowledged_ - acknowledged_before;
        talking_ = false;
        bench_.loop.run_until(bench_.in(drain_seconds), [this] { return missing() == 0; });
        report(span, acknowledged, events);
        publishers_.log_out();
        contacts_.log_out();
        return missing() == 0 && disordered_ == 0 && errors_ == 0 && acknowledged > 0;
    }

private:
    static constexpr double drain_seconds = 30;
    static constexpr std::string_view node = "https://bench.example/publish";

    void prepare()
    {
        const std::uint32_t everybody = mode_.publishers + contact_count_;
        if (bench_.users(everybody) < everybody) {
            throw BenchError(fmt::format("{} accounts are needed", everybody));
        }
        for (std::uint32_t i = 0; i < everybody; ++i) {
            (i < mode_.publishers ? publishers_ : contacts_).enlist(i, "bench");
        }
        for (PubsubPeople* people : { &publishers_, &contacts_ }) {
            people->log_in();
            people->come_online();
        }
        publishers_.befriend(contacts_);
        flows_.resize(mode_.publishers);
        for (std::uint32_t i = 0; i < mode_.publishers; ++i) {
            flows_[i].heard.assign(contact_count_, 0);
            flows_[i].before_stamp = fmt::format(
                "'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='{}'><item id='current'>"
                "<bench xmlns='https://bench.example/' by='{}' id='m",
                node, i);
        }
        bench_.report.setting("publishers", std::to_string(mode_.publishers));
        bench_.report.setting("contacts", std::to_string(contact_count_));
        bench_.report.setting("outstanding", std::to_string(outstanding_));
    }

    /// One item of each, so that the nodes exist, and everybody is known to get what he wants.
    void first_events()
    {
        contacts_.barrier(); // the newest items of an earlier run came before
        begun_at_ = now_nanoseconds();
        for (std::uint32_t i = 0; i < publishers_.size(); ++i) {
            publish(i);
            publishers_[i].flush();
        }
        publishers_.wait([this] { return missing() == 0 && acknowledged_ == publishers_.size(); },
            "an event to each contact");
    }

    void publish(std::uint32_t publisher)
    {
        Publisher& flow = flows_[publisher];
        const MessageIdText stamp(flow.sent++, now_nanoseconds());
        publishers_[publisher].write({ "<iq type='set' id='m", stamp.view(), flow.before_stamp, stamp.view(),
            after_stamp_ });
    }

    void run_for(double seconds)
    {
        const auto end = std::min(bench_.in(seconds), bench_.deadline());
        while (Clock::now() < end && errors_ == 0) {
            bench_.loop.poll(std::chrono::milliseconds(20));
        }
    }

    void take_answer(const Client& client, const Item& item)
    {
        const auto id = parse_message_id(attribute(item.head, "id"));
        if (!id.is_ours) {
            return;
        }
        if (attribute(item.head, "type") == "error") {
            if (++errors_ == 1) {
                bench_.report.note("refused: " + std::string(item.text));
            }
            return;
        }
        ++acknowledged_;
        if (measuring_) {
            acknowledging_.record(now_nanoseconds() - id.due);
        }
        if (talking_) {
            publish(client.tag());
        }
    }

    void take_event(const Client& client, const Item& item)
    {
        const auto at = item.text.find("<bench ");
        if (at == std::string_view::npos) {
            return;
        }
        const auto head = item.text.substr(at);
        const auto id = parse_message_id(attribute(head, "id"));
        const auto by = attribute(head, "by");
        std::uint32_t publisher = 0;
        std::from_chars(by.data(), by.data() + by.size(), publisher);
        if (!id.is_ours || id.due < begun_at_ || publisher >= flows_.size()) {
            return; // of an earlier run
        }
        std::uint64_t& heard = flows_[publisher].heard[client.tag()];
        if (id.sequence != heard) {
            ++disordered_;
            return;
        }
        ++heard;
        ++events_;
        if (measuring_) {
            delivering_.record(now_nanoseconds() - id.due);
        }
    }

    std::uint64_t missing() const
    {
        std::uint64_t missing = 0;
        for (const Publisher& flow : flows_) {
            for (const std::uint64_t heard : flow.heard) {
                missing += flow.sent - heard;
            }
        }
        return missing;
    }

    void report(const CpuSpan& span, std::uint64_t acknowledged, std::uint64_t events)
    {
        auto& report = bench_.report;
        report.figure("publishes_per_second", static_cast<double>(acknowledged) / span.seconds(), "1/s");
        report.figure("events_per_second", static_cast<double>(events) / span.seconds(), "1/s");
        report_cpu(report, span, events);
        report.latencies("event_latency", delivering_);
        report.latencies("answer_latency", acknowledging_);
        report.figure("lost", static_cast<double>(missing()), "");
        report.figure("doubled_or_out_of_order", static_cast<double>(disordered_), "");
        report.figure("errors", static_cast<double>(errors_), "");
    }

    const PubsubMode& mode_;
    Workbench& bench_;
    std::uint32_t contact_count_;
    std::uint32_t outstanding_;
    Interests interests_;
    PubsubPeople publishers_;
    PubsubPeople contacts_;
    std::string after_stamp_;
    std::vector<Publisher> flows_;
    std::uint64_t begun_at_ = 0;
    bool talking_ = false;
    bool measuring_ = false;
    std::uint64_t acknowledged_ = 0;
    std::uint64_t events_ = 0;
    std::uint64_t disordered_ = 0;
    std::uint64_t errors_ = 0;
    Histogram delivering_;
    Histogram acknowledging_;
};

} // namespace

bool measure_publishing(const PubsubMode& mode, Workbench& bench)
{
    return Publishing(mode, bench).run();
}

} // namespace stonechat::bench
