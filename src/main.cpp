// SPDX-License-Identifier: Apache-2.0
// stonechat: the server. This file has its command line; server_process.cpp has its parts.
#include "check.hpp"
#include "cli/documents.hpp"
#include "cli/usage.hpp"
#include "config/default_file.hpp"
#include "full_schema.hpp"
#include "init.hpp"
#include "process.hpp"
#include "serve.hpp"
#include "xeps.hpp"

#include <CLI/CLI.hpp>

#include <exception>
#include <iostream>

namespace {

using namespace stonechat;

cli::ManualFacts manual_facts()
{
    cli::ManualFacts facts;
    facts.version = STONECHAT_VERSION;
    facts.summary = "an XMPP server";
    facts.sections = { { "files",
        "/etc/stonechat/stonechat.toml\nThe configuration. `stonechat defaults` prints one "
        "with every key and what it means.\n/var/lib/stonechat\nThe data, if the "
        "configuration names no other folder." } };
    facts.see_also = { "stonechatctl(8)", "systemd.service(5)" };
    return facts;
}

int run(int argc, char** argv)
{
    std::string config = "/etc/stonechat/stonechat.toml";
    bool as_json = false;
    InitOptions init_options;

    CLI::App program("An XMPP server. Without a sub-command it serves, in the foreground, until SIGTERM.",
        "stonechat");
    program.set_version_flag("--version", STONECHAT_VERSION);
    program.add_option("--config", config, "The configuration file")
        ->type_name("FILE")
        ->capture_default_str();
    program.require_subcommand(0, 1);
    program.footer("Signals: SIGTERM and SIGINT end it, SIGHUP reloads configuration and certificates.\n"
                   "Exit codes: 0 done, 1 cannot run, 2 wrong usage, 78 the configuration is wrong.");

    CLI::App* init_command = program.add_subcommand("init", "Sets up a new server in a folder");
    init_command->add_option("folder", init_options.folder, "The folder; made if it is not there")
        ->required();
    init_command->add_option("--host", init_options.hosts, "A domain to serve; may be repeated")->required();
    init_command
        ->add_option("--port-base", init_options.port_base,
            "Port for STARTTLS; the next one is for direct TLS")
        ->capture_default_str();
    init_command->add_option("--address", init_options.address,
        "Where to listen, 127.0.0.1 for this machine only; everywhere if not given");
    init_command->add_flag("--plain", init_options.plain, "A third port without TLS, on 127.0.0.1 only");

    CLI::App* check_command = program.add_subcommand("check",
        "Says what a configuration means and what is wrong with it");
    check_command->add_option("--config", config, "The configuration file")
        ->type_name("FILE")
        ->capture_default_str();
    check_command->add_flag("--json", as_json, "Print JSON");

    CLI::App* defaults_command = program.add_subcommand("defaults", "Prints a configuration with every key");
    const CLI::App* documents_command = cli::add_documents(program, manual_facts());
    CLI::App* xeps_command = program.add_subcommand("xeps",
        "Prints which XEPs are implemented (docs/xeps.md)");

    try {
        program.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return cli::explain(program, error, exit_usage);
    }
    if (init_command->parsed()) {
        return init(init_options);
    }
    if (check_command->parsed()) {
        return check(config, as_json);
    }
    if (defaults_command->parsed()) {
        std::cout << default_file(full_schema());
        return exit_done;
    }
    if (xeps_command->parsed()) {
        std::cout << xeps_document();
        return exit_done;
    }
    return documents_command->parsed() ? exit_done : serve(config);
}

} // namespace

int main(int argc, char** argv)
{
    harden_process();
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        // Only unexpected failures get here: no memory, no entropy, a bug.
        std::cerr << "stonechat: " << error.what() << '\n';
        return exit_failed;
    }
}
