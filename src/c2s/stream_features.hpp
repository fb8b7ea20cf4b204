// SPDX-License-Identifier: Apache-2.0
// The stream features of each phase (RFC 6120 section 4.3.2), including the limits of XEP-0478.
#pragma once

#include "xmpp/element.hpp"
#include "xmpp/stream_parser.hpp"

#include <vector>

namespace stonechat {

class Host;
class SaslDialog;

struct FeatureContext {
    Host& host;
    const ParserLimits& limits;
    bool encrypted;
};

/// Returns STARTTLS as the only feature, marked as required (RFC 6120 §5.3.1).
std::vector<Element> starttls_feature();
std::vector<Element> features_before_login(const FeatureContext& context, const SaslDialog& sasl);
std::vector<Element> features_after_login(const FeatureContext& context);

} // namespace stonechat
