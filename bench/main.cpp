// SPDX-License-Identifier: Apache-2.0
// stonechat-bench: a load client for any XMPP server. See docs/performance.md.
#include "modes.hpp"
#include "workbench.hpp"

#include <csignal>
#include <fmt/format.h>

int main(int argc, char** argv)
{
    namespace bench = stonechat::bench;

    std::signal(SIGPIPE, SIG_IGN); // OpenSSL writes without MSG_NOSIGNAL
    CLI::App app { "Load client for XMPP servers: real sockets, one thread, every run ends by itself" };
    app.require_subcommand(1);
    int exit_code = 0;
    bench::add_accounts_mode(app, exit_code);
    bench::add_login_mode(app, exit_code);
    bench::add_idle_mode(app, exit_code);
    bench::add_pair_mode(app, exit_code);
    bench::add_muc_mode(app, exit_code);
    bench::add_offline_mode(app, exit_code);
    bench::add_archive_mode(app, exit_code);
    bench::add_resume_mode(app, exit_code);
    bench::add_pubsub_mode(app, exit_code);
    bench::add_floor_mode(app, exit_code);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error);
    } catch (const bench::BenchError& error) {
        fmt::print(stderr, "stonechat-bench: {}\n", error.what());
        return 1;
    }
    return exit_code;
}
