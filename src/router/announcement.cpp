// SPDX-License-Identifier: Apache-2.0
#include "router/announcement.hpp"

#include "base/random.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "router/server.hpp"

#include <numeric>

namespace stonechat {
namespace {

std::size_t announce_at(Host& host, const std::string& text)
{
    std::size_t told = 0;
    for (const auto& [name, user] : host.users()) {
        if (!user->has_available_session()) {
            continue;
        }
        Stanza message = Stanza::message(host.jid(), user->jid(), MessageType::headline);
        message.element().set_attribute("id", random_id(9));
        message.element().add_text_child("body", text);
        host.router().route(std::move(message));
        ++told;
    }
    return told;
}

} // namespace

Task<std::size_t> send_announcement(Server& server, Executor& asker, std::string host, std::string text)
{
    std::function<std::size_t(Router&)> tell = [host, text](Router& router) {
        std::size_t told = 0;
        for (const auto& each : router.hosts()) {
            told += host.empty() || each->name() == host ? announce_at(*each, text) : 0;
        }
        return told;
    };
    auto telling = server.gather<std::size_t>(asker, std::move(tell));
    const auto parts = co_await telling;
    co_return std::accumulate(parts.begin(), parts.end(), std::size_t(0));
}

} // namespace stonechat
