// SPDX-License-Identifier: Apache-2.0
#include "server_process.hpp"

#include "base/background.hpp"
#include "config/difference.hpp"
#include "config/loader.hpp"
#include "ctl/protocol.hpp"
#include "features.hpp"
#include "private_files.hpp"
#include "process_settings.hpp"
#include "router/kept_bans.hpp"
#include "router/missing_accounts.hpp"
#include "storage/memory_storage.hpp"
#include "storage/sqlite_storage.hpp"

#include <csignal>
#include <future>
#include <latch>

namespace stonechat {
namespace {

using std::chrono::seconds;

/// Time for clients to receive system-shutdown and close; the rest of the 5 seconds is for the server's own
/// threads.
constexpr seconds patience_with_clients(3);
/// More rounds than any task has waits in a row (take_last_answers).
constexpr int last_rounds = 16;

LogLevel to_level(const std::string& word)
{
    if (word == "trace") {
        return LogLevel::trace;
    }
    if (word == "debug") {
        return LogLevel::debug;
    }
    if (word == "warning") {
        return LogLevel::warning;
    }
    return word == "error" ? LogLevel::error : LogLevel::info;
}

Log::Options log_options(const Section& section)
{
    Log::Options options;
    const std::string& target = section.text("target");
    if (target == "journald") {
        options.target = Log::Target::journald;
    } else if (target == "file") {
        options.target = Log::Target::file;
    }
    options.file = section.text("file");
    options.level = to_level(section.text("level"));
    return options;
}

std::vector<IpPrefix> prefixes(const std::vector<std::string>& texts)
{
    std::vector<IpPrefix> list;
    for (const std::string& each : texts) {
        list.push_back(*IpPrefix::parse(each)); // the loader has validated them
    }
    return list;
}

ConnectionLimits connection_limits(const Section& section)
{
    ConnectionLimits limits;
    limits.exempt = prefixes(section.list("exempt"));
    limits.per_prefix = static_cast<unsigned>(section.integer("connections_per_prefix"));
    limits.per_second = static_cast<unsigned>(section.integer("connection_rate"));
    limits.burst = static_cast<unsigned>(section.integer("connection_burst"));
    return limits;
}

LoginLimits login_limits(const Settings& settings)
{
    const Section& section = settings.section("limits");
    LoginLimits limits;
    limits.failures = static_cast<unsigned>(section.integer("login_failures"));
    limits.window = std::chrono::duration_cast<seconds>(section.duration("failure_window"));
    limits.ban = std::chrono::duration_cast<seconds>(section.duration("ban"));
    // A login that waits longer than auth_timeout would be cut off before its turn.
    limits.longest_wait = std::min(section.duration("login_wait"),
        settings.section("c2s").duration("auth_timeout") / 2);
    limits.exempt = prefixes(section.list("exempt"));
    return limits;
}

unsigned unsigned_of(const Section& section, std::string_view key)
{
    return static_cast<unsigned>(section.integer(key));
}

} // namespace

ServerProcess::ServerProcess(const Schema& schema, SharedSettings settings)
    : schema_(schema), settings_(std::move(settings)), log_(log_options(settings_->section("log"))),
      guard_(login_limits(*settings_), clock_),
      limiter_(connection_limits(settings_->section("limits")), clock_, &guard_), certificates_(clock_, log_),
      shards_(unsigned_of(settings_->section("server"), "shards"), clock_),
      pool_(unsigned_of(settings_->section("server"), "blocking_threads"),
          static_cast<std::size_t>(settings_->section("server").integer("blocking_queue"))),
      silent_shards_(std::make_shared<std::atomic<std::size_t>>(0))
{}

ServerProcess::Made ServerProcess::make(const Schema& schema, Settings settings, const Privileges& privileges)
{
    const auto refused = [](std::string why) { return Made(boost::system::in_place_error, std::move(why)); };
    const std::string data_dir = settings.section("server").text("data_dir");
    if (const auto assumed = privileges.assume(data_dir); !assumed) {
        return refused(assumed.error());
    }
    const Openness open = openness_of(settings);
    if (!open.refusals.empty()) {
        return refused(open.refusals.front());
    }
    const auto secret = lasting_secret(data_dir + "/secret");
    if (!secret) {
        return refused(secret.error());
    }
    std::unique_ptr<ServerProcess> machine(new ServerProcess(schema,
        std::make_shared<const Settings>(std::move(settings))));
    for (const std::string& each : open.warnings) {
        machine->log_.warning("data open to others", { { "what", each } });
    }
    if (privileges.are_all()) {
        machine->log_.warning("running as root",
            { { "meaning", "whoever finds a fault in the server has the whole machine" },
                { "remedy",
                    "make an account (`adduser --system --group stonechat`), give it the data folder and "
                    "name it in `user` of [server]" } });
    }
    if (auto why = machine->open_storage(); !why.empty()) {
        return refused(std::move(why));
    }
    if (auto why = machine->load_certificates(); !why.empty()) {
        return refused(std::move(why));
    }
    Server::Parts parts { machine->clock_, machine->log_, *machine->storage_, machine->pool_, machine->guard_,
        machine->tls_.get(), machine->shards_.all(), *secret };
    machine->server_ = std::make_unique<Server>(std::move(parts), machine->settings_, feature_table());
    machine->c2s_ = std::make_unique<C2s>(*machine->server_);
    machine->load_bans();
    // Opened first: the control socket shows whether another server runs in this data_dir.
    if (auto why = machine->open_control(); !why.empty()) {
        return refused(std::move(why));
    }
    if (const auto root = privileges.as_root(); !root) {
        return refused(root.error());
    }
    if (auto why = machine->open_ports(); !why.empty()) {
        return refused(std::move(why));
    }
    if (const auto kept = privileges.keep(); !kept) {
        return refused(kept.error());
    }
    return Made(boost::system::in_place_value, std::move(machine));
}

std::string ServerProcess::open_storage()
{
    const Section& section = settings_->section("storage");
    if (section.text("backend") == "memory") {
        log_.warning("storage in memory", { { "meaning", "everything is forgotten at the end" } });
        storage_ = make_memory_storage(clock_);
        return {};
    }
    SqliteOptions options;
    options.path = section.text("file");
    options.readers = unsigned_of(section, "readers");
    options.on_fatal = [this](const std::string& why) {
        log_.error("storage failed", { { "why", why }, { "consequence", "the server stops" } });
        failed_ = true;
        Signals::send(SIGTERM);
    };
    auto opened = open_sqlite_storage(std::move(options), clock_, log_);
    if (!opened) {
        return opened.error().message;
    }
    storage_ = std::move(*opened);
    return {};
}

/// Loads bans before the first connection. Shard 0 has no thread of its own yet, so this thread runs its
/// loop.
void ServerProcess::load_bans()
{
    bool loaded = false;
    load_kept_bans(server_->router(0), [&loaded] { loaded = true; });
    while (!loaded) {
        shards_[0].io().run_one();
    }
}

std::string ServerProcess::load_certificates()
{
    for (const TlsIdentity& each : identities(*settings_)) {
        if (!will_be_made(*settings_, each)) {
            continue;
        }
        const auto made = make_certificate(each.host, each.certificate_file, each.key_file);
        if (!made) {
            return made.error();
        }
        log_.warning("self-signed certificate made",
            { { "host", each.host }, { "file", each.certificate_file },
                { "meaning", "for local use; put a real one in its place and send SIGHUP" } });
    }
    auto loaded = TlsContexts::load(identities(*settings_));
    if (!loaded) {
        return loaded.error().message;
    }
    tls_ = std::move(*loaded);
    return {};
}

std::string ServerProcess::open_control()
{
    ctl::Hooks hooks;
    hooks.version = STONECHAT_VERSION;
    hooks.schema = &schema_;
    hooks.reload = [this](Function<void(ctl::ReloadReport)> done) { ask_for_reload(std::move(done)); };
    auto opened = ctl::ControlServer::open(*server_, data_path(*settings_, ctl::socket_name),
        std::move(hooks));
    if (!opened) {
        return opened.error();
    }
    control_ = std::move(*opened);
    return {};
}

std::string ServerProcess::open_ports()
{
    for (const ListenSettings& listen : settings_->listen) {
        const ListenerOptions options = listener_options(*settings_, listen.core);
        auto opened = Listener::open(options, shards_.all(), tls_.get(), limiter_, log_,
            [this, tls = options.tls](Shard& shard, std::unique_ptr<Transport> transport) {
                c2s_->accept(shard, std::move(transport), tls);
            });
        if (!opened) {
            return opened.error() + "; is another server running, or is the port in [[listen]] wrong?";
        }
        listeners_.push_back(std::move(*opened));
    }
    return {};
}

void ServerProcess::log_start()
{
    std::string hosts;
    for (const HostSettings& host : settings_->hosts) {
        hosts += (hosts.empty() ? "" : ",") + host.name;
    }
    std::string ports;
    for (const auto& listener : listeners_) {
        ports += (ports.empty() ? "" : ",") + std::to_string(listener->port());
    }
    log_.info("started",
        { { "version", STONECHAT_VERSION }, { "hosts", hosts }, { "ports", ports },
            { "shards", std::to_string(shards_.size()) } });
    certificates_.look(*tls_);
    warn_of_missing_accounts();
}

/// Logs the names that the settings trust and no account has, at the start and after each reload.
void ServerProcess::warn_of_missing_accounts()
{
    shards_[0].post([this] {
        stonechat::start(
            missing_accounts(server_->router(0)),
            [this](const std::vector<std::string>& missing) {
                for (const std::string& each : missing) {
                    log_.warning("name without account", { { "what", each } });
                }
            },
            [this](const std::exception_ptr& failure) {
                log_.error("names without account not looked for", { { "why", what_of(failure) } });
            });
    });
}

// Reloading: the main thread does it, because it reads files.

void ServerProcess::ask_for_reload(Function<void(ctl::ReloadReport)> done)
{
    {
        const std::lock_guard lock(mutex_);
        waiting_for_reload_.push_back(std::move(done));
    }
    Signals::send(SIGHUP);
}

void ServerProcess::reload()
{
    // Take the waiting callbacks before reading files: later requests get another reload.
    auto waiting = take_waiting();
    const ctl::ReloadReport report = reload_now();
    for (const std::string& each : report.problems) {
        log_.error("reload refused", { { "why", each } });
    }
    for (const SettingChange& each : report.changes) { // empty if the reload was refused
        const bool hot = each.heat == SettingSpec::Heat::hot;
        log_.info(hot ? "setting changed" : "setting needs a restart",
            { { "key", each.path }, { "from", each.from }, { "to", each.to } });
    }
    if (report.problems.empty()) {
        log_.info("reloaded", { { "file", settings_->file } });
    }
    answer(std::move(waiting), report);
}

ServerProcess::Waiting ServerProcess::take_waiting()
{
    const std::lock_guard lock(mutex_);
    return std::exchange(waiting_for_reload_, {});
}

void ServerProcess::answer(Waiting waiting, const ctl::ReloadReport& report)
{
    for (auto& done : waiting) {
        shards_[0].post([done = std::move(done), report]() mutable { done(report); });
    }
}

ctl::ReloadReport ServerProcess::reload_now()
{
    ctl::ReloadReport report;
    const auto loaded = load_settings(schema_, settings_->file);
    if (!loaded) {
        for (const ConfigProblem& each : loaded.error()) {
            report.problems.push_back(to_text(each));
        }
        return report;
    }
    auto changes = difference(effective_settings(schema_, *settings_), effective_settings(schema_, *loaded));
    auto next = std::make_shared<const Settings>(with_hot_changes(schema_, *settings_, *loaded));
    if (const auto reloaded = tls_->reload(identities(*next)); !reloaded) {
        report.problems.push_back(reloaded.error().message);
        return report;
    }
    report.changes = std::move(changes);
    for (CertificateFlaw& each : certificates_.look(*tls_)) {
        report.warnings.push_back(std::move(each.text));
    }
    settings_ = next;
    log_.set_level(to_level(next->section("log").text("level")));
    limiter_.set_limits(connection_limits(next->section("limits")));
    if (const std::size_t lifted = guard_.set_limits(login_limits(*next)); lifted > 0) {
        log_.info("bans lifted", { { "count", std::to_string(lifted) }, { "why", "the settings" } });
    }
    server_->reconfigure(next);
    warn_of_missing_accounts();
    return report;
}

bool ServerProcess::is_alive()
{
    if (silent_shards_->load() > 0) {
        return false;
    }
    *silent_shards_ = shards_.size();
    for (Shard* shard : shards_.all()) {
        shard->post([silent = silent_shards_] { --*silent; });
    }
    return true;
}

// Stopping: close the door, tell those inside, wait for them, leave.

void ServerProcess::stop()
{
    log_.info("stopping");
    // Requests for a reload that came too late get an answer.
    ctl::ReloadReport too_late;
    too_late.problems.emplace_back("the server is stopping");
    answer(take_waiting(), too_late);
    end_streams();
    pool_.stop();
    storage_->stop();
    take_last_answers();
    shards_.stop();
    log_.info("stopped");
}

/// Pool and storage give no more answers. Runs the shards so that the tasks waiting for the last answers end
/// instead of being abandoned; each round takes every task one wait further.
void ServerProcess::take_last_answers()
{
    for (int round = 0; round < last_rounds; ++round) {
        auto missing = std::make_shared<std::latch>(static_cast<std::ptrdiff_t>(shards_.size()));
        for (Shard* shard : shards_.all()) {
            shard->post([missing] { missing->count_down(); });
        }
        missing->wait();
    }
}

void ServerProcess::end_streams()
{
    auto ended = std::make_shared<std::promise<void>>();
    const auto end = ended->get_future();
    shards_[0].post([this, ended] {
        for (const auto& listener : listeners_) {
            listener->close();
        }
        control_->close();
        c2s_->shutdown([ended] { ended->set_value(); });
    });
    if (end.wait_for(patience_with_clients) == std::future_status::timeout) {
        log_.warning("some streams did not end in time");
    }
}

} // namespace stonechat
