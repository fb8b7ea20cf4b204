// SPDX-License-Identifier: Apache-2.0
#include "c2s/stream_features.hpp"

#include "c2s/sasl_dialog.hpp"
#include "router/host.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"

#include <vector>

namespace stonechat {
namespace {

/// Returns the limits of XEP-0478: the largest stanza allowed in this phase of the stream.
Element limits_feature(const FeatureContext& context)
{
    Element limits("limits", ns::stream_limits);
    limits.add_text_child("max-bytes", std::to_string(context.limits.stanza_bytes));
    return limits;
}

void append(std::string& out, const std::vector<Element>& features)
{
    out += "<stream:features>";
    for (const Element& feature : features) {
        append_xml(out, feature, ns::client);
    }
    out += "</stream:features>";
}

void add_module_features(std::vector<Element>& features, const Host& host, Handlers::Offer offer,
    bool encrypted)
{
    for (const auto& [when, make] : host.handlers().features()) {
        if (when != offer) {
            continue;
        }
        if (auto feature = make(encrypted)) {
            features.push_back(std::move(*feature));
        }
    }
}

} // namespace

void append_starttls_feature(std::string& out)
{
    Element starttls("starttls", ns::tls);
    starttls.add("required");
    append(out, { std::move(starttls) });
}

void append_features_before_login(std::string& out, const FeatureContext& context, const SaslDialog& sasl,
    bool encrypted)
{
    std::vector<Element> features;
    sasl.append_features(features);
    add_module_features(features, context.host, Handlers::Offer::before_login, encrypted);
    features.push_back(limits_feature(context));
    append(out, features);
}

void append_features_after_login(std::string& out, const FeatureContext& context, bool encrypted)
{
    std::vector<Element> features;
    features.emplace_back("bind", ns::bind);
    // For clients of RFC 3921. There is nothing to establish, so the feature is optional
    // (draft-cridland-xmpp-session).
    Element session("session", ns::session);
    session.add("optional");
    features.push_back(std::move(session));
    features.emplace_back("sm", ns::stream_management);
    add_module_features(features, context.host, Handlers::Offer::after_login, encrypted);
    features.push_back(limits_feature(context));
    append(out, features);
}

} // namespace stonechat
