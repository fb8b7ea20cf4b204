// SPDX-License-Identifier: Apache-2.0
// stonechatctl: controls a running server through its local socket (docs/protocol/ctl.md).
#include "cli/documents.hpp"
#include "cli/usage.hpp"
#include "ctl/client/subcommands.hpp"

namespace stonechat::ctl {

CLI::App* add_command(CLI::App& parent, Options& options, const std::string& name, const std::string& meaning)
{
    CLI::App* command = parent.add_subcommand(name, meaning);
    command->add_flag("--json", options.json, "Print the answer as JSON");
    return command;
}

namespace {

cli::ManualFacts manual_facts()
{
    cli::ManualFacts facts;
    facts.version = STONECHAT_VERSION;
    facts.summary = "steers a running Stonechat server";
    facts.sections = { { "files",
        "/etc/stonechat/stonechat.toml\nThe configuration, which says where the server's "
        "data_dir is. There is its control socket, stonechat.sock, which only the "
        "server's own user and root may use." } };
    facts.see_also = { "stonechat(8)" };
    return facts;
}

} // namespace
} // namespace stonechat::ctl

int main(int argc, char** argv)
{
    using namespace stonechat::ctl;
    Options options;
    Exit exit = Exit::done;
    CLI::App program("Controls a running Stonechat server.", "stonechatctl");
    program.add_option("--config", options.config, "The server's configuration file")
        ->type_name("FILE")
        ->capture_default_str();
    program.add_option("--socket", options.socket, "The server's control socket (instead of --config)")
        ->type_name("PATH");
    program.set_version_flag("--version", STONECHAT_VERSION);
    program.require_subcommand(1);
    program.footer("Exit codes: 0 done, 1 refused, 2 wrong usage, 3 no server answers.\n"
                   "All times are UTC.");
    add_user_commands(program, options, exit);
    add_session_commands(program, options, exit);
    add_room_commands(program, options, exit);
    add_ban_commands(program, options, exit);
    add_server_commands(program, options, exit);
    stonechat::cli::add_documents(program, manual_facts());
    try {
        program.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return stonechat::cli::explain(program, error, static_cast<int>(Exit::usage));
    }
    return static_cast<int>(exit);
}
