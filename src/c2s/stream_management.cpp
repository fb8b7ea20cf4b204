// SPDX-License-Identifier: Apache-2.0
#include "c2s/stream_management.hpp"

#include "xmpp/ns.hpp"

#include <algorithm>
#include <charconv>

namespace stonechat {
namespace {

/// Number of settled stanzas after which a client that sends no <r/> gets an <a/>.
constexpr std::uint64_t told_unasked_after = 50;

} // namespace

std::optional<std::uint32_t> read_handled_count(const Element& element)
{
    const std::string_view text = element.attribute_or("h");
    std::uint32_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return count;
}

StreamError handled_count_too_high(const Element& ack, std::uint32_t sent)
{
    const auto h = read_handled_count(ack);
    Element condition("handled-count-too-high", ns::stream_management);
    const std::string sent_text = std::to_string(sent);
    if (!h) {
        condition.set_attribute("send-count", sent_text);
        return StreamError(StreamError::undefined_condition, "An acknowledgement needs a number")
            .with(std::move(condition));
    }
    const std::string h_text = std::to_string(*h);
    condition.set_attribute("h", h_text).set_attribute("send-count", sent_text);
    return StreamError(StreamError::undefined_condition,
        "You acknowledged " + h_text + " stanzas, but I only sent you " + sent_text + " so far.")
        .with(std::move(condition));
}

std::uint64_t StreamManagement::push(std::string xml, DeliveryStatusPtr message)
{
    bytes_ += xml.size();
    places_.push_back({ std::move(xml), true, false, std::move(message) });
    return last();
}

std::uint64_t StreamManagement::hold()
{
    places_.push_back({ {}, false, true, nullptr });
    return last();
}

void StreamManagement::fill(std::uint64_t number, std::string xml, DeliveryStatusPtr message)
{
    if (number <= acknowledged_ || number > last() || place(number).filled) {
        return;
    }
    bytes_ += xml.size();
    place(number).xml = std::move(xml);
    place(number).message = std::move(message);
    place(number).filled = true;
}

StreamManagement::Ack StreamManagement::acknowledge(std::uint32_t h)
{
    const std::uint32_t ahead = h - static_cast<std::uint32_t>(acknowledged_);
    if (ahead > sent_ - acknowledged_) {
        // `h` is outside the stanzas in flight: either an old count, which is harmless, or a wrong one.
        const std::uint32_t behind = static_cast<std::uint32_t>(acknowledged_) - h;
        const bool is_old = behind <= acknowledged_ && behind <= UINT32_MAX / 2;
        return is_old ? Ack::fine : Ack::too_high;
    }
    for (std::uint32_t i = 0; i < ahead; ++i) {
        const Place& next = places_.front();
        bytes_ -= next.xml.size();
        bytes_under_way_ -= next.xml.size();
        released_ = released_ || next.held;
        if (next.message) {
            next.message->acknowledged = true;
            tracks_.push_back(next.message->track);
        }
        places_.pop_front();
    }
    acknowledged_ += ahead;
    asking_ = false;
    return Ack::fine;
}

std::vector<std::uint64_t> StreamManagement::acknowledged_elsewhere() const
{
    std::vector<std::uint64_t> numbers;
    std::uint64_t number = acknowledged_;
    for (const Place& each : places_) {
        ++number;
        if (each.held && each.message && each.message->acknowledged) {
            numbers.push_back(number);
        }
    }
    return numbers;
}

StreamManagement::Ack StreamManagement::resume(std::uint32_t h)
{
    const Ack ack = acknowledge(h);
    if (ack == Ack::fine) {
        sent_ = acknowledged_;
        bytes_under_way_ = 0;
        asked_up_to_ = acknowledged_;
        asking_ = false;
        owed_ = 0;
    }
    return ack;
}

void StreamManagement::ask()
{
    asking_ = true;
    asked_up_to_ = sent_;
}

void StreamManagement::set_durable(std::uint64_t count)
{
    durable_ = std::max(durable_, count);
}

std::uint32_t StreamManagement::take_h()
{
    told_ = durable_;
    return static_cast<std::uint32_t>(told_);
}

void StreamManagement::asked(std::uint64_t received)
{
    owed_ = received;
}

bool StreamManagement::has_to_tell() const
{
    return has_news() && (told_ < owed_ || durable_ - told_ >= told_unasked_after);
}

} // namespace stonechat
