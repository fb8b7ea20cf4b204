// SPDX-License-Identifier: Apache-2.0
// ClientSession: a bound resource (RFC 6120 section 7): takes the stanzas of its stream one at a
// time, checks and stamps them, and keeps the order of answers: no iq is handled, and nothing behind
// an unanswered iq, until what the client sent before is settled. So an answer also says that
// everything before it is safe. Lives on its user's home shard; owned by its stream and its user.
#pragma once

#include "router/session.hpp"
#include "router/settlement.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace stonechat {

class ClientStream;
class Host;

/// A message, presence or iq in the content namespace of a client's stream (RFC 6120 §8).
bool is_stanza(const Element& element);

class ClientSession final : public Session {
public:
    ClientSession(ClientStream& stream, Host& host, Jid full_jid);
    ~ClientSession() override;

    // Session
    void send(const Stanza& stanza) override;
    void send(const WireForm& stanza, std::string_view to) override;
    void close(const StreamError& error) override;
    bool is_open() const override { return stream_ != nullptr; }
    void after_next_stanza(Function<void()> f) override;
    Facts facts() const override;

    // The stream.
    /// The next first-level element of the client.
    void receive(Element element);
    /// `</stream:stream>` has come: what was written before it has been read.
    void on_clean_end();
    /// The stream is over, however; nothing is sent any more, and the host hears of it.
    void on_stream_gone();

private:
    void handle(Element element);
    void handle_stanza(Element element);
    bool must_wait(const Element& element) const;
    void on_settled();
    void heard_client();

    ClientStream* stream_;
    Host& host_;
    WallTime since_;
    Ledger open_messages_; ///< stanzas that are not settled
    Ledger open_iqs_;      ///< of them, iqs: these hold up everything
    std::unique_ptr<Element> waiting_;
    std::vector<Function<void()>> after_next_;
};

} // namespace stonechat
