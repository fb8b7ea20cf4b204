// SPDX-License-Identifier: Apache-2.0
// C2sSettings: the configuration sections c2s, login and stream_management as typed values, so that streams
// need not look settings up by name. A value; shared by all streams that were opened under one configuration.
#pragma once

#include "config/settings.hpp"
#include "stream/xml_stream.hpp"
#include "xmpp/stream_parser.hpp"

#include <chrono>
#include <memory>

namespace stonechat {

enum class ResourceConflict { replace, refuse, rename };

struct C2sSettings {
    explicit C2sSettings(const Settings& settings);

    ParserLimits before_login;
    ParserLimits after_login;
    StreamLimits stream;
    std::chrono::milliseconds auth_timeout;
    std::size_t resources_per_account;
    ResourceConflict resource_conflict;
    std::size_t account_unsent_bytes; ///< limit for all sessions of an account together
    unsigned login_attempts;
    bool plain;
    bool scram_sha1;
    std::uint32_t iterations;
    std::chrono::seconds resume_window; ///< 0 = sessions cannot be resumed
    std::size_t unacknowledged_stanzas;
    std::chrono::milliseconds ack_timeout;
};

} // namespace stonechat
