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

/// Returns "presence from=… to=…" for `<presence from='…' to='…'><x/>…`. Our serializer escapes > and ' in
/// attributes.
std::string start_tag(std::string_view xml)
{
    std::string tag(xml.substr(0, xml.find('>')));
    if (tag.ends_with('/')) {
        tag.pop_back();
    }
    std::erase(tag, '\'');
    return tag.starts_with('<') ? tag.substr(1) : tag;
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
    // The ticket: dropping its last copy ends the trace.
    return std::shared_ptr<void>(follower.get(), [this, follower](void*) {
        const std::lock_guard lock(mutex_);
        std::erase(followers_, follower);
        --count_;
    });
}

void Trace::step(std::string_view what, const Stanza& stanza, std::string_view detail)
{
    write(stanza.from(), stanza.to(), [&] { return describe(what, stanza, detail); });
}

void Trace::step(std::string_view what, const Jid& from, const Jid& to, std::string_view xml)
{
    write(from, to, [&] { return std::string(what) + " " + start_tag(xml); });
}

void Trace::write(const Jid& from, const Jid& to, const std::function<std::string()>& line)
{
    std::vector<std::shared_ptr<Follower>> interested;
    {
        const std::lock_guard lock(mutex_);
        std::copy_if(followers_.begin(), followers_.end(), std::back_inserter(interested),
            [one = from.bare_text(), other = to.bare_text()](const auto& follower) {
                return follower->bare == one || follower->bare == other;
            });
    }
    if (interested.empty()) {
        return;
    }
    const std::string text = line();
    for (const auto& follower : interested) {
        follower->listener(text);
    }
}

} // namespace stonechat
