// SPDX-License-Identifier: Apache-2.0
// ServerProcess: all parts of a running server, made in the order of their dependencies and destroyed in
// reverse. Made, stopped and destroyed by the main thread (serve.cpp), while the threads of the shards run
// the parts.
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

    /// Opens everything that the settings name, ports included; serves nothing yet. Errors are sentences.
    static Made make(const Schema& schema, Settings settings, const Privileges& privileges);

    /// Starts the shards: from now on connections are served.
    void start() { shards_.start(); }
    /// Closes the ports, ends every stream, and ends all threads; takes less than 5 seconds.
    void stop();

    /// Reads configuration and certificates again: all or nothing. Reports the outcome to all who asked for a
    /// reload.
    void reload();
    /// Posts a task to every shard, as a sign of life. Returns false if a shard has not yet run that of the
    /// last call.
    bool is_alive();
    /// Logs problems of certificates, once a day however often it is called.
    void look_daily() { certificates_.look_daily(*tls_); }
    /// Whether the server has to end because its storage failed.
    bool has_failed() const { return failed_; }
    Log& log() { return log_; }
    void log_start();

private:
    using Waiting = std::vector<Function<void(ctl::ReloadReport)>>; ///< callbacks for the outcome of a reload

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
    std::shared_ptr<std::atomic<std::size_t>>
        silent_shards_; ///< shards that have not yet run the task of the last is_alive()
};

} // namespace stonechat
