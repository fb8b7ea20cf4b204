// SPDX-License-Identifier: Apache-2.0
#include "pubsub_people.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace stonechat::bench {
namespace {

constexpr double patience = 60; // seconds for contacts to be made
constexpr std::size_t most_waiting =
    50; // requests for a subscription: servers keep only so many for one user
constexpr std::string_view prepared = "prepared";
constexpr std::string_view roster = "roster";

std::size_t occurrences(std::string_view text, std::string_view part)
{
    std::size_t count = 0;
    for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size())) {
        ++count;
    }
    return count;
}

} // namespace

PubsubPeople::PubsubPeople(Workbench& bench, PeopleListener listener, const Interests* interests)
    : bench_(bench), listener_(std::move(listener)), interests_(interests), crew_(bench, crew_listener())
{}

CrewListener PubsubPeople::crew_listener()
{
    CrewListener listener;
    listener.element = [this](Client& client, const Item& item) { take(client, item); };
    listener.batch_end = [](Client& client) { client.flush(); };
    listener.asked = [this](Client& client, const Item& item) {
        const std::string answer = interests_ == nullptr ? std::string() : interests_->answer(item);
        if (!answer.empty()) {
            client.write(answer);
        }
        return !answer.empty();
    };
    return listener;
}

void PubsubPeople::enlist(std::uint32_t account, std::string_view resource)
{
    crew_.enlist(bench_.account(account, resource));
}

void PubsubPeople::log_in()
{
    if (!crew_.log_in(crew_.size(), login_concurrency)) {
        throw BenchError(fmt::format("only {} of {} logged in; {}", crew_.online(), crew_.size(),
            crew_.first_failure()));
    }
}

void PubsubPeople::come_online()
{
    for (std::size_t i = 0; i < crew_.size(); ++i) {
        send_presence(i);
    }
    barrier(); // the question for what is announced is there
    barrier(); // the answer is handled
}

void PubsubPeople::send_presence(std::size_t index)
{
    crew_[index].write(interests_ == nullptr ? "<presence/>" : interests_->presence());
    crew_[index].flush();
}

void PubsubPeople::barrier()
{
    if (!crew_.barrier()) {
        throw BenchError("no answer to a ping; " + crew_.first_failure());
    }
}

void PubsubPeople::wait(const std::function<bool()>& done, std::string_view what)
{
    if (!bench_.loop.run_until(bench_.deadline(), [&] { return done() || crew_.failures() > 0; })
        || crew_.failures() > 0) {
        throw BenchError(fmt::format("{} did not come; {}", what, crew_.first_failure()));
    }
}

void PubsubPeople::ask(std::size_t index, std::string_view type, std::string_view to,
    std::string_view payload)
{
    const std::string address = to.empty() ? std::string() : fmt::format(" to='{}'", to);
    crew_[index].write(fmt::format("<iq type='{}' id='{}'{}>{}</iq>", type, prepared, address, payload));
    crew_[index].flush();
    ++unanswered_;
}

void PubsubPeople::settle()
{
    wait([this] { return unanswered_ == 0 || !refusal_.empty(); }, "the answer to a request");
    if (!refusal_.empty()) {
        throw BenchError("refused: " + refusal_);
    }
}

// What one asks for, the other one's take() allows. Contacts of an earlier run stay.
void PubsubPeople::befriend(PubsubPeople& others)
{
    if (complete_rosters(others.size()) == size()) {
        return;
    }
    for (std::size_t one = 0; one < size(); ++one) {
        for (std::size_t other = 0; other < others.size(); ++other) {
            crew_[one].write(fmt::format("<presence type='subscribe' to='{}'/>", others.address(other)));
            others[other].write(fmt::format("<presence type='subscribe' to='{}'/>", address(one)));
            others[other].flush();
            if (other % most_waiting == most_waiting - 1 || other + 1 == others.size()) {
                crew_[one].flush();
                others.barrier();
                barrier();
            }
        }
    }
    const auto end = std::min(bench_.in(patience), bench_.deadline());
    while (complete_rosters(others.size()) < size()) {
        if (Clock::now() > end) {
            throw BenchError("not all became contacts of each other");
        }
        bench_.loop.poll(std::chrono::milliseconds(20));
    }
}

std::size_t PubsubPeople::complete_rosters(std::size_t contacts)
{
    mutual_.assign(size(), 0);
    unanswered_ += size();
    for (std::size_t i = 0; i < size(); ++i) {
        crew_[i].write(fmt::format("<iq type='get' id='{}'><query xmlns='jabber:iq:roster'/></iq>", roster));
        crew_[i].flush();
    }
    settle();
    return static_cast<std::size_t>(std::count_if(mutual_.begin(), mutual_.end(),
        [contacts](std::size_t mutual) { return mutual >= contacts; }));
}

std::string PubsubPeople::address(std::size_t index)
{
    return fmt::format("{}@{}", crew_[index].account().user, bench_.target.domain);
}

void PubsubPeople::take(Client& client, const Item& item)
{
    if (item.name == "presence" && attribute(item.head, "type") == "subscribe") {
        client.write(fmt::format("<presence type='subscribed' to='{}'/>", attribute(item.head, "from")));
    } else if (item.name == "message" && listener_.message) {
        listener_.message(client, item);
    } else if (item.name == "iq") {
        take_answer(client, item);
    }
}

void PubsubPeople::take_answer(Client& client, const Item& item)
{
    const auto id = attribute(item.head, "id");
    if (id != prepared && id != roster) {
        if (listener_.answer) {
            listener_.answer(client, item);
        }
        return;
    }
    --unanswered_;
    if (attribute(item.head, "type") == "error") {
        refusal_ = item.text;
    } else if (id == roster) {
        mutual_[client.tag()] = occurrences(item.text, "subscription='both'")
            + occurrences(item.text, "subscription=\"both\"");
    }
}

std::string publication(std::string_view node, std::string_view id, std::string_view item,
    std::string_view access)
{
    std::string options;
    if (!access.empty()) {
        options = fmt::format("<publish-options><x xmlns='jabber:x:data' type='submit'>"
                              "<field var='FORM_TYPE' type='hidden'><value>"
                              "http://jabber.org/protocol/pubsub#publish-options</value></field>"
                              "<field var='pubsub#access_model'><value>{}</value></field></x>"
                              "</publish-options>",
            access);
    }
    return fmt::format("<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='{}'>"
                       "<item id='{}'>{}</item></publish>{}</pubsub>",
        node, id, item, options);
}

} // namespace stonechat::bench
