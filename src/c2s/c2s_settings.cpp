// SPDX-License-Identifier: Apache-2.0
#include "c2s/c2s_settings.hpp"

#include <algorithm>

namespace stonechat {
namespace {

ParserLimits parser_limits(const Section& c2s, std::string_view stanza_bytes)
{
    ParserLimits limits;
    limits.stanza_bytes = static_cast<std::size_t>(c2s.integer(stanza_bytes));
    limits.depth = static_cast<std::size_t>(c2s.integer("depth"));
    limits.attributes = static_cast<std::size_t>(c2s.integer("attributes"));
    limits.namespaces = static_cast<std::size_t>(c2s.integer("namespaces"));
    limits.elements = static_cast<std::size_t>(c2s.integer("elements"));
    limits.heap_bytes = static_cast<std::size_t>(c2s.integer("parser_heap_bytes"));
    return limits;
}

ResourceConflict conflict_policy(const std::string& text)
{
    if (text == "refuse") {
        return ResourceConflict::refuse;
    }
    return text == "rename" ? ResourceConflict::rename : ResourceConflict::replace;
}

/// Smaller limits before login, when clients need little.
constexpr std::size_t elements_before_login = 32;
constexpr std::size_t heap_before_login = 128 * 1024;

} // namespace

C2sSettings::C2sSettings(const Settings& settings)
{
    const Section& c2s = settings.section("c2s");
    const Section& login = settings.section("login");
    const Section& management = settings.section("stream_management");
    before_login = parser_limits(c2s, "pre_auth_stanza_bytes");
    before_login.elements = elements_before_login;
    before_login.heap_bytes = heap_before_login;
    after_login = parser_limits(c2s, "stanza_bytes");
    stream.rate_bytes = static_cast<double>(c2s.integer("rate_bytes"));
    stream.rate_burst_bytes = static_cast<double>(c2s.integer("rate_burst_bytes"));
    stream.rate_stanzas = static_cast<double>(c2s.integer("rate_stanzas"));
    stream.rate_burst_stanzas = static_cast<double>(c2s.integer("rate_burst_stanzas"));
    auth_timeout = c2s.duration("auth_timeout");
    stream.keepalive_interval = c2s.duration("keepalive_interval");
    resources_per_account = static_cast<std::size_t>(c2s.integer("resources_per_account"));
    resource_conflict = conflict_policy(c2s.text("resource_conflict"));
    stream.unsent_bytes = static_cast<std::size_t>(c2s.integer("unsent_bytes"));
    account_unsent_bytes = std::max(static_cast<std::size_t>(c2s.integer("account_unsent_bytes")),
        2 * stream.unsent_bytes);
    stream.stall_timeout = c2s.duration("stall_timeout");
    login_attempts = static_cast<unsigned>(c2s.integer("login_attempts"));
    plain = login.flag("plain");
    scram_sha1 = login.flag("scram_sha1");
    iterations = static_cast<std::uint32_t>(login.integer("iterations"));
    resume_window = std::chrono::duration_cast<std::chrono::seconds>(management.duration("resume_window"));
    unacknowledged_stanzas = static_cast<std::size_t>(management.integer("unacknowledged"));
    ack_timeout = management.duration("ack_timeout");
}

} // namespace stonechat
