// SPDX-License-Identifier: Apache-2.0
#include "process_settings.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>

namespace stonechat {
namespace {

ListenerTls to_tls(const std::string& word)
{
    if (word == "direct") {
        return ListenerTls::direct;
    }
    return word == "none" ? ListenerTls::none : ListenerTls::starttls;
}

bool is_there(const std::string& path)
{
    std::error_code ignored; // an inaccessible file is reported by the code that opens it
    return std::filesystem::exists(path, ignored);
}

} // namespace

ListenerOptions listener_options(const Settings& settings, const Section& listen)
{
    using std::chrono::seconds;
    ListenerOptions options;
    options.address = listen.text("address");
    options.port = static_cast<std::uint16_t>(listen.integer("port"));
    options.tls = to_tls(listen.text("tls"));
    options.proxy_protocol_from = listen.list("proxy_protocol_from");
    const auto timeout = std::chrono::duration_cast<seconds>(settings.section("c2s").duration("tls_timeout"));
    options.tls_handshake_seconds = static_cast<unsigned>(std::max<seconds::rep>(1, timeout.count()));
    return options;
}

TlsIdentity identity_of(const HostSettings& host)
{
    return { host.name, host.core.text("certificate"), host.core.text("key") };
}

std::vector<TlsIdentity> identities(const Settings& settings)
{
    std::vector<TlsIdentity> list;
    std::transform(settings.hosts.begin(), settings.hosts.end(), std::back_inserter(list), identity_of);
    return list;
}

bool will_be_made(const Settings& settings, const TlsIdentity& identity)
{
    return identity.certificate_file == data_path(settings, identity.host + ".crt")
        && !is_there(identity.certificate_file) && !is_there(identity.key_file);
}

std::string data_path(const Settings& settings, std::string_view name)
{
    return settings.section("server").text("data_dir") + "/" + std::string(name);
}

} // namespace stonechat
