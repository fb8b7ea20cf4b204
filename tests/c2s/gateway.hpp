// SPDX-License-Identifier: Apache-2.0
// A gateway: the service for clients on a server in memory, with streams whose bytes the test types.
#pragma once

#include "base/base64.hpp"
#include "c2s/c2s.hpp"
#include "support/fake_transport.hpp"
#include "support/world.hpp"

#include <string>
#include <string_view>

namespace stonechat::test {

class Gateway;

/// A client at the level of bytes.
class Line {
public:
    Line(Gateway& gateway, FakeTransport& transport, std::shared_ptr<Wire> wire)
        : gateway_(gateway), transport_(&transport), wire_(std::move(wire))
    {}

    /// Types bytes; what follows from them has happened when this returns.
    void types(std::string_view bytes);
    /// Types them and leaves the shard standing.
    void types_in_haste(std::string_view bytes);
    /// Opens a stream, logs in, opens it again; what was sent is taken.
    void logs_in(const std::string& user, const std::string& password = "secret");
    /// Asks for a resource (none: any); what the server says.
    std::string binds(const std::string& resource);
    /// XEP-0198, resumable; what the session can be resumed by.
    std::string enables();
    /// On a new stream, logged in: what the server says.
    std::string resumes(const std::string& id, unsigned h);
    /// Logs in and binds; the stream works.
    void arrives(const std::string& user, const std::string& resource);
    /// What was sent since the last look.
    std::string hears() { return std::exchange(wire_->sent, {}); }
    /// Whether it is among that; nothing is taken.
    bool has_heard(std::string_view word) const { return wire_->sent.find(word) != std::string::npos; }
    void breaks();
    /// From now on it reads nothing but what it `reads`.
    void stops_reading() { wire_->deaf = true; }
    /// So much of what waits; what was sent since the last look.
    std::string reads(std::size_t bytes);
    /// Its connection ends because it reads nothing.
    void stalls();

    bool is_read() const { return wire_->reading; }
    bool is_over() const { return wire_->finished; }
    bool is_gone() const { return wire_->gone; }

    static constexpr std::string_view header =
        "<stream:stream xmlns='jabber:client' to='localhost' "
        "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";

private:
    Gateway& gateway_;
    FakeTransport* transport_;
    std::shared_ptr<Wire> wire_;
};

/// One account, romeo, exists.
class Gateway : public World {
public:
    explicit Gateway(const std::vector<ModuleEntry>& modules = {})
        : World(modules), modules_(modules), service_(*server)
    {
        set_core("login", "iterations", std::int64_t { 1 });
        account("romeo", "secret");
    }

    ~Gateway()
    {
        service().shutdown([] {});
        run();
    }

    C2s& service() { return *service_; }

    /// kill -9, and another server on the same store: all connections are gone.
    void restarts()
    {
        run();
        const SharedSettings settings = server->settings();
        service_.reset();
        server.reset();
        Server::Parts parts { clock, log, *storage, pool, guard, nullptr, { &shard }, "secret" };
        server = std::make_unique<Server>(std::move(parts), settings, modules_);
        service_.emplace(*server);
        run();
    }

    Line connection(const std::string& peer = "192.0.2.1")
    {
        auto wire = std::make_shared<Wire>();
        auto transport = std::make_unique<FakeTransport>(shard, wire, peer);
        Line line(*this, *transport, wire);
        service().accept(shard, std::move(transport), ListenerTls::direct);
        run();
        return line;
    }

    /// Moves the clock and turns the wheel of timers.
    void waits(std::chrono::milliseconds time)
    {
        clock.advance(time);
        shard.timers().advance(clock.steady());
        run();
    }

private:
    std::vector<ModuleEntry> modules_;
    std::optional<C2s> service_;
};

inline void Line::types_in_haste(std::string_view bytes)
{
    wire_->typed += bytes;
    if (!wire_->gone) {
        transport_->read_later();
    }
}

inline void Line::types(std::string_view bytes)
{
    types_in_haste(bytes);
    gateway_.run();
}

inline void Line::logs_in(const std::string& user, const std::string& password)
{
    types(header);
    const std::string zero(1, '\0');
    types("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>"
        + base64_encode(zero + user + zero + password) + "</auth>");
    gateway_.run_until([this] { return has_heard("<success") || has_heard("<failure"); });
    REQUIRE(has_heard("<success"));
    types(header);
    hears();
}

inline std::string Line::binds(const std::string& resource)
{
    const std::string inside = resource.empty() ? "" : "<resource>" + resource + "</resource>";
    types("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>" + inside
        + "</bind></iq>");
    return hears();
}

inline std::string Line::enables()
{
    types("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
    const std::string answer = hears();
    const auto at = answer.find("id='");
    REQUIRE(at != std::string::npos);
    return answer.substr(at + 4, answer.find('\'', at + 4) - at - 4);
}

inline std::string Line::resumes(const std::string& id, unsigned h)
{
    types("<resume xmlns='urn:xmpp:sm:3' previd='" + id + "' h='" + std::to_string(h) + "'/>");
    return hears();
}

inline void Line::arrives(const std::string& user, const std::string& resource)
{
    logs_in(user);
    const std::string answer = binds(resource);
    REQUIRE(answer.find("type='result'") != std::string::npos);
}

inline std::string Line::reads(std::size_t bytes)
{
    if (wire_->gone) { // the kernel has the rest
        wire_->sent += std::exchange(wire_->kept, {});
    } else {
        transport_->take(bytes);
    }
    gateway_.run();
    return hears();
}

inline void Line::stalls()
{
    if (!wire_->gone) {
        transport_->close_later(Transport::Closing::stalled);
    }
    gateway_.run();
}

inline void Line::breaks()
{
    if (!wire_->gone) {
        transport_->close_later(Transport::Closing::lost);
    }
    gateway_.run();
}

} // namespace stonechat::test
