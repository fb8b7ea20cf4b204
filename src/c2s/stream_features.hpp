// SPDX-License-Identifier: Apache-2.0
// The stream features of each phase (RFC 6120 section 4.3.2), including the limits of XEP-0478.
#pragma once

#include "xmpp/stream_parser.hpp"

#include <string>

namespace stonechat {

class Host;
class SaslDialog;

struct FeatureContext {
    Host& host;
    const ParserLimits& limits;
};

/// Appends STARTTLS as the only feature, marked as required (RFC 6120 §5.3.1).
void append_starttls_feature(std::string& out);
void append_features_before_login(std::string& out, const FeatureContext& context, const SaslDialog& sasl,
    bool encrypted);
void append_features_after_login(std::string& out, const FeatureContext& context, bool encrypted);

} // namespace stonechat
