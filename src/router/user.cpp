// SPDX-License-Identifier: Apache-2.0
#include "router/user.hpp"

#include "router/host.hpp"

#include <algorithm>

namespace stonechat {

User::User(Host& host, Jid bare_jid) : Entity(std::move(bare_jid)), host_(host) {}

User::~User() = default;

AccountKey User::key() const
{
    AccountKey key { host_.name(), std::string(jid().local()) };
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
    if (is_loading()) {
        wait([this, task = std::move(task)]() mutable { task(*this); });
    } else {
        task(*this);
    }
}

bool User::shows_presence_to(const Jid& other) const
{
    return other.same_bare(jid()) || roster_.is_subscriber(other.bare_text());
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
    set_loading(state == State::loading);
    run_waiting();
}

} // namespace stonechat
