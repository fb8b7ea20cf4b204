// SPDX-License-Identifier: Apache-2.0
#include "router/user.hpp"

#include "router/host.hpp"

#include <algorithm>

namespace stonechat {

User::User(Host& host, Jid bare_jid) : host_(host), jid_(std::move(bare_jid)) {}

User::~User() = default;

AccountKey User::key() const
{
    AccountKey key { host_.name(), std::string(jid_.local()) };
    return key;
}

Session* User::session(std::string_view resource) const
{
    for (const auto& session : sessions_) {
        if (session->jid().resource() == resource) {
            return session.get();
        }
    }
    return nullptr;
}

bool User::has_available_session() const
{
    return std::any_of(sessions_.begin(), sessions_.end(),
        [](const auto& session) { return session->is_open() && session->is_available(); });
}

Addressee User::addressee(const Jid& to) const
{
    if (to.has_resource()) {
        const Session* named = session(to.resource());
        return named != nullptr && named->is_open() ? Addressee::full_match : Addressee::full_no_match;
    }
    bool available = false;
    for (const auto& session : sessions_) {
        if (!session->is_open() || !session->is_available()) {
            continue;
        }
        if (session->priority() >= 0) {
            return Addressee::bare_available;
        }
        available = true;
    }
    return available ? Addressee::bare_only_negative : Addressee::bare_none_available;
}

void User::when_loaded(Function<void(User&)> task)
{
    if (state_ == State::loading) {
        waiting_.push_back(std::move(task));
        return;
    }
    task(*this);
}

bool User::shows_presence_to(const Jid& other) const
{
    return other.same_bare(jid_) || roster_.is_subscriber(other.bare_text());
}

void User::add_session(std::shared_ptr<Session> session)
{
    session->user_ = this;
    sessions_.push_back(std::move(session));
}

void User::remove_session(Session& session)
{
    std::erase_if(sessions_, [&session](const auto& held) { return held.get() == &session; });
}

void User::become(State state)
{
    state_ = state;
    if (state == State::loading) {
        return;
    }
    // The waiting tasks run in order. In this state when_loaded() runs new tasks at once, so no task waits
    // again and this ends.
    auto waiting = std::move(waiting_);
    waiting_.clear();
    for (auto& task : waiting) {
        task(*this);
    }
}

} // namespace stonechat
