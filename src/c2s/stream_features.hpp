// SPDX-License-Identifier: Apache-2.0
// What a stream offers in each of its phases (RFC 6120 section 4.3.2), XEP-0478 limits included.
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

/// Nothing but STARTTLS, which is required (RFC 6120 §5.3.1).
void append_starttls_feature(std::string& out);
void append_features_before_login(std::string& out, const FeatureContext& context, const SaslDialog& sasl,
    bool encrypted);
void append_features_after_login(std::string& out, const FeatureContext& context, bool encrypted);

} // namespace stonechat
