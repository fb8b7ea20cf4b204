// SPDX-License-Identifier: Apache-2.0
#include "modules/push_registration.hpp"

#include "xmpp/data_form.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stream_parser.hpp"

#include <algorithm>

namespace stonechat {
namespace {

/// Limits, more than any service needs: tokens and keys have a few hundred bytes.
constexpr std::size_t most_node_bytes = 1024;
constexpr std::size_t most_options_bytes = 4096;

constexpr std::chrono::milliseconds first_wait = std::chrono::seconds(15);
constexpr std::chrono::milliseconds longest_wait = std::chrono::hours(1);

Element summary(unsigned count)
{
    DataForm form(DataForm::Type::submit, ns::push_summary);
    form.add("message-count", DataForm::FieldType::text_single, std::to_string(count));
    return form.to_element();
}

/// Returns the form with type `submit`, as a notification needs it (XEP-0060 §7.1.5). Some clients pass on
/// the unchanged form of their app server.
Element as_submitted(const DataForm& form)
{
    DataForm submitted(DataForm::Type::submit, form.form_type());
    for (const DataForm::Field& field : form.fields()) {
        if (field.var == "FORM_TYPE" || field.type == DataForm::FieldType::fixed) {
            continue;
        }
        DataForm::Field value;
        value.var = field.var;
        value.type = field.type;
        value.values = field.values;
        submitted.add(std::move(value));
    }
    return submitted.to_element();
}

Result<Element, StanzaError> read_options(const Element& x)
{
    const auto form = DataForm::from_element(x);
    if (!form) {
        return form.error();
    }
    if (form->type() == DataForm::Type::cancel || form->form_type() != ns::publish_options) {
        return StanzaError(StanzaError::bad_request,
            "A form beside a push service has the FORM_TYPE " + std::string(ns::publish_options));
    }
    if (to_xml(x).size() > most_options_bytes) {
        return StanzaError(StanzaError::not_acceptable, "The form is too large");
    }
    return form->type() == DataForm::Type::submit ? x : as_submitted(*form);
}

const Element* condition_of(const Element& iq)
{
    const Element* error = iq.child("error");
    return error ? error->first_child() : nullptr;
}

} // namespace

Result<PushRegistration, StanzaError> PushRegistration::from_enable(const Element& enable,
    std::string_view resource)
{
    if (!enable.has_attribute("jid")) {
        return StanzaError(StanzaError::bad_request);
    }
    auto service = Jid::parse(enable.attribute_or("jid"));
    if (!service || service->empty()) {
        return StanzaError(StanzaError::jid_malformed);
    }
    PushRegistration registration;
    registration.service = std::move(*service);
    registration.node = enable.attribute_or("node");
    registration.resource = resource;
    if (registration.node.size() > most_node_bytes) {
        return StanzaError(StanzaError::not_acceptable, "The node is too long");
    }
    if (const Element* x = enable.child("x", ns::data_forms)) {
        auto options = read_options(*x);
        if (!options) {
            return options.error();
        }
        registration.options = std::move(*options);
    }
    return registration;
}

std::string PushRegistration::to_text() const
{
    Element enable("enable", ns::push);
    enable.set_attribute("jid", service.text()).set_attribute("node", node);
    enable.set_attribute("resource", resource);
    if (options) {
        enable.add(*options);
    }
    return to_xml(enable);
}

std::optional<PushRegistration> PushRegistration::from_text(std::string_view text)
{
    const auto enable = parse_element(text);
    if (!enable) {
        return std::nullopt;
    }
    auto registration = from_enable(*enable, enable->attribute_or("resource"));
    return registration ? std::optional(std::move(*registration)) : std::nullopt;
}

Element PushRegistration::notification(unsigned count) const
{
    Element pubsub("pubsub", ns::pubsub);
    Element& publish = pubsub.add("publish");
    if (!node.empty()) {
        publish.set_attribute("node", node);
    }
    publish.add("item").add("notification", ns::push).add(summary(count));
    if (options) {
        pubsub.add("publish-options").add(*options);
    }
    return pubsub;
}

PushOutcome push_outcome(const Stanza* answer)
{
    if (answer == nullptr) {
        return PushOutcome::try_again;
    }
    if (!answer->is_error()) {
        return PushOutcome::accepted;
    }
    const Element* error = answer->element().child("error");
    const bool waits = error != nullptr && error->attribute_or("type") == "wait";
    const Element* condition = condition_of(answer->element());
    const bool unreachable = condition != nullptr
        && (condition->name() == "remote-server-timeout" || condition->name() == "remote-server-not-found");
    return waits || unreachable ? PushOutcome::try_again : PushOutcome::give_up;
}

void PushPace::begin(SteadyTime now, std::chrono::milliseconds interval)
{
    in_flight_ = true;
    is_due_ = false;
    not_before_ = now + interval;
}

bool PushPace::end(PushOutcome outcome, SteadyTime now)
{
    in_flight_ = false;
    switch (outcome) {
    case PushOutcome::accepted: failures_ = 0; return true;
    case PushOutcome::give_up: return false;
    case PushOutcome::try_again: break;
    }
    if (++failures_ >= most_failures) {
        return false;
    }
    is_due_ = unseen_ > 0;
    not_before_ = now + std::min(first_wait * (1 << (2 * (failures_ - 1))), longest_wait);
    return true;
}

} // namespace stonechat
