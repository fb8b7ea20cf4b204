// SPDX-License-Identifier: Apache-2.0
// ClientSession: a bound resource (RFC 6120 section 7): takes the stanzas of its stream one at a
// time, checks and stamps them, and keeps the order of answers: no iq is handled, and nothing behind
// an unanswered iq, until what the client sent before is settled. So an answer also says that
// everything before it is safe. With stream management (XEP-0198; managed_session) it may outlive its
// stream and wait for another. Lives on its user's home shard; owned by its stream and its user.
#pragma once

#include "c2s/client_state_queue.hpp"
#include "c2s/stream_management_session.hpp"
#include "router/session.hpp"
#include "router/settlement.hpp"
#include "storage/stream_store.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

class ClientStream;
class Host;

/// A message, presence or iq in the content namespace of a client's stream (RFC 6120 §8).
bool is_stanza(const Element& element);
/// What ends the stream on a first-level element that is none of a client: a stanza of another content
/// namespace (RFC 6120 §4.8.3), or anything else (§4.8.4).
StreamError unknown_element(const Element& element);

/// `<failed/>` of XEP-0198, with the count of the session that cannot be resumed, if it is known.
Element management_failure(StanzaError::Condition condition,
    std::optional<std::uint32_t> handled = std::nullopt);

class ClientSession final : public Session {
public:
    ClientSession(ClientStream& stream, Host& host, Jid full_jid);
    /// One that is brought back from its record, and waits for a connection. `received` is the number of
    /// stanzas that its client has got.
    ClientSession(Shard& shard, Host& host, Jid full_jid, const C2sSettings& settings,
        std::shared_ptr<ResumableSessions> kept, const StreamRecord& record, std::uint64_t received);
    ~ClientSession() override;

    // Session
    void send(const Stanza& stanza) override;
    void send(const WireForms& stanzas, std::string_view to) override;
    void close(const StreamError& error) override;
    bool is_open() const override { return state_ != State::over; }
    bool is_connected() const override { return state_ == State::connected; }
    std::optional<UnackedEntry> reserve(CopyForm form) override;
    void commit(const UnackedEntry& entry, const Stanza& stanza, const DeliveryStatusPtr& message) override;
    void cancel(const UnackedEntry& entry) override;
    void deliver(const Stanza& stanza, const DeliveryStatusPtr& message) override;
    WallTime confirmed_until() const override { return managed_ ? managed_->confirmed_until() : WallTime(); }
    std::size_t room() const override { return managed_ ? managed_->room() : SIZE_MAX; }
    void after_next_stanza(Function<void()> f) override;
    std::size_t waiting_bytes() const override;
    void snapshot_changed() override;
    Facts facts() const override;

    // The stream.
    /// A stanza of the client will come soon (base/prefetch.hpp).
    void prepare() const;
    /// It takes more again.
    void on_writable()
    {
        if (managed_) {
            managed_->on_writable();
        }
    }
    /// The next first-level element of the client.
    void receive(Element element);
    /// `</stream:stream>` has come: what was written before it has been read.
    void on_clean_end();
    /// How a stream ends for its session.
    enum class EndOfStream {
        for_good, ///< the client has said goodbye, or was sent away
        lost,     ///< the client may come back, if it can resume
    };
    /// The stream is over. If the client cannot come back nothing is sent any more, and the host hears of it.
    void on_stream_gone(EndOfStream how);

    // Resumption (XEP-0198).
    bool has_token(std::string_view token) const { return managed_ && managed_->has_token(token); }
    bool has_row(std::uint64_t row) const { return managed_ && managed_->has_row(row); }
    /// Calls `f` when the client may be told of all it has sent, or the session is over. Of a session with a
    /// token.
    void when_settled(Function<void()> f) { managed_->when_settled(std::move(f)); }
    /// The `h` that a lie in <resume/> is answered with.
    std::uint32_t sent_count() const { return managed_->sent_count(); }
    /// Its client is back on `stream` and got `h` stanzas. A stream that it still has ends with conflict.
    /// False if the client cannot have got so much; nothing has changed then.
    bool resume_on(ClientStream& stream, std::uint32_t h);
    /// A message that was on its way to the client when the server ended; as XML. Before `resume_on`.
    void send_again(std::string xml) { managed_->send_again(std::move(xml)); }
    void touch() { managed_->touch(); }
    /// Without a connection: nobody comes back, it is over.
    void end();

    /// More waits for its client: if that is too much for all of its account together, the session for which
    /// most waits ends.
    void mind_account() const;

    // What it has more with stream management.
    ClientStream* stream() const { return stream_; } ///< null while it waits
    Shard& shard() const { return shard_; }
    Host& host() const { return host_; }
    std::uint64_t received_stanzas() const { return received_; }
    std::uint64_t settled_stanzas() const { return ledger_.settled_prefix(); }
    /// The stanza as it goes over the wire.
    static std::string to_wire(const Stanza& stanza);

private:
    enum class State : std::uint8_t {
        connected,
        waiting, ///< for its client to come back
        over,
    };

    void put(const Stanza& stanza, const DeliveryStatusPtr& message = nullptr);
    void put(const WireForm& stanza, std::string_view to);
    void give_up_waiting();
    /// Somebody is at the device, as far as it says (XEP-0352).
    bool is_attended() const { return state_ == State::connected && !is_inactive(); }
    /// Nobody is, and `stanza` can wait until then. What cannot goes behind all that waits.
    bool waits(const Stanza& stanza);
    void let_out();

    void handle(Element element);
    void handle_stanza(Element element);
    bool must_wait(const Element& element) const;
    void on_settled();
    void heard_client();
    Settlement open(Ledger::Kind kind);
    void send_refusal(const Element& error);

    // Stream management.
    void manage(const Element& element);
    void enable(const Element& enable);
    void enable_resumable(std::chrono::seconds window);
    void on_record(const StreamRecord& record, const Result<std::uint64_t, StoreError>& row);
    void say(const Element& answer);

    ClientStream* stream_;
    Shard& shard_;
    Host& host_;
    WallTime since_;
    std::size_t account_unsent_bytes_; ///< that may wait for all sessions of the account
    Ledger ledger_;                    ///< stanzas that are not settled
    std::uint64_t received_ = 0;
    std::unique_ptr<Element> waiting_;
    std::unique_ptr<StreamManagementSession> managed_;
    std::unique_ptr<ClientStateQueue> client_state_queue_; ///< while something waits
    std::vector<Function<void()>> after_next_;
    State state_ = State::connected;
    bool enabling_ = false; ///< its record is being made
};

} // namespace stonechat
