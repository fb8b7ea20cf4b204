// SPDX-License-Identifier: Apache-2.0
// FakeTransport: a byte stream whose peer is the test: it types bytes and reads what was sent. What is
// typed while the stream does not read waits, as it would in the kernel. Owned by the stream under test;
// the Wire is what the test keeps, also when the transport is gone.
#pragma once

#include "net/shard.hpp"
#include "net/tls_engine.hpp"
#include "net/transport.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace stonechat::test {

class FakeTls final : public TlsSession {
public:
    std::string version() const override { return "TLSv1.3"; }
    std::string cipher() const override { return "TLS_FAKE"; }
    std::string server_name() const override { return {}; }
    std::string alpn() const override { return {}; }
    std::optional<std::string> tls_exporter() const override { return std::nullopt; }
    std::optional<std::string> tls_unique() const override { return std::nullopt; }
    std::optional<std::string> tls_server_end_point() const override { return std::nullopt; }
};

/// The test's end of it.
struct Wire {
    std::string sent;  ///< by the stream; taken by the test
    std::string typed; ///< by the test, not yet read
    std::string kept;  ///< sent while the test does not read
    bool deaf = false; ///< the test does not read
    bool reading = false;
    bool finished = false; ///< the stream has said its last
    bool gone = false;     ///< transport and stream are no more
};

class FakeTransport final : public Transport {
public:
    FakeTransport(Shard& shard, std::shared_ptr<Wire> wire, const std::string& peer = "192.0.2.1")
        : shard_(&shard), wire_(std::move(wire)), peer_ { boost::asio::ip::make_address(peer), 40'000 }
    {}
    ~FakeTransport() override { wire_->gone = true; }

    void start(Receiver& receiver) override
    {
        receiver_ = &receiver;
        resume_reading();
    }
    void set_receiver(Receiver& receiver) override { receiver_ = &receiver; }

    void write(std::string_view bytes) override
    {
        write_buffer() += bytes;
        wrote();
    }
    std::string& write_buffer() override { return wire_->deaf ? wire_->kept : wire_->sent; }
    void wrote() override { was_high_ = was_high_ || unsent() > low_mark; }
    std::size_t unsent() const override { return wire_->kept.size(); }
    bool takes_more() override { return unsent() < high_mark; }
    void set_unsent_limit(std::size_t) override {}
    void set_stall_timeout(std::chrono::milliseconds) override {}
    Progress progress() const override { return { taken_, unsent() }; }

    void pause_reading() override { wire_->reading = false; }
    void resume_reading() override
    {
        wire_->reading = true;
        read_later();
    }
    bool is_reading() const override { return wire_->reading; }

    const TlsSession* tls() const override { return &tls_; }

    void finish(unsigned) override { close_later(Closing::by_us); }
    void abort() override { close_later(Closing::by_us); }
    const PeerAddress& peer() const override { return peer_; }

    void detach() override {}
    void attach(Shard& shard, Receiver& receiver) override
    {
        shard_ = &shard;
        receiver_ = &receiver;
    }
    Shard& shard() const override { return *shard_; }

    /// From the test: bytes are there to be read; the connection breaks.
    void read_later()
    {
        shard_->post([this, wire = wire_] {
            if (!wire->gone && wire->reading && !wire->finished && !wire->typed.empty()) {
                const std::string bytes = std::exchange(wire->typed, {});
                receiver_->on_bytes(bytes);
            }
        });
    }
    /// From the test: it reads so much of what it has not.
    void take(std::size_t bytes)
    {
        const std::size_t count = std::min(bytes, wire_->kept.size());
        wire_->sent.append(wire_->kept, 0, count);
        wire_->kept.erase(0, count);
        taken_ += count;
        if (wire_->kept.empty() && std::exchange(was_high_, false)) {
            shard_->post([this, wire = wire_] {
                if (!wire->gone) {
                    receiver_->on_drained();
                }
            });
        }
    }
    void close_later(Closing why)
    {
        if (std::exchange(wire_->finished, true)) {
            return;
        }
        shard_->post([this, wire = wire_, why] {
            if (!wire->gone) {
                receiver_->on_closed(why);
            }
        });
    }

private:
    Shard* shard_;
    std::shared_ptr<Wire> wire_;
    Receiver* receiver_ = nullptr;
    FakeTls tls_;
    std::uint64_t taken_ = 0;
    bool was_high_ = false; ///< on_drained is owed
    PeerAddress peer_;
};

} // namespace stonechat::test
