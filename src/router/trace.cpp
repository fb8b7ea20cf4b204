// SPDX-License-Identifier: Apache-2.0
#include "router/trace.hpp"

#include <algorithm>

namespace stonechat {
namespace {

std::string describe(std::string_view what, const Stanza& stanza, std::string_view detail)
{
    std::string line(what);
    line += ' ';
    line += stanza.element().name();
    for (const std::string_view name : { "type", "id", "from", "to" }) {
        if (const auto value = stanza.element().attribute(name)) {
            line += ' ';
            line += name;
            line += '=';
            line += *value;
        }
    }
    if (!detail.empty()) {
        line += ": ";
        line += detail;
    }
    return line;
}

} // namespace

std::shared_ptr<void> Trace::follow(const Jid& bare, Listener listener)
{
    auto follower = std::make_shared<Follower>();
    follower->bare = std::string(bare.bare_text());
    follower->listener = std::move(listener);
    {
        const std::lock_guard lock(mutex_);
        followers_.push_back(follower);
        ++count_;
    }
    // The ticket: whoever drops the last copy ends the following.
    return std::shared_ptr<void>(follower.get(), [this, follower](void*) {
        const std::lock_guard lock(mutex_);
        std::erase(followers_, follower);
        --count_;
    });
}

void Trace::step(std::string_view what, const Stanza& stanza, std::string_view detail)
{
    std::vector<std::shared_ptr<Follower>> interested;
    {
        const std::lock_guard lock(mutex_);
        const auto from = stanza.from().bare_text();
        const auto to = stanza.to().bare_text();
        std::copy_if(followers_.begin(), followers_.end(), std::back_inserter(interested),
            [from, to](const auto& follower) { return follower->bare == from || follower->bare == to; });
    }
    if (interested.empty()) {
        return;
    }
    const std::string line = describe(what, stanza, detail);
    for (const auto& follower : interested) {
        follower->listener(line);
    }
}

} // namespace stonechat
