// SPDX-License-Identifier: Apache-2.0
// `muc`: a room (XEP-0045). Some occupants write, all of them get everything; each writer goes on when what
// it has said comes back. Before that, how long all of them take to enter; after it, how long one message
// takes to the last.
#include "crew.hpp"
#include "message_id.hpp"
#include "modes.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace stonechat::bench {
namespace {

constexpr double drain_seconds = 30;

struct MucMode {
    CommonOptions common;
    std::uint32_t occupants = 200;
    std::uint32_t senders = 10;
    std::uint32_t outstanding = 1;
    std::uint32_t concurrency = 50; ///< entering at a time
    double rate = 0;                ///< messages a second of all; 0: whoever has heard himself goes on
    double seconds = 10;
    double warm_up = 2;
    std::uint32_t body = 64;
    std::string service;
    std::string room = "bench";
};

/// One who writes: how far he is, and how far each occupant has heard him.
struct Flow {
    std::uint64_t sent = 0;
    std::uint64_t reflected = 0;
    std::vector<std::uint64_t> heard; ///< the next number that each occupant has to get
};

class MucRun {
public:
    MucRun(const MucMode& mode, Workbench& bench)
        : mode_(mode), bench_(bench), crew_(bench, listener()),
          room_(fmt::format("{}@{}", mode.room,
              mode.service.empty() ? "conference." + mode.common.domain : mode.service)),
          before_id_(fmt::format("<message to='{}' type='groupchat' id='m", room_)),
          after_id_(fmt::format("'><body>{}</body></message>", std::string(mode.body, 'x')))
    {}

    bool run()
    {
        log_in();
        create();
        enter_all();
        flows_.resize(std::clamp<std::uint32_t>(mode_.senders, 1, mode_.occupants));
        for (Flow& flow : flows_) {
            flow.heard.assign(mode_.occupants, 0);
        }
        const double last = one_message();
        bench_.report.figure("one_message_to_all_ms", last, "ms", 2);
        const bool good = mode_.senders == 0 || talk();
        crew_.log_out();
        return good && errors_ == 0;
    }

private:
    CrewListener listener()
    {
        CrewListener listener;
        listener.element = [this](Client& client, const Item& item) { take(client, item); };
        listener.batch_end = [](Client& client) { client.flush(); };
        return listener;
    }

    void log_in()
    {
        const auto users = bench_.users(mode_.occupants);
        for (std::uint32_t i = 0; i < mode_.occupants; ++i) {
            crew_.enlist(bench_.account(i % users, fmt::format("bench{}", i)));
        }
        if (!crew_.log_in(crew_.size(), login_concurrency)) {
            throw BenchError(fmt::format("only {} of {} logged in; {}", crew_.online(), crew_.size(),
                crew_.first_failure()));
        }
    }

    void enter(std::size_t index)
    {
        crew_[index].write(fmt::format("<presence to='{}/n{}'><x xmlns='http://jabber.org/protocol/muc'>"
                                       "<history maxstanzas='0'/></x></presence>",
            room_, index));
        crew_[index].flush();
    }

    void wait(const std::function<bool()>& done, const char* what)
    {
        if (!bench_.loop.run_until(bench_.deadline(), [&] { return done() || crew_.failures() > 0; })
            || crew_.failures() > 0) {
            throw BenchError(fmt::format("{} did not come; {}", what, crew_.first_failure()));
        }
    }

    /// The first one makes the room and lets in as many as are to come.
    void create()
    {
        enter(0);
        wait([this] { return inside_ == 1; }, "the room");
        crew_[0].write(fmt::format(
            "<iq type='set' id='configure' to='{}'><query xmlns='http://jabber.org/protocol/muc#owner'>"
            "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>"
            "http://jabber.org/protocol/muc#roomconfig</value></field><field "
            "var='muc#roomconfig_maxusers'><value>{}"
            "</value></field></x></query></iq>",
            room_, std::max<std::uint32_t>(mode_.occupants, 10)));
        crew_[0].flush();
        wait([this] { return configured_; }, "the room's configuration");
    }

    void enter_all()
    {
        const auto start = CpuSpan::start(bench_.server);
        std::size_t begun = 1;
        const auto all_inside = [&] {
            while (begun < mode_.occupants && begun - inside_ < mode_.concurrency) {
                enter(begun++);
            }
            return inside_ == mode_.occupants;
        };
        wait(all_inside, "everybody");
        const auto span = start.since(bench_.server);
        bench_.report.setting("occupants", std::to_string(mode_.occupants));
        bench_.report.figure("entering_seconds", span.seconds(), "s", 2);
        if (!crew_.barrier()) {
            throw BenchError("no answer to a ping after entering");
        }
    }

    void say(std::uint32_t sender)
    {
        const MessageIdText id(flows_[sender].sent++, now_nanoseconds());
        crew_[sender].write({ before_id_, id.view(), after_id_ });
    }

    /// From its writing until the last one has it.
    double one_message()
    {
        const auto before = now_nanoseconds();
        deliveries_ = 0;
        say(0);
        crew_[0].flush();
        wait([this] { return deliveries_ == mode_.occupants; }, "a message to all");
        return static_cast<double>(now_nanoseconds() - before) / 1e6;
    }

    bool talk()
    {
        talking_ = mode_.rate == 0;
        due_ = Clock::now();
        for (std::uint32_t sender = 0; talking_ && sender < flows_.size(); ++sender) {
            for (std::uint32_t i = 0; i < mode_.outstanding; ++i) {
                say(sender);
            }
            crew_[sender].flush();
        }
        run_for(mode_.warm_up);
        const auto start = CpuSpan::start(bench_.server);
        const std::uint64_t before = deliveries_;
        measuring_ = true;
        run_for(mode_.seconds);
        measuring_ = false;
        const auto span = start.since(bench_.server);
        const std::uint64_t measured = deliveries_ - before;
        talking_ = false;
        bench_.loop.run_until(bench_.in(drain_seconds), [this] { return missing() == 0; });
        report(span, measured);
        return missing() == 0 && doubled_ == 0 && measured > 0 && crew_.failures() == 0;
    }

    void run_for(double seconds)
    {
        const auto end = std::min(bench_.in(seconds), bench_.deadline());
        while (Clock::now() < end) {
            if (mode_.rate > 0) {
                say_what_is_due();
            }
            bench_.loop.poll(std::chrono::milliseconds(mode_.rate > 0 ? 1 : 20));
        }
    }

    /// The senders take turns.
    void say_what_is_due()
    {
        for (const auto now = Clock::now(); due_ <= now;
             due_ += std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 / mode_.rate))) {
            say(turn_);
            crew_[turn_].flush();
            turn_ = (turn_ + 1) % static_cast<std::uint32_t>(flows_.size());
        }
    }

    std::uint64_t missing() const
    {
        std::uint64_t missing = 0;
        for (const Flow& flow : flows_) {
            for (const std::uint64_t heard : flow.heard) {
                missing += flow.sent - heard;
            }
        }
        return missing;
    }

    void report(const CpuSpan& span, std::uint64_t measured)
    {
        auto& report = bench_.report;
        const auto millions = static_cast<double>(std::max<std::uint64_t>(measured, 1)) / 1e6;
        report.setting("senders", std::to_string(flows_.size()));
        report.setting("outstanding", std::to_string(mode_.outstanding));
        report.figure("deliveries_per_second", static_cast<double>(measured) / span.seconds(), "1/s");
        if (span.server) {
            report.figure("server_cpu_seconds_per_million",
                static_cast<double>(*span.server) / 1e9 / millions, "s", 2);
            report.figure("server_core_used", static_cast<double>(*span.server) / 1e7 / span.seconds(), "%",
                1);
        }
        report.figure("client_core_used", static_cast<double>(span.client) / 1e7 / span.seconds(), "%", 1);
        report.latencies("latency", latency_);
        report.figure("lost", static_cast<double>(missing()), "");
        report.figure("doubled_or_out_of_order", static_cast<double>(doubled_), "");
        report.figure("errors", static_cast<double>(errors_), "");
    }

    /// `…/n17`: who has said it.
    static std::uint32_t number_of_nick(std::string_view from)
    {
        std::uint32_t number = 0;
        for (const char c : from.substr(from.rfind('/') + 2)) {
            number = number * 10 + static_cast<std::uint32_t>(c - '0');
        }
        return number;
    }

    void take(Client& client, const Item& item)
    {
        if (item.name == "message") {
            take_message(client, item);
        } else if (item.name == "presence") {
            take_presence(client, item);
        } else if (attribute(item.head, "id") == "configure") {
            configured_ = attribute(item.head, "type") == "result";
        }
    }

    void take_presence(const Client&, const Item& item)
    {
        if (attribute(item.head, "type") == "error") {
            ++errors_;
            throw BenchError("refused: " + std::string(item.text));
        }
        // Only one's own presence has the code: the end of entering.
        if (item.text.find("code='110'") != std::string_view::npos
            || item.text.find("code=\"110\"") != std::string_view::npos) {
            ++inside_;
        }
    }

    void take_message(Client& client, const Item& item)
    {
        const auto id = parse_message_id(attribute(item.head, "id"));
        if (attribute(item.head, "type") == "error") {
            ++errors_;
            return;
        }
        if (!id.is_ours) {
            return; // the subject, or news of the room
        }
        const std::uint32_t sender = number_of_nick(attribute(item.head, "from"));
        if (sender >= flows_.size()) {
            return;
        }
        Flow& flow = flows_[sender];
        std::uint64_t& heard = flow.heard[client.tag()];
        if (id.sequence != heard) {
            ++doubled_;
            return;
        }
        ++heard;
        ++deliveries_;
        if (measuring_) {
            const auto now = now_nanoseconds();
            latency_.record(now > id.due ? now - id.due : 0);
        }
        if (client.tag() == sender && talking_) {
            say(sender);
        }
    }

    const MucMode& mode_;
    Workbench& bench_;
    Crew crew_;
    std::string room_;
    std::string before_id_;
    std::string after_id_;
    std::vector<Flow> flows_;
    Clock::time_point due_;  ///< the next message, at a rate
    std::uint32_t turn_ = 0; ///< whose it is
    std::size_t inside_ = 0;
    bool configured_ = false;
    bool talking_ = false;
    bool measuring_ = false;
    std::uint64_t deliveries_ = 0;
    std::uint64_t doubled_ = 0;
    std::uint64_t errors_ = 0;
    Histogram latency_;
};

int run_muc(const MucMode& mode)
{
    Workbench bench("muc", mode.common);
    MucRun run(mode, bench);
    const bool good = run.run();
    return bench.finish(good);
}

} // namespace

void add_muc_mode(CLI::App& app, int& exit_code)
{
    auto* const command = app.add_subcommand("muc", "A room: entering it, deliveries, latency to all");
    const auto mode = std::make_shared<MucMode>();
    add_server_options(*command, mode->common);
    add_run_options(*command, mode->common);
    command->add_option("--occupants", mode->occupants, "How many are in the room")->capture_default_str();
    command->add_option("--senders", mode->senders, "How many of them write; 0: only one message")
        ->capture_default_str();
    command->add_option("--outstanding", mode->outstanding, "Messages on the way per sender")
        ->capture_default_str();
    command
        ->add_option("--rate", mode->rate,
            "Messages a second in all; 0: as fast as the writers hear themselves")
        ->capture_default_str();
    command->add_option("--concurrency", mode->concurrency, "How many enter at a time")
        ->capture_default_str();
    command->add_option("--seconds", mode->seconds, "How long to measure")->capture_default_str();
    command->add_option("--warm-up", mode->warm_up, "Seconds of load before the measurement")
        ->capture_default_str();
    command->add_option("--body", mode->body, "Bytes in a message's body")->capture_default_str();
    command->add_option("--room-service", mode->service, "The domain of rooms (conference.DOMAIN)");
    command->add_option("--room", mode->room, "The room's name")->capture_default_str();
    command->callback([mode, &exit_code] { exit_code = run_muc(*mode); });
}

} // namespace stonechat::bench
