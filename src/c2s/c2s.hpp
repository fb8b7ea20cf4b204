// SPDX-License-Identifier: Apache-2.0
// C2s: the service for clients (RFC 6120). It owns all client streams, per shard, from accept to the end.
// main creates it after the Server. Listeners call accept() on the shard that gets the connection.
#pragma once

#include "base/function.hpp"
#include "c2s/c2s_settings.hpp"
#include "c2s/resumable_sessions.hpp"
#include "net/listener.hpp"
#include "stream/tcp_framing.hpp"
#include "xmpp/ns.hpp"
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
    /// How the streams of clients are carried.
    const Framing& framing() const { return framing_; }

    /// Takes a new connection. Called on the thread of `shard`.
    void accept(Shard& shard, std::unique_ptr<Transport> transport, ListenerTls tls);

    /// Ends every stream with system-shutdown. Calls `done` on shard 0 when the last stream is gone. The
    /// caller sets the time limit.
    void shutdown(Function<void()> done);

    /// Returns the number of streams on this shard, logged in or not.
    std::size_t stream_count(const Shard& shard) const;

    /// Returns the settings for streams opened now, from the current configuration of this shard's router.
    std::shared_ptr<const C2sSettings> settings(const Shard& shard);

    /// Returns the shard's state for resumable sessions.
    const std::shared_ptr<ResumableSessions>& resumable_sessions(const Shard& shard)
    {
        return share(shard).resumable_sessions;
    }

private:
    friend class ClientStream;
    /// The part of one shard. Only that shard's thread uses it.
    struct Share {
        boost::unordered_flat_map<ClientStream*, std::shared_ptr<ClientStream>> streams;
        SharedSettings read_from;
        std::shared_ptr<const C2sSettings> settings;
        std::shared_ptr<ResumableSessions> resumable_sessions;
        Function<void()> when_empty;
        bool shutting_down = false;
    };
    Share& share(const Shard& shard);
    /// Removes an ended stream. The stream is destroyed in the next turn of the loop, since it is the caller.
    void remove(const Shard& shard, ClientStream& stream);
    /// Removes a stream that moves to the home shard of its user, and returns it.
    std::shared_ptr<ClientStream> release(const Shard& shard, ClientStream& stream);
    /// Adds a stream that has moved to this shard. Returns true if the shard is shutting down: then the
    /// caller ends the stream.
    bool adopt(const Shard& shard, std::shared_ptr<ClientStream> stream);
    static void tell_if_empty(Share& share);
    bool has_memory_left();

    Server& server_;
    TcpFraming framing_ { ns::client };
    std::vector<Share> shares_;
    std::shared_ptr<StreamSweep> sweep_;
};

} // namespace stonechat
