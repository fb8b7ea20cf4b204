// SPDX-License-Identifier: Apache-2.0
#include "c2s/stream_sweep.hpp"

#include "c2s/c2s.hpp"
#include "c2s/client_session.hpp"
#include "c2s/ended_record.hpp"
#include "router/server.hpp"

namespace stonechat {
namespace {

constexpr std::chrono::seconds interval { 30 };
constexpr std::chrono::seconds more_after { 1 };
constexpr std::size_t at_once = 200;

ClientSession* find_live(const User& user, std::uint64_t row)
{
    for (const auto& session : user.sessions()) {
        auto* candidate = dynamic_cast<ClientSession*>(session.get());
        if (candidate != nullptr && candidate->is_open() && candidate->has_row(row)) {
            return candidate;
        }
    }
    return nullptr;
}

} // namespace

StreamSweep::StreamSweep(C2s& service)
    : service_(service), timer_([](void* self) { static_cast<StreamSweep*>(self)->look(); }, this)
{}

void StreamSweep::start()
{
    Shard& shard = service_.server().router(0).shard();
    shard.post([self = weak_from_this(), &shard] {
        if (const auto sweep = self.lock()) {
            sweep->timer_.start(shard.timers(), more_after);
        }
    });
}

void StreamSweep::look()
{
    Router& router = service_.server().router(0);
    timer_.start(router.shard().timers(), interval);
    for (const auto& host : router.hosts()) {
        router.storage()
            .streams()
            .expired(host->name(), service_.server().clock().wall(), at_once)
            .then([self = weak_from_this()](const Result<std::vector<StreamRecord>, StoreError>& records) {
                if (const auto sweep = self.lock()) {
                    sweep->on_expired(records);
                }
            });
    }
}

void StreamSweep::on_expired(const Result<std::vector<StreamRecord>, StoreError>& records)
{
    if (!records) {
        return;
    }
    Server& server = service_.server();
    for (const StreamRecord& record : *records) {
        const auto owner = Jid::from_parts(record.owner.user, record.owner.host);
        if (owner) {
            server.at_home(*owner, [self = weak_from_this(), record](Router& home) {
                if (const auto sweep = self.lock()) {
                    sweep->at_home(home, record);
                }
            });
        }
    }
    if (records->size() == at_once) {
        timer_.start(server.router(0).shard().timers(), more_after);
    }
}

void StreamSweep::at_home(Router& home, const StreamRecord& record)
{
    Host* host = home.host(record.owner.host);
    const auto kept = service_.resumable_sessions(home.shard());
    if (host == nullptr || kept->being_restored.contains(record.token)) {
        return;
    }
    User* present = host->find_user(record.owner.user);
    if (ClientSession* session = present ? find_live(*present, record.row) : nullptr) {
        session->touch();
        return;
    }
    if (!is_time_up(service_.server(), record)) {
        StreamNote note;
        note.row = record.row;
        note.touched = service_.server().started();
        kept->store.note({ note }).then([](const auto&) {});
        return;
    }
    const auto owner = host->user(record.owner.user);
    owner->when_loaded([self = weak_from_this(), owner, record](User& loaded) {
        const auto sweep = self.lock();
        if (sweep && find_live(loaded, record.row) == nullptr) {
            end_record(sweep->service_, loaded, record);
        }
    });
}

} // namespace stonechat
