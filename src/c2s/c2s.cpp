// SPDX-License-Identifier: Apache-2.0
#include "c2s/c2s.hpp"

#include "base/shrink.hpp"

#include "c2s/client_stream.hpp"
#include "c2s/stream_sweep.hpp"
#include "net/shard.hpp"
#include "router/server.hpp"

#include <unistd.h>

#include <atomic>
#include <fstream>

namespace stonechat {
namespace {

std::size_t resident_bytes()
{
    std::ifstream statm("/proc/self/statm");
    std::size_t pages = 0;
    std::size_t resident = 0;
    statm >> pages >> resident;
    return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

/// Above this share of the configured memory, new connections are refused; existing streams go on.
constexpr double watermark = 0.85;

} // namespace

C2s::C2s(Server& server)
    : server_(server), shares_(server.shard_count()), sweep_(std::make_shared<StreamSweep>(*this))
{
    for (std::size_t i = 0; i < shares_.size(); ++i) {
        Router& router = server.router(i);
        shares_[i].resumable_sessions = std::make_shared<ResumableSessions>(router.shard(),
            router.storage().streams());
    }
    sweep_->start();
}

C2s::~C2s()
{
    for (const Share& share : shares_) {
        share.resumable_sessions->writer->abandon();
    }
}

C2s::Share& C2s::share(const Shard& shard)
{
    return shares_[shard.index()];
}

std::shared_ptr<const C2sSettings> C2s::settings(const Shard& shard)
{
    Share& mine = share(shard);
    const SharedSettings& current = server_.router_of(shard).shared_settings();
    if (mine.read_from != current) {
        mine.settings = std::make_shared<const C2sSettings>(*current);
        mine.read_from = current;
    }
    return mine.settings;
}

bool C2s::has_memory_left()
{
    const auto allowed = static_cast<double>(server_.settings()->section("limits").integer("memory_bytes"));
    return allowed == 0 || static_cast<double>(resident_bytes()) < allowed * watermark;
}

void C2s::accept(Shard& shard, std::unique_ptr<Transport> transport, ListenerTls tls)
{
    Share& mine = share(shard);
    auto stream = std::make_shared<ClientStream>(*this, shard, std::move(transport), tls, settings(shard));
    mine.streams.emplace(stream.get(), stream);
    stream->start();
    if (mine.shutting_down) {
        stream->end(StreamError(StreamError::system_shutdown));
    } else if (!has_memory_left()) {
        stream->end(StreamError(StreamError::resource_constraint));
    }
}

std::size_t C2s::stream_count(const Shard& shard) const
{
    return shares_[shard.index()].streams.size();
}

void C2s::remove(const Shard& shard, ClientStream& stream)
{
    Share& mine = share(shard);
    const auto found = mine.streams.find(&stream);
    if (found == mine.streams.end()) {
        return;
    }
    // The caller is a member function of the stream, so the stream is destroyed in the next turn.
    server_.router_of(shard).shard().post([held = std::move(found->second)] {});
    mine.streams.erase(found);
    shrink_if_sparse(mine.streams);
    tell_if_empty(mine);
}

void C2s::tell_if_empty(Share& share)
{
    if (share.streams.empty() && share.when_empty) {
        share.resumable_sessions->writer->when_idle(std::move(share.when_empty));
        share.when_empty = nullptr;
    }
}

std::shared_ptr<ClientStream> C2s::release(const Shard& shard, ClientStream& stream)
{
    Share& mine = share(shard);
    const auto found = mine.streams.find(&stream);
    auto held = std::move(found->second);
    mine.streams.erase(found);
    tell_if_empty(mine);
    return held;
}

bool C2s::adopt(const Shard& shard, std::shared_ptr<ClientStream> stream)
{
    Share& mine = share(shard);
    ClientStream* key = stream.get();
    mine.streams.emplace(key, std::move(stream));
    return mine.shutting_down;
}

void C2s::shutdown(Function<void()> done)
{
    struct Round {
        std::atomic<std::size_t> missing;
        Function<void()> done;
    };
    auto round = std::make_shared<Round>();
    round->missing = shares_.size();
    round->done = std::move(done);
    for (std::size_t i = 0; i < shares_.size(); ++i) {
        Shard& shard = server_.router(i).shard();
        shard.post([this, &shard, round] {
            Share& mine = share(shard);
            mine.shutting_down = true;
            mine.when_empty = [this, round] {
                if (--round->missing == 0) {
                    server_.router(0).shard().post([round] { round->done(); });
                }
            };
            const auto streams = mine.streams;
            for (const auto& [key, stream] : streams) {
                stream->end(StreamError(StreamError::system_shutdown));
            }
            tell_if_empty(mine);
        });
    }
}

} // namespace stonechat
