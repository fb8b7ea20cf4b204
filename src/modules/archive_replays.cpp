// SPDX-License-Identifier: Apache-2.0
#include "modules/archive_replays.hpp"

#include "net/shard.hpp"
#include "router/host.hpp"
#include "router/passage.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace stonechat {
namespace {

constexpr std::chrono::hours remembered { 24 };

/// Keys of messages that have failed after they were archived: their rows say nothing of that.
constexpr const char* failed_store = "archive_failed";

/// Tells a user's SentMessages how it has ended, also if nobody says so: then it is lost.
class Ending {
public:
    Ending(UserSlot<SentMessages> slot, std::shared_ptr<User> user, std::uint64_t key)
        : slot_(slot), user_(std::move(user)), key_(key)
    {}
    Ending(Ending&&) = default;
    Ending(const Ending&) = delete;
    ~Ending()
    {
        // A server that stops drops what is under way, on any thread; nobody is told then.
        if (user_ && user_->host().shard().is_current()) {
            tell(false);
        }
    }

    void tell(bool safe)
    {
        const auto user = std::exchange(user_, nullptr);
        slot_.of(*user).end(key_, safe);
    }

private:
    UserSlot<SentMessages> slot_;
    std::shared_ptr<User> user_;
    std::uint64_t key_;
};

std::string_view id_of(const Element& message)
{
    const Element* origin = message.child("origin-id", ns::stanza_id);
    const std::string_view id = origin != nullptr ? origin->attribute_or("id") : std::string_view();
    return id.empty() ? message.attribute_or("id") : id;
}

} // namespace

// SentMessages ---------------------------------------------------------------------------------------

SentMessages::State SentMessages::state_of(std::uint64_t key, WallTime now) const
{
    const auto found = messages_.find(key);
    if (found == messages_.end()) {
        return State::unknown;
    }
    if (!found->second.safe) {
        return State::under_way;
    }
    return now - found->second.at < remembered ? State::safe : State::unknown;
}

bool SentMessages::came_on(std::uint64_t key, std::uint64_t stream) const
{
    const auto found = messages_.find(key);
    return found != messages_.end() && found->second.message.stream == stream;
}

/// The oldest goes, unless somebody may wait to hear of it.
void SentMessages::make_room()
{
    if (newest_.size() < most) {
        newest_.push_back(0);
        return;
    }
    const auto oldest = messages_.find(newest_[count_ % most]);
    if (oldest == messages_.end() || oldest->second.number != count_ - most) {
        return; // it has gone already, or come anew
    }
    if (oldest->second.safe) {
        messages_.erase(oldest);
    } else {
        oldest->second.is_old = true;
    }
}

SentMessages::Sent& SentMessages::add(const Message& message, WallTime now)
{
    make_room();
    newest_[count_ % most] = message.key;
    Sent& sent = messages_[message.key];
    sent = Sent { message, now, count_++ };
    return sent;
}

void SentMessages::begin(const Message& message, WallTime now)
{
    add(message, now);
}

void SentMessages::add_safe(std::uint64_t key, WallTime now)
{
    add({ key }, now).safe = true;
}

void SentMessages::when_over(std::uint64_t key, Function<void(bool)> f)
{
    messages_[key].waiting.push_back(std::move(f));
}

void SentMessages::end(std::uint64_t key, bool safe)
{
    const auto found = messages_.find(key);
    if (found == messages_.end()) {
        return;
    }
    Sent& sent = found->second;
    auto waiting = std::exchange(sent.waiting, {});
    sent.safe = true;
    if (!safe || sent.failed || sent.is_old) {
        messages_.erase(found);
    }
    for (auto& waiter : waiting) {
        waiter(safe);
    }
}

std::optional<std::uint64_t> SentMessages::forget_failed(std::uint64_t error_key)
{
    const auto found = std::find_if(messages_.begin(), messages_.end(),
        [error_key](const auto& entry) { return entry.second.message.error_key == error_key; });
    if (found == messages_.end()) {
        return std::nullopt;
    }
    const std::uint64_t key = found->first;
    if (found->second.safe) {
        messages_.erase(found);
    } else { // it is being kept for its sender alone
        found->second.failed = true;
    }
    return key;
}

std::optional<std::uint64_t> SentMessages::remember_failed(std::uint64_t key)
{
    std::erase(failed_, key);
    failed_.push_back(key);
    if (failed_.size() <= most) {
        return std::nullopt;
    }
    const std::uint64_t oldest = failed_.front();
    failed_.erase(failed_.begin());
    return oldest;
}

void SentMessages::clear()
{
    messages_.clear();
    newest_.clear();
    count_ = 0;
    failed_.clear();
}

// ArchiveReplays -------------------------------------------------------------------------------------

void ArchiveReplays::attach(Handlers& on)
{
    slot_ = on.user_slot<SentMessages>();
    stream_ = on.session_slot<std::uint64_t>();
    const auto number = [this](const Context& c) { stream_.of(*c.session) = ++streams_; };
    on.session_bound(number);
    on.session_resumed(number);
    on.user_load([this](User& user) { return load(user); });
    on.message(Flow::to_user, Stage::stamp,
        [this](const Message& m, const Context& c) { return forget_failed(m, c); });
}

Task<bool> ArchiveReplays::load(User& user) const
{
    const Host& host = user.host();
    const WallTime now = host.clock().wall();
    auto reading = host.storage().archive().replay_keys(user.key(), now - remembered, SentMessages::most);
    const auto keys = co_await reading;
    auto looking = host.storage().keyval().load(user.key(), failed_store);
    const auto failed = co_await looking;
    if (!keys || !failed) {
        co_return false;
    }
    SentMessages& sent = slot_.of(user);
    sent.clear();
    KeyvalStore::Changes forgotten;
    for (const auto& [name, value] : *failed) {
        forgotten.emplace_back(name, std::nullopt);
    }
    for (auto key = keys->rbegin(); key != keys->rend(); ++key) { // the store gives the newest first
        const std::string name = std::to_string(*key);
        const auto is_key = [&name](const auto& entry) { return entry.first == name; };
        if (std::erase_if(forgotten, is_key) == 0) {
            sent.add_safe(*key, now);
        } else {
            sent.remember_failed(*key);
        }
    }
    if (!forgotten.empty()) { // their rows are too old to be read
        host.storage().keyval().apply(user.key(), failed_store, std::move(forgotten)).then([](const auto&) {
        });
    }
    co_return true;
}

std::uint64_t ArchiveReplays::key_of(const Message& message) const
{
    const Element& element = std::as_const(message.stanza()).element();
    const std::string_view id = id_of(element);
    if (id.empty()) {
        return 0;
    }
    std::string text;
    text.append(message.to().bare_text()).append(1, '\0').append(id).append(1, '\0');
    text.append(to_text(message.type()));
    for (const Element* child : element.children()) {
        if (!child->is("delay",
                ns::delay)) { // XEP-0198 §5: what is sent once more may say since when it waits
            append_xml(text, *child);
        }
    }
    return std::max<std::uint64_t>(hash_(text), 1);
}

std::uint64_t ArchiveReplays::error_key(const Jid& peer, std::string_view id) const
{
    return hash_(std::string(peer.bare_text()).append(1, '\0').append(id));
}

Verdict ArchiveReplays::look(const Message& message, std::uint64_t key, const Context& context) const
{
    if (key == 0) {
        return Verdict::pass();
    }
    SentMessages& sent = slot_.of(*context.user);
    const WallTime now = context.host.clock().wall();
    const std::uint64_t stream = stream_.of(*context.session);
    if (sent.came_on(key, stream)) {
        return Verdict::pass();
    }
    switch (sent.state_of(key, now)) {
    case SentMessages::State::safe: return Verdict::done();
    case SentMessages::State::under_way: return wait(message, key, context);
    case SentMessages::State::unknown: break;
    }
    sent.begin({ key, error_key(message.to(), message.id()), stream }, now);
    context.passage->when_over([ending = Ending(slot_, context.user->shared_from_this(),
                                    key)](bool safe) mutable { ending.tell(safe); });
    return Verdict::pass();
}

/// The second copy shares the fate of the first: its sender hears nothing before that is known.
Verdict ArchiveReplays::wait(const Message& message, std::uint64_t key, const Context& context) const
{
    const StanzaError lost(StanzaError::internal_server_error, StanzaError::Type::wait);
    slot_.of(*context.user)
        .when_over(key,
            [answer = message.stanza().error_reply(lost), session = context.session->weak_from_this(),
                hold = context.hold()](bool safe) {
                const auto sender = session.lock();
                if (!safe && sender && sender->is_open()) {
                    sender->send(answer);
                }
            });
    return Verdict::done();
}

/// Its sender learns that a message did not arrive. If he tries again, that is no second copy.
Verdict ArchiveReplays::forget_failed(const Message& error, const Context& context) const
{
    SentMessages* sent = slot_.find(*context.user);
    if (error.type() != MessageType::error || error.id().empty() || sent == nullptr) {
        return Verdict::pass();
    }
    const auto key = sent->forget_failed(error_key(error.from(), error.id()));
    if (!key) {
        return Verdict::pass();
    }
    KeyvalStore::Changes changes { { std::to_string(*key), std::string() } };
    if (const auto oldest = sent->remember_failed(*key)) {
        changes.emplace_back(std::to_string(*oldest), std::nullopt);
    }
    context.host.storage()
        .keyval()
        .apply(context.user->key(), failed_store, std::move(changes))
        .then([hold = context.hold()](const auto&) {});
    return Verdict::pass();
}

} // namespace stonechat
