// SPDX-License-Identifier: Apache-2.0
#include "crew.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace stonechat::bench {

void Crew::enlist(Account account)
{
    const auto tag = static_cast<std::uint32_t>(clients_.size());
    ClientEvents& events = *this;
    clients_.push_back(std::make_unique<Client>(bench_.loop, bench_.target, events, std::move(account), tag));
}

bool Crew::log_in(std::size_t count, std::size_t concurrency)
{
    count = std::min(count, clients_.size());
    while (online_ < count && failures_ == 0 && Clock::now() < bench_.deadline()) {
        start_more(count, concurrency);
        bench_.loop.poll(std::chrono::milliseconds(100));
    }
    return online_ >= count && failures_ == 0;
}

bool Crew::barrier(Clock::time_point deadline)
{
    pongs_missing_ = 0;
    for (const auto& client : clients_) {
        if (!client->is_open() || !client->is_online()) {
            continue;
        }
        ++pongs_missing_;
        client->write(fmt::format("<iq type='get' id='barrier' to='{}'><ping xmlns='urn:xmpp:ping'/></iq>",
            bench_.target.domain));
        client->flush();
    }
    return bench_.loop.run_until(deadline, [this] { return pongs_missing_ == 0 || failures_ > 0; });
}

void Crew::drop(std::size_t index)
{
    clients_[index]->abandon();
    away_.push_back(static_cast<std::uint32_t>(index));
    --online_;
}

bool Crew::come_back(std::size_t concurrency)
{
    while (online_ < clients_.size() && Clock::now() < bench_.deadline()) {
        start_again(concurrency);
        bench_.loop.poll(std::chrono::milliseconds(20));
    }
    return online_ == clients_.size();
}

// Who fails at once is not tried again before the next poll.
void Crew::start_again(std::size_t concurrency)
{
    for (auto left = away_.size(); left > 0 && returning_ < concurrency; --left) {
        const auto index = away_.front();
        away_.pop_front();
        ++returning_;
        clients_[index]->start();
    }
}

void Crew::log_out()
{
    leaving_ = true;
    for (const auto& client : clients_) {
        if (client->is_open()) {
            client->end();
        }
    }
    bench_.loop.run_until(bench_.in(5), [this] { return online_ == 0; });
}

void Crew::start_more(std::size_t count, std::size_t concurrency)
{
    while (started_ < count && started_ - online_ < concurrency && failures_ == 0) {
        clients_[started_++]->start();
    }
}

void Crew::on_online(Client& client)
{
    ++online_;
    returning_ -= std::min<std::size_t>(returning_, 1);
    if (listener_.online) {
        listener_.online(client);
    }
}

void Crew::on_element(Client& client, const Item& item)
{
    if (item.name != "iq") {
        if (listener_.element) {
            listener_.element(client, item);
        }
        return;
    }
    const auto type = attribute(item.head, "type");
    const auto id = attribute(item.head, "id");
    if (type == "get" || type == "set") {
        if (listener_.asked && listener_.asked(client, item)) {
            return;
        }
        client.write(fmt::format("<iq type='error' id='{}' to='{}'><error type='cancel'><service-unavailable "
                                 "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
            id, attribute(item.head, "from")));
        client.flush();
        return;
    }
    if (id == "barrier") {
        --pongs_missing_;
        return;
    }
    if (listener_.element) {
        listener_.element(client, item);
    }
}

void Crew::on_batch_end(Client& client)
{
    if (listener_.batch_end) {
        listener_.batch_end(client);
    }
}

void Crew::on_acknowledged(Client& client)
{
    if (listener_.acknowledged) {
        listener_.acknowledged(client);
    }
}

void Crew::on_offline(Client& client, const std::string& reason)
{
    if (client.is_online() || leaving_) {
        --online_;
    }
    if (leaving_) {
        return;
    }
    if (is_outage_) {
        returning_ -= client.is_online() ? 0 : std::min<std::size_t>(returning_, 1);
        away_.push_back(client.tag());
    } else {
        ++failures_;
    }
    if (first_failure_.empty()) {
        first_failure_ = fmt::format("{}: {}", client.account().user, reason);
    }
}

} // namespace stonechat::bench
