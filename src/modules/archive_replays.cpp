// SPDX-License-Identifier: Apache-2.0
#include "modules/archive_replays.hpp"

#include "base/random.hpp"
#include "router/delivery_plan.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>
#include <utility>

namespace stonechat {
namespace {

/// Number of failed messages remembered for one account.
constexpr std::size_t failed_at_most = 32;

constexpr const char* failed_store = "archive_failed";

std::string_view origin_id_of(const Element& message)
{
    const Element* origin = message.child("origin-id", ns::stanza_id);
    return origin != nullptr ? origin->attribute_or("id") : std::string_view();
}

/// Parses a number from the store.
std::optional<std::uint64_t> number_in(std::string_view text)
{
    std::uint64_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return number;
}

/// Returns a random number, never 0.
std::uint64_t new_number()
{
    std::uint64_t number = 0;
    const std::string bytes = random_bytes(sizeof number);
    std::memcpy(&number, bytes.data(), sizeof number);
    return std::max<std::uint64_t>(number, 1);
}

/// Returns whether the account archives the message, or a room may.
bool may_be_kept(const Message& message, const DeliveryPlan& plan)
{
    return plan.is_archived() || message.type() == MessageType::groupchat;
}

} // namespace

void ArchiveReplays::attach(Handlers& on)
{
    failed_ = on.user_slot<Failed>();
    stream_ = on.session_slot<SenderStream>();
    on.session_resumed([this](const Context& c) { end(c, false); });
    on.session_disconnected([this](const Context& c) { end(c, false); });
    on.session_ended([this](const Context& c) { end(c, c.session->is_closed_in_good_order()); });
    on.user_load([this](User& user) { return load(user); });
    on.message(Flow::to_user, Stage::stamp, [this](const Message& m, const Context& c) {
        note_failed(m, c);
        return Verdict::pass();
    });
}

void ArchiveReplays::end(const Context& context, bool in_good_order) const
{
    SenderStream* stream = stream_.find(*context.session);
    if (stream == nullptr || stream->number == 0) {
        return;
    }
    const std::uint64_t number = std::exchange(stream->number, 0);
    const StreamEnd how = in_good_order ? StreamEnd::in_good_order : StreamEnd::broken;
    context.host.storage().messages().end_stream(context.user->key(), number, how).then([](const auto&) {});
}

Task<bool> ArchiveReplays::load(User& user) const
{
    auto looking = user.host().storage().keyval().load(user.key(), failed_store);
    const auto kept = co_await looking;
    if (!kept) {
        co_return false;
    }
    failed_.clear(user);
    for (const auto& [name, value] : *kept) {
        if (const auto key = number_in(name)) { // an unreadable key matches no message
            failed_.of(user).push_back({ *key, number_in(value).value_or(0) });
        }
    }
    co_return true;
}

std::uint64_t ArchiveReplays::key_of(const Message& message, std::string_view origin_id,
    const Host& host) const
{
    // The resource of an account's address does not matter. In a room, another resource is another occupant.
    const bool is_account = host.router().host(message.to().domain()) != nullptr;
    std::string text(is_account ? message.to().bare_text() : message.to().text());
    text.append(1, '\0').append(origin_id).append(1, '\0').append(to_text(message.type()));
    for (const Element* child : std::as_const(message.stanza()).element().children()) {
        // XEP-0198 §5: a message that is sent again may carry a <delay/>.
        if (!child->is("delay", ns::delay)) {
            append_xml(text, *child);
        }
    }
    return hash_(text);
}

std::uint64_t ArchiveReplays::error_key(const Jid& peer, std::string_view id) const
{
    return hash_(std::string(peer.bare_text()).append(1, '\0').append(id));
}

void ArchiveReplays::mark(const Message& message, const Context& context) const
{
    const std::string_view id = origin_id_of(std::as_const(message.stanza()).element());
    if (id.empty() || !may_be_kept(message, *context.plan)) {
        return;
    }
    SenderStream& stream = stream_.of(*context.session);
    stream.number = stream.number != 0 ? stream.number : new_number();
    Origin origin;
    origin.sender = context.user->key();
    origin.stream = stream.number;
    origin.key = key_of(message, id, context.host);
    origin.is_new_attempt = is_new_attempt(message, context);
    context.plan->set_origin(std::move(origin));
}

bool ArchiveReplays::is_new_attempt(const Message& message, const Context& context) const
{
    Failed* failed = failed_.find(*context.user);
    if (failed == nullptr || failed->empty()) {
        return false;
    }
    const std::uint64_t key = error_key(message.to(), message.id());
    if (std::erase_if(*failed, [key](const Failure& each) { return each.key == key; }) == 0) {
        return false;
    }
    context.host.storage()
        .keyval()
        .erase(context.user->key(), failed_store, std::to_string(key))
        .then([](const auto&) {});
    return true;
}

/// Returns the oldest failure of the peer with the most failures, so that a stranger who sends many errors
/// does not push out the failures of other peers.
ArchiveReplays::Failed::const_iterator ArchiveReplays::most_expendable(const Failed& failed)
{
    const auto share_of = [&failed](const Failure& one) {
        return std::count_if(failed.begin(), failed.end(),
            [&one](const Failure& other) { return other.peer == one.peer; });
    };
    return std::max_element(failed.begin(), failed.end(),
        [&share_of](const Failure& a, const Failure& b) { return share_of(a) < share_of(b); });
}

/// Records that the sender of a message gets an error for it. If the sender tries again, that is a new
/// attempt and not a repetition.
void ArchiveReplays::note_failed(const Message& error, const Context& context) const
{
    if (error.type() != MessageType::error || error.id().empty()) {
        return;
    }
    const std::uint64_t key = error_key(error.from(), error.id());
    Failed& failed = failed_.of(*context.user);
    if (std::any_of(failed.begin(), failed.end(), [key](const Failure& each) { return each.key == key; })) {
        return;
    }
    const std::uint64_t peer = hash_(error.from().bare_text());
    KeyvalStore::Changes changes { { std::to_string(key), std::to_string(peer) } };
    failed.push_back({ key, peer });
    if (failed.size() > failed_at_most) {
        const auto expendable = most_expendable(failed);
        changes.emplace_back(std::to_string(expendable->key), std::nullopt);
        failed.erase(expendable);
    }
    context.host.storage()
        .keyval()
        .apply(context.user->key(), failed_store, std::move(changes))
        .then([hold = context.hold()](const auto&) mutable { std::move(hold).settle(); });
}

} // namespace stonechat
