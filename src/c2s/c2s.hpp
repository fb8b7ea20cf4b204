// SPDX-License-Identifier: Apache-2.0
// C2s: the service for clients (RFC 6120): owns every client stream, shard by shard, from accept to
// the end. Made by main after the Server; accept() is called by the listeners on the shard that got
// the connection.
#pragma once

#include "base/function.hpp"
#include "c2s/c2s_settings.hpp"
#include "c2s/resumable_sessions.hpp"
#include "net/listener.hpp"
#include "xmpp/stream_error.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <memory>
#include <vector>

namespace stonechat {

class ClientStream;
class Server;
class StreamSweep;

class C2s {
public:
    explicit C2s(Server& server);
    ~C2s();

    Server& server() const { return server_; }

    /// A new connection, on its shard's thread.
    void accept(Shard& shard, std::unique_ptr<Transport> transport, ListenerTls tls);

    /// Ends every stream with system-shutdown; `done` is called on shard 0 when the last is gone. The
    /// caller sets the time limit.
    void shutdown(Function<void()> done);

    /// Streams on this shard, logged in or not.
    std::size_t stream_count(const Shard& shard) const;

    /// What holds for streams opened now, as this shard's router has it configured.
    std::shared_ptr<const C2sSettings> settings(const Shard& shard);

    /// What this shard knows of sessions that can be resumed.
    const std::shared_ptr<ResumableSessions>& resumable_sessions(const Shard& shard)
    {
        return share(shard).resumable_sessions;
    }

private:
    friend class ClientStream;
    /// One shard's share; touched by its thread only.
    struct Share {
        boost::unordered_flat_map<ClientStream*, std::shared_ptr<ClientStream>> streams;
        SharedSettings read_from;
        std::shared_ptr<const C2sSettings> settings;
        std::shared_ptr<ResumableSessions> resumable_sessions;
        Function<void()> when_empty;
        bool shutting_down = false;
    };
    Share& share(const Shard& shard);
    /// From a stream that has ended: it is let go in the next turn of the loop.
    void remove(const Shard& shard, ClientStream& stream);
    /// A stream moves to the home shard of its user.
    std::shared_ptr<ClientStream> release(const Shard& shard, ClientStream& stream);
    /// It arrives there; true if that shard is shutting down and the stream has to end.
    bool adopt(const Shard& shard, std::shared_ptr<ClientStream> stream);
    static void tell_if_empty(Share& share);
    bool has_memory_left();

    Server& server_;
    std::vector<Share> shares_;
    std::shared_ptr<StreamSweep> sweep_;
};

} // namespace stonechat
