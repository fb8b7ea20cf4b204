// SPDX-License-Identifier: Apache-2.0
#include "init.hpp"

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "config/loader.hpp"
#include "config/value_text.hpp"
#include "full_schema.hpp"
#include "private_files.hpp"
#include "serve.hpp"
#include "storage/sqlite_storage.hpp"

#include <filesystem>
#include <iostream>

namespace stonechat {
namespace {

namespace fs = std::filesystem;

int fail(const std::string& why)
{
    std::cerr << "stonechat init: " << why << '\n';
    return exit_failed;
}

/// Returns a [[listen]] section. Listens on all addresses if `address` is empty.
std::string listen_section(std::uint16_t port, std::string_view tls, const std::string& address,
    std::string_view meaning)
{
    std::string text = "\n# " + std::string(meaning) + "\n[[listen]]\nport = " + std::to_string(port) + "\n";
    text += "tls = " + quote_toml(tls) + "\n";
    return address.empty() ? text : text + "address = " + quote_toml(address) + "\n";
}

std::string host_section(const std::string& host)
{
    std::string text = "\n[[host]]\nname = " + quote_toml(host) + "\n";
    text +=
        "# Put a certificate from an authority here and send SIGHUP; this one is signed by nobody else.\n";
    text += "certificate = " + quote_toml("data/" + host + ".crt") + "\n";
    text += "key = " + quote_toml("data/" + host + ".key") + "\n";
    text += "# Who may use the commands of service administration.\nadmins = []\n";
    return text;
}

std::string configuration(const InitOptions& options)
{
    std::string text = "# Stonechat's configuration. `stonechat defaults` shows every key with its meaning,\n"
                       "# `stonechat check --config THIS_FILE` what is in force and what is wrong.\n\n"
                       "[server]\ndata_dir = \"data\"\n";
    const auto port = [&](int offset) { return static_cast<std::uint16_t>(options.port_base + offset); };
    text += listen_section(port(0), "starttls", options.address,
        "Clients begin in the clear and must turn on TLS before they log in.");
    text += listen_section(port(1), "direct", options.address, "Clients begin with TLS.");
    if (options.plain) {
        text += listen_section(port(2), "none", "127.0.0.1",
            "No TLS, for tests and proxies on this machine.");
    }
    for (const std::string& host : options.hosts) {
        text += host_section(host);
    }
    return text;
}

/// Returns why no server can be made in the folder; empty if one can.
std::string obstacle(const fs::path& folder)
{
    std::error_code error;
    for (const char* name : { "stonechat.toml", "data" }) {
        if (fs::exists(folder / name, error)) {
            return (folder / name).string() + " is there already; choose another folder, or remove it";
        }
    }
    return {};
}

FileOutcome make_data(const Settings& settings)
{
    const std::string& data_dir = settings.section("server").text("data_dir");
    if (auto made = make_private_folder(data_dir); !made) {
        return made;
    }
    if (const auto secret = lasting_secret(data_dir + "/secret"); !secret) {
        return secret.error();
    }
    for (const HostSettings& host : settings.hosts) {
        auto made = make_certificate(host.name, host.core.text("certificate"), host.core.text("key"));
        if (!made) {
            return made;
        }
    }
    const SystemClock clock;
    Log log;
    SqliteOptions options;
    options.path = settings.section("storage").text("file");
    auto storage = open_sqlite_storage(std::move(options), clock, log);
    if (!storage) {
        return storage.error().message;
    }
    (*storage)->stop();
    return Done();
}

} // namespace

int init(const InitOptions& options)
{
    initialise_randomness();
    if (options.port_base < 1 || options.port_base > 65533) {
        return fail("--port-base must be between 1 and 65533");
    }
    const fs::path folder(options.folder);
    if (const std::string why = obstacle(folder); !why.empty()) {
        return fail(why);
    }
    const std::string file = (folder / "stonechat.toml").string();
    const std::string text = configuration(options);
    const auto settings = parse_settings(full_schema(), text, file);
    if (!settings) {
        return fail(settings.error().front().message);
    }
    if (const auto made = make_private_folder(folder.string()); !made) {
        return fail(made.error());
    }
    if (const auto made = make_data(*settings); !made) {
        return fail(made.error());
    }
    // The configuration is written last: a folder that has one is complete.
    if (const auto written = write_private_file(file, text); !written) {
        return fail(written.error());
    }
    std::cout << "wrote " << file << "\n\nstart it:     stonechat --config " << file
              << "\nadd a user:   stonechatctl --config " << file << " user add NAME@"
              << settings->hosts.front().name << "\nsee all keys: stonechat defaults\n";
    return exit_done;
}

} // namespace stonechat
