// SPDX-License-Identifier: Apache-2.0
// ServerProcess: everything a running server consists of, made in the order of need and destroyed in the
// reverse. Made, stopped and destroyed by the main thread (serve.cpp), while the shards' threads run
// what is inside.
#pragma once

#include "base/clock.hpp"
#include "base/log.hpp"
#include "c2s/c2s.hpp"
#include "config/schema.hpp"
#include "ctl/control_server.hpp"
#include "net/blocking_pool.hpp"
#include "net/certificate_watch.hpp"
#include "net/connection_limiter.hpp"
#include "net/login_guard.hpp"
#include "net/shard_set.hpp"
#include "process.hpp"
#include "router/server.hpp"

#include <atomic>
#include <mutex>

namespace stonechat {

class ServerProcess {
public:
    using Made = Result<std::unique_ptr<ServerProcess>, std::string>;

    /// Opens all that the settings name, ports included; nothing is served yet. Errors are sentences.
    static Made make(const Schema& schema, Settings settings, const Privileges& privileges);

    /// From now on connections are answered.
    void start() { shards_.start(); }
    /// Closes the ports, tells every stream, and ends all threads; takes less than 5 seconds.
    void stop();

    /// Reads configuration and certificates again: all or nothing. Answers those who asked for it.
    void reload();
    /// Asks every shard for a sign of life; false if the last question is still unanswered.
    bool is_alive();
    /// Once a day: writes into the log what is wrong with certificates.
    void look_daily() { certificates_.look_daily(*tls_); }
    /// Whether the server has to end because its storage failed.
    bool has_failed() const { return failed_; }
    Log& log() { return log_; }
    void log_start();

private:
    using Waiting = std::vector<Function<void(ctl::ReloadReport)>>; ///< for a reload's outcome

    ServerProcess(const Schema& schema, SharedSettings settings);

    std::string open_storage();
    void load_bans();
    std::string load_certificates();
    std::string open_ports();
    std::string open_control();
    void warn_of_missing_accounts();
    ctl::ReloadReport reload_now();
    void ask_for_reload(Function<void(ctl::ReloadReport)> done);
    Waiting take_waiting();
    void answer(Waiting waiting, const ctl::ReloadReport& report);
    void end_streams();
    void take_last_answers();

    const Schema& schema_;
    SharedSettings settings_;
    SystemClock clock_;
    Log log_;
    LoginGuard guard_;
    ConnectionLimiter limiter_;
    std::unique_ptr<TlsContexts> tls_;
    CertificateWatch certificates_;
    ShardSet shards_;
    BlockingPool pool_;
    std::unique_ptr<StorageBackend> storage_;
    std::unique_ptr<Server> server_;
    std::unique_ptr<C2s> c2s_;
    std::vector<std::unique_ptr<Listener>> listeners_;
    std::unique_ptr<ctl::ControlServer> control_;

    std::mutex mutex_;
    Waiting waiting_for_reload_;
    std::atomic<bool> failed_ { false };
    std::shared_ptr<std::atomic<std::size_t>> silent_shards_; ///< of the last question
};

} // namespace stonechat
