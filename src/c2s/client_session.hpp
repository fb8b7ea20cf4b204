// SPDX-License-Identifier: Apache-2.0
// ClientSession: a bound resource (RFC 6120 section 7). It takes the stanzas of its stream one at a time,
// checks them and sets `from`. An iq is handled only when everything the client sent before it is settled;
// nothing after an iq is handled before that iq is answered. So an iq result also confirms all earlier
// stanzas. With stream management (XEP-0198; stream_management_session) a session may outlive its stream and
// wait for another one. Lives on its user's home shard; owned by its stream and its user.
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

/// Returns whether the element is a message, presence or iq in the content namespace of client streams
/// (RFC 6120 §8).
bool is_stanza(const Element& element);
/// Returns the stream error for a first-level element that a client may not send: invalid-namespace for a
/// stanza in another content namespace (RFC 6120 §4.8.3), else unsupported-stanza-type (§4.8.4).
StreamError unknown_element(const Element& element);

/// Returns `<failed/>` of XEP-0198. `handled` is the `h` of the session that cannot be resumed, if known.
Element management_failure(StanzaError::Condition condition,
    std::optional<std::uint32_t> handled = std::nullopt);

class ClientSession final : public Session {
public:
    ClientSession(ClientStream& stream, Host& host, Jid full_jid);
    /// Restores a session from its record in the store. The session waits for a connection. `client_has` is
    /// the number of stanzas that the client says it received.
    ClientSession(Shard& shard, Host& host, Jid full_jid, const C2sSettings& settings,
        std::shared_ptr<ResumableSessions> kept, const StreamRecord& record, std::uint64_t client_has);
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

    // Called by the stream.
    /// Prefetches memory for a stanza that is about to arrive (base/prefetch.hpp).
    void prepare() const;
    /// The stream accepts output again.
    void on_writable()
    {
        if (managed_) {
            managed_->on_writable();
        }
    }
    /// Handles the client's next first-level element, or keeps it until it may be handled.
    void receive(Element element);
    /// The client has sent `</stream:stream>`. So it has read what was written to it before.
    void on_clean_end();
    /// How a stream ended.
    enum class EndOfStream {
        for_good, ///< closed by the client, or by an error after which it may not resume
        lost,     ///< the client may resume, if the session is resumable
    };
    /// The stream is over. A session that cannot be resumed ends and is unbound from the host.
    void on_stream_gone(EndOfStream how);

    // Resumption (XEP-0198).
    bool has_token(std::string_view token) const { return managed_ && managed_->has_token(token); }
    bool has_row(std::uint64_t row) const { return managed_ && managed_->has_row(row); }
    /// Calls `f` when everything the client has sent is settled and may be acknowledged, or when the session
    /// is over. Only for resumable sessions.
    void when_settled(Function<void()> f) { managed_->when_settled(std::move(f)); }
    /// Returns the number of stanzas sent (modulo 2^32), for the error that answers too high an `h` in
    /// <resume/>.
    std::uint32_t sent_count() const { return managed_->sent_count(); }
    /// Resumes the session on `stream`; the client says that it received `h` stanzas. A previous stream that
    /// is still open ends with conflict. Returns false and changes nothing if `h` is more than was sent.
    bool resume_on(ClientStream& stream, std::uint32_t h);
    /// Queues a message (as XML) that was unacknowledged when the server stopped. Call before `resume_on`.
    void send_again(std::string xml) { managed_->send_again(std::move(xml)); }
    void touch() { managed_->touch(); }
    /// Ends a session that has no connection.
    void end();

    /// Checks the limit on bytes waiting for all sessions of the account. Call after queueing output. If the
    /// limit is exceeded, the session with the most waiting bytes ends.
    void check_account_limit() const;

    // Used by StreamManagementSession.
    ClientStream* stream() const { return stream_; } ///< null while the session waits to be resumed
    Shard& shard() const { return shard_; }
    Host& host() const { return host_; }
    std::uint64_t received_stanzas() const { return received_; }
    std::uint64_t settled_stanzas() const { return ledger_.settled_prefix(); }
    /// Returns the stanza's XML.
    static std::string to_wire(const Stanza& stanza);

private:
    enum class State : std::uint8_t {
        connected,
        waiting, ///< no connection; the client may resume
        over,
    };

    void put(const Stanza& stanza, const DeliveryStatusPtr& message = nullptr);
    void put(const WireForm& stanza, std::string_view to);
    void give_up_waiting();
    /// Returns whether the client is connected and has not said that it is inactive (XEP-0352).
    bool is_attended() const { return state_ == State::connected && !is_inactive(); }
    /// Puts `stanza` into the ClientStateQueue and returns true if the client is not attended and the stanza
    /// can wait. Otherwise first sends everything in the queue, to keep the order, and returns false.
    bool hold_back_if_inactive(const Stanza& stanza);
    void let_out();

    void handle(Element element);
    void handle_stanza(Element element);
    bool must_wait(const Element& element) const;
    void on_settled();
    /// Nobody took a stanza of the client: ends the session, so that the client sends it again.
    void on_failed(Ledger::Failure how);
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
    std::size_t account_unsent_bytes_; ///< limit for all sessions of the account together
    Ledger ledger_;                    ///< stanzas that are not settled
    std::uint64_t received_ = 0;
    std::unique_ptr<Element> waiting_;
    std::unique_ptr<StreamManagementSession> managed_;
    std::unique_ptr<ClientStateQueue> client_state_queue_; ///< null while it would be empty
    std::vector<Function<void()>> after_next_;
    State state_ = State::connected;
    bool enabling_ = false; ///< the record is being stored
};

} // namespace stonechat
