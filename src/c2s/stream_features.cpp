// SPDX-License-Identifier: Apache-2.0
#include "c2s/stream_features.hpp"

#include "c2s/sasl_dialog.hpp"
#include "router/host.hpp"
#include "xmpp/ns.hpp"

#include <utility>

namespace stonechat {
namespace {

/// Returns the limits of XEP-0478: the largest stanza allowed in this phase of the stream.
Element limits_feature(const FeatureContext& context)
{
    Element limits("limits", ns::stream_limits);
    limits.add_text_child("max-bytes", std::to_string(context.limits.stanza_bytes));
    return limits;
}

void add_module_features(std::vector<Element>& features, const FeatureContext& context, Handlers::Offer offer)
{
    for (const auto& [when, make] : context.host.handlers().features()) {
        if (when != offer) {
            continue;
        }
        if (auto feature = make(context.encrypted)) {
            features.push_back(std::move(*feature));
        }
    }
}

} // namespace

std::vector<Element> starttls_feature()
{
    Element starttls("starttls", ns::tls);
    starttls.add("required");
    std::vector<Element> features;
    features.push_back(std::move(starttls));
    return features;
}

std::vector<Element> features_before_login(const FeatureContext& context, const SaslDialog& sasl)
{
    std::vector<Element> features;
    sasl.append_features(features);
    add_module_features(features, context, Handlers::Offer::before_login);
    features.push_back(limits_feature(context));
    return features;
}

std::vector<Element> features_after_login(const FeatureContext& context)
{
    std::vector<Element> features;
    features.emplace_back("bind", ns::bind);
    // For clients of RFC 3921. There is nothing to establish, so the feature is optional
    // (draft-cridland-xmpp-session).
    Element session("session", ns::session);
    session.add("optional");
    features.push_back(std::move(session));
    features.emplace_back("sm", ns::stream_management);
    add_module_features(features, context, Handlers::Offer::after_login);
    features.push_back(limits_feature(context));
    return features;
}

} // namespace stonechat
