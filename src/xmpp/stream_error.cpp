// SPDX-License-Identifier: Apache-2.0
#include "xmpp/stream_error.hpp"

#include "base/index_of.hpp"
#include "xmpp/ns.hpp"

#include <array>
#include <utility>

namespace stonechat {
namespace {

// In the order of the enumeration.
constexpr std::array<std::string_view, 25> names {
    "bad-format",
    "bad-namespace-prefix",
    "conflict",
    "connection-timeout",
    "host-gone",
    "host-unknown",
    "improper-addressing",
    "internal-server-error",
    "invalid-from",
    "invalid-namespace",
    "invalid-xml",
    "not-authorized",
    "not-well-formed",
    "policy-violation",
    "remote-connection-failed",
    "reset",
    "resource-constraint",
    "restricted-xml",
    "see-other-host",
    "system-shutdown",
    "undefined-condition",
    "unsupported-encoding",
    "unsupported-feature",
    "unsupported-stanza-type",
    "unsupported-version",
};
static_assert(static_cast<std::size_t>(StreamError::unsupported_version) + 1 == names.size());

} // namespace

StreamError::StreamError(Condition condition, std::string_view text) : condition_(condition), text_(text) {}

StreamError&& StreamError::with(Element application) &&
{
    application_ = std::move(application);
    return std::move(*this);
}

StreamError&& StreamError::at(std::string_view host) &&
{
    host_ = host;
    return std::move(*this);
}

Element StreamError::to_element() const
{
    Element error("error", ns::streams);
    error.add(to_text(condition_), ns::stream_errors).add_text(host_);
    if (!text_.empty()) {
        error.add("text", ns::stream_errors).add_text(text_);
    }
    if (application_) {
        error.add(*application_);
    }
    return error;
}

StreamError StreamError::from_element(const Element& error)
{
    StreamError read(undefined_condition);
    bool found_one = false;
    for (const Element* child : error.children()) {
        if (!(child->ns() == ns::stream_errors)) {
            if (!read.application_) {
                read.application_ = *child;
            }
            continue;
        }
        if (child->name() == "text") {
            read.text_ = child->text();
            continue;
        }
        const auto condition = index_of(names, child->name());
        if (!condition || found_one) {
            continue;
        }
        found_one = true;
        read.condition_ = static_cast<Condition>(*condition);
        if (read.condition_ == see_other_host) {
            read.host_ = child->text();
        }
    }
    return read;
}

std::string_view to_text(StreamError::Condition condition)
{
    return names[static_cast<std::size_t>(condition)];
}

} // namespace stonechat
