// SPDX-License-Identifier: Apache-2.0
#include "xmpp/stanza_error.hpp"

#include "xmpp/ns.hpp"

#include <array>
#include <utility>

namespace stonechat {
namespace {

using enum StanzaError::Condition;
using Type = StanzaError::Type;

struct Row {
    StanzaError::Condition condition;
    std::string_view name;
    Type type; ///< RFC 6120 §8.3.3: "the associated error type SHOULD be"
};

// In the order of the enumeration.
constexpr std::array rows {
    Row { bad_request, "bad-request", Type::modify },
    Row { conflict, "conflict", Type::cancel },
    Row { feature_not_implemented, "feature-not-implemented", Type::cancel },
    Row { forbidden, "forbidden", Type::auth },
    Row { gone, "gone", Type::cancel },
    Row { internal_server_error, "internal-server-error", Type::cancel },
    Row { item_not_found, "item-not-found", Type::cancel },
    Row { jid_malformed, "jid-malformed", Type::modify },
    Row { not_acceptable, "not-acceptable", Type::modify },
    Row { not_allowed, "not-allowed", Type::cancel },
    Row { not_authorized, "not-authorized", Type::auth },
    Row { policy_violation, "policy-violation", Type::modify },
    Row { recipient_unavailable, "recipient-unavailable", Type::wait },
    Row { redirect, "redirect", Type::modify },
    Row { registration_required, "registration-required", Type::auth },
    Row { remote_server_not_found, "remote-server-not-found", Type::cancel },
    Row { remote_server_timeout, "remote-server-timeout", Type::wait },
    Row { resource_constraint, "resource-constraint", Type::wait },
    Row { service_unavailable, "service-unavailable", Type::cancel },
    Row { subscription_required, "subscription-required", Type::auth },
    Row { undefined_condition, "undefined-condition", Type::cancel },
    Row { unexpected_request, "unexpected-request", Type::wait },
};

constexpr bool rows_follow_the_enumeration()
{
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (static_cast<std::size_t>(rows[i].condition) != i) {
            return false;
        }
    }
    return rows.size() == static_cast<std::size_t>(unexpected_request) + 1;
}
static_assert(rows_follow_the_enumeration());

const Row& row_of(StanzaError::Condition condition)
{
    return rows[static_cast<std::size_t>(condition)];
}

std::optional<StanzaError::Condition> find_condition(std::string_view name)
{
    for (const Row& row : rows) {
        if (row.name == name) {
            return row.condition;
        }
    }
    return std::nullopt;
}

std::optional<Type> find_type(std::string_view name)
{
    for (const Type type : { Type::auth, Type::cancel, Type::continue_, Type::modify, Type::wait }) {
        if (to_text(type) == name) {
            return type;
        }
    }
    return std::nullopt;
}

} // namespace

StanzaError::StanzaError(Condition condition, std::string_view text)
    : StanzaError(condition, row_of(condition).type, text)
{}

StanzaError::StanzaError(Condition condition, Type type, std::string_view text)
    : condition_(condition), type_(type), text_(text)
{}

StanzaError&& StanzaError::with(Element application) &&
{
    application_ = std::move(application);
    return std::move(*this);
}

StanzaError&& StanzaError::beside(Element payload) &&
{
    payload_ = std::move(payload);
    return std::move(*this);
}

StanzaError&& StanzaError::at(std::string_view uri) &&
{
    uri_ = uri;
    return std::move(*this);
}

Element StanzaError::to_element(std::string_view stanza_ns) const
{
    Element error("error", stanza_ns);
    error.set_attribute("type", to_text(type_));
    if (condition_ == item_not_found) {
        // Profanity publishes its first OMEMO keys only if the answer has the code that XEP-0086 gave this
        // condition.
        error.set_attribute("code", "404");
    }
    error.add(to_text(condition_), ns::stanza_errors).add_text(uri_);
    if (!text_.empty()) {
        error.add("text", ns::stanza_errors).add_text(text_);
    }
    if (application_) {
        error.add(*application_);
    }
    return error;
}

std::optional<StanzaError> StanzaError::from_element(const Element& error)
{
    std::optional<Condition> condition;
    std::string uri;
    std::string text;
    const Element* application = nullptr;
    for (const Element* child : error.children()) {
        if (!(child->ns() == ns::stanza_errors)) {
            application = application != nullptr ? application : child;
            continue;
        }
        if (child->name() == "text") {
            text = child->text();
            continue;
        }
        const auto found = find_condition(child->name());
        if (found && !condition) {
            condition = found;
            uri = child->text();
        }
    }
    if (!condition) {
        return std::nullopt;
    }
    const Type type = find_type(error.attribute_or("type")).value_or(row_of(*condition).type);
    StanzaError read(*condition, type, text);
    if (*condition == gone || *condition == redirect) {
        read.uri_ = std::move(uri);
    }
    if (application != nullptr) {
        read.application_ = *application;
    }
    return read;
}

std::string_view to_text(StanzaError::Condition condition)
{
    return row_of(condition).name;
}

std::string_view to_text(StanzaError::Type type)
{
    switch (type) {
    case Type::auth: return "auth";
    case Type::cancel: return "cancel";
    case Type::continue_: return "continue";
    case Type::modify: return "modify";
    case Type::wait: return "wait";
    }
    return "cancel";
}

} // namespace stonechat
