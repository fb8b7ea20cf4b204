// SPDX-License-Identifier: Apache-2.0
#include "message_id.hpp"
#include "pubsub_loads.hpp"
#include "pubsub_people.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace stonechat::bench {
namespace {

class PubsubCrowd {
public:
    PubsubCrowd(const PubsubMode& mode, Workbench& bench)
        : mode_(mode), bench_(bench), connected_(std::min(mode.connected, mode.subscribers)),
          service_(mode.service.empty() ? "pubsub." + mode.common.domain : mode.service),
          owner_(bench, { {}, [this](Client&, const Item& item) { take_answer(item); } }),
          subscribers_(bench, { [this](Client&, const Item& item) { take_event(item); }, {} })
    {}

    bool run()
    {
        prepare();
        publish(); // uncounted
        const auto start = CpuSpan::start(bench_.server);
        answering_ = Histogram();
        delivering_ = Histogram();
        for (std::uint32_t i = 0; i < mode_.publications; ++i) {
            publish();
        }
        report(start.since(bench_.server));
        delete_node();
        owner_.log_out();
        subscribers_.log_out();
        return doubled_ == 0 && delivering_.count() == mode_.publications;
    }

private:
    static constexpr std::uint32_t batch = 100; ///< subscriptions in one request

    void prepare()
    {
        if (bench_.users(connected_ + 1) <= connected_) {
            throw BenchError(fmt::format("{} accounts are needed", connected_ + 1));
        }
        owner_.enlist(0, "bench");
        owner_.log_in();
        owner_.ask(0, "set", service_,
            fmt::format("<pubsub xmlns='http://jabber.org/protocol/pubsub'><create node='{}'/></pubsub>",
                node_));
        owner_.settle();
        subscribe_all();
        for (std::uint32_t i = 0; i < connected_; ++i) {
            subscribers_.enlist(1 + i, "bench");
        }
        subscribers_.log_in();
        subscribers_.come_online();
    }

    /// Those who are connected are spread over all. The others need no account: who is offline gets no
    /// events either.
    std::string subscriber(std::uint32_t number) const
    {
        const std::uint32_t distance = mode_.subscribers / std::max(connected_, 1u);
        const bool is_connected = number % distance == 0 && number / distance < connected_;
        const std::string user = is_connected ? bench_.account(1 + number / distance, "").user
                                              : fmt::format("absent{}", number);
        return fmt::format("{}@{}", user, bench_.target.domain);
    }

    /// By the owner (XEP-0060 §8.8.2).
    void subscribe_all()
    {
        const auto start = CpuSpan::start(bench_.server);
        for (std::uint32_t first = 0; first < mode_.subscribers; first += batch) {
            std::string entries;
            for (std::uint32_t i = first; i < std::min(first + batch, mode_.subscribers); ++i) {
                entries += fmt::format("<subscription jid='{}' subscription='subscribed'/>", subscriber(i));
            }
            owner_.ask(0, "set", service_,
                fmt::format("<pubsub xmlns='http://jabber.org/protocol/pubsub#owner'><subscriptions "
                            "node='{}'>{}</subscriptions></pubsub>",
                    node_, entries));
            owner_.settle();
        }
        bench_.report.figure("subscribing_seconds", start.since(bench_.server).seconds(), "s", 2);
    }

    void delete_node()
    {
        owner_.ask(0, "set", service_,
            fmt::format(
                "<pubsub xmlns='http://jabber.org/protocol/pubsub#owner'><delete node='{}'/></pubsub>",
                node_));
        owner_.settle();
    }

    /// One item: until it is answered, and until the last one has it.
    void publish()
    {
        answered_ = false;
        delivered_ = 0;
        const MessageIdText stamp(++sequence_, now_nanoseconds());
        const std::string item = fmt::format("<bench xmlns='https://bench.example/' id='m{}'>{}</bench>",
            stamp.view(), std::string(or_default(mode_.payload, 64), 'x'));
        owner_[0].write({ "<iq type='set' to='", service_, "' id='m", stamp.view(), "'>",
            publication(node_, "current", item), "</iq>" });
        owner_[0].flush();
        subscribers_.wait([this] { return answered_ && delivered_ == connected_; }, "an event to all");
    }

    void take_answer(const Item& item)
    {
        const auto id = parse_message_id(attribute(item.head, "id"));
        if (!id.is_ours) {
            return;
        }
        if (attribute(item.head, "type") != "result") {
            throw BenchError("refused: " + std::string(item.text));
        }
        answering_.record(now_nanoseconds() - id.due);
        answered_ = true;
    }

    void take_event(const Item& item)
    {
        const auto at = item.text.find("<bench ");
        if (at == std::string_view::npos) {
            return;
        }
        const auto id = parse_message_id(attribute(item.text.substr(at), "id"));
        if (!id.is_ours || id.sequence != sequence_) {
            ++doubled_;
            return;
        }
        if (++delivered_ == connected_) {
            delivering_.record(now_nanoseconds() - id.due);
        }
    }

    void report(const CpuSpan& span)
    {
        auto& report = bench_.report;
        report.setting("subscribers", std::to_string(mode_.subscribers));
        report.setting("connected", std::to_string(connected_));
        report.latencies("answer_latency", answering_);
        report.latencies("last_delivery", delivering_);
        if (span.server) {
            report.figure("server_cpu_ms_per_publish",
                static_cast<double>(*span.server) / 1e6 / std::max<double>(mode_.publications, 1), "ms", 2);
        }
        report.figure("client_core_used", static_cast<double>(span.client) / 1e7 / span.seconds(), "%", 1);
        report.figure("doubled", static_cast<double>(doubled_), "");
    }

    const PubsubMode& mode_;
    Workbench& bench_;
    std::uint32_t connected_;
    std::string service_;
    std::string node_ = fmt::format("crowd{:x}", now_nanoseconds()); ///< none of an earlier run
    PubsubPeople owner_;
    PubsubPeople subscribers_;
    std::uint64_t sequence_ = 0;
    bool answered_ = false;
    std::uint32_t delivered_ = 0;
    std::uint64_t doubled_ = 0;
    Histogram answering_;
    Histogram delivering_;
};

} // namespace

bool measure_crowd(const PubsubMode& mode, Workbench& bench)
{
    return PubsubCrowd(mode, bench).run();
}

} // namespace stonechat::bench
