// SPDX-License-Identifier: Apache-2.0
// StreamManagementSession: the part of a ClientSession for stream management (XEP-0198): the queue of
// unacknowledged stanzas, requests and answers, and, for a resumable session, its record in the store and its
// time without a connection. It writes <a/> and <r/>; <enable/> and <resume/> are in session_management.cpp
// and stream_resumption.hpp. Owned by its session; shard-bound.
//
// The client is never told more than is committed: the `h` of a resumable session is stored first
// (StreamStateWriter) and sent then.
#pragma once

#include "c2s/resumable_sessions.hpp"
#include "c2s/stream_management.hpp"
#include "storage/message_store.hpp"
#include "xmpp/serialize.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stonechat {

class ClientSession;
class Stanza;
struct C2sSettings;

class StreamManagementSession final : public StreamStateWriter::Subject, private TurnEnd {
public:
    struct Limits {
        explicit Limits(const C2sSettings& settings);
        std::size_t stanzas;
        std::size_t bytes;
        std::chrono::milliseconds ack_timeout;
    };
    /// The record of a resumable session in the store.
    struct Record {
        std::shared_ptr<ResumableSessions> kept;
        std::uint64_t row;
        std::string token;
        std::chrono::seconds window;
    };

    /// Starts counting stanzas in both directions. `record` is empty if the session is not resumable.
    StreamManagementSession(ClientSession& session, const Limits& limits, std::optional<Record> record);
    /// Restores a session from its record, without a connection. `handled` is the committed `h` for the
    /// client; `client_has` is the number of stanzas that the client says it received.
    StreamManagementSession(ClientSession& session, const Limits& limits, Record record,
        std::uint64_t handled, std::uint64_t client_has);
    ~StreamManagementSession() override;

    bool is_resumable() const { return record_.has_value(); }
    bool has_token(std::string_view token) const { return record_ && record_->token == token; }
    bool has_row(std::uint64_t row) const { return record_ && record_->row == row; }

    // Towards the client.
    void send(std::string xml, DeliveryStatusPtr message = nullptr);
    /// Sends one answer of the server, which may exceed the limits by itself.
    void send(const WireForms& stanzas, std::string_view to);
    /// Queues a message that was unacknowledged when the server stopped.
    void send_again(std::string xml) { management_.fill(management_.hold(), std::move(xml)); }
    UnackedEntry reserve(CopyForm form);
    void commit(const UnackedEntry& entry, const Stanza& stanza, DeliveryStatusPtr message);
    /// Fills the entry with a ping, because its message was not committed. The place cannot be removed: the
    /// numbers of later entries are stored already.
    void cancel(const UnackedEntry& entry);
    /// Returns how many more stanzas may wait for acknowledgement.
    std::size_t room() const;
    /// The connection accepts output again.
    void on_writable() { transmit(); }
    std::size_t waiting_bytes() const { return management_.bytes(); }
    /// Ends the session because too much waits. The session ends in the next turn, so that commits already
    /// under way for its entries reach the store first.
    void give_up();
    /// Calls `f` when the client has acknowledged everything that is queued now.
    void after_acknowledged(Function<void()> f);
    /// Returns a time. The client has acknowledged everything that was sent before that time.
    WallTime confirmed_until() const { return confirmed_until_; }

    // From the client.
    void on_request();
    void on_ack(const Element& ack);

    // From the session.
    void on_settled();
    void on_state_changed();
    /// The connection is lost; the session waits for another one.
    void on_disconnected();
    std::uint32_t sent_count() const { return static_cast<std::uint32_t>(management_.sent()); }
    /// The client resumes and says that it received `h` stanzas; all later ones will be sent again. Returns
    /// false and changes nothing if `h` is more than was sent.
    bool accept_resumption(std::uint32_t h);
    /// The session has a connection again. Sends <resumed/> and everything that waits.
    void on_resumed();
    /// The session is over. Unacknowledged messages go into the mailbox.
    void on_over();
    /// Calls `f` when everything the client has sent is settled and may be acknowledged, or when the session
    /// is over.
    void when_settled(Function<void()> f);
    /// Stores the current time in the record, because the store lists this live session as expired.
    void touch();

    // StreamStateWriter::Subject
    std::optional<StreamNote> take_note() override;
    void on_noted(bool committed) override;

private:
    /// A large answer of the server that is not acknowledged yet. It raises the limits by its own size. While
    /// the client reads, all large answers count; otherwise only the largest.
    struct LargeAnswer {
        std::uint64_t end; ///< number of its last stanza
        std::size_t stanzas;
        std::size_t bytes;
    };

    void on_turn_end() override;
    void on_timer();

    std::uint64_t received() const; ///< stanzas received from the client
    std::uint64_t settled() const;  ///< length of their settled prefix
    bool is_settled() const { return management_.durable() == received(); }
    void transmit();
    void call_at_turn_end();
    void mark(StreamStateWriter::Urgency urgency);
    void keep_bound();
    bool is_full();
    bool is_reading();
    bool is_within(std::size_t stanzas, std::size_t bytes) const;
    LargeAnswer excused(bool reads) const;
    void note_pushed(std::size_t stanzas, std::size_t bytes);
    void note_reading();
    void look_for_answer();
    void refuse_count(const Element& ack);
    void note_confirmed();
    void run_acknowledged();
    void note_acknowledged();
    void tell_settled();
    void tell_in_time();
    void send_ack();
    bool state_differs() const;

    ClientSession& session_;
    Limits limits_;
    std::optional<Record> record_;
    StreamManagement management_;
    std::uint64_t before_;      ///< stanzas that the client had sent before it enabled stream management
    std::uint64_t carried_ = 0; ///< stanzas handled before the server was restarted
    Timer timer_;               ///< connected: waits for the answer to our <r/>; else for the resumption
    Timer ack_timer_;           ///< delays an <a/> that the client has not requested
    std::optional<SteadyTime> had_all_at_; ///< when we first saw that our <r/> had reached the client
    std::optional<std::uint64_t> taken_;   ///< Progress::taken when `timer_` last fired after our <r/>
    std::vector<LargeAnswer> large_answers_;
    std::size_t answers_at_once_ = 0; ///< large answers since the client last acknowledged something
    WallTime confirmed_until_;
    /// The next value of confirmed_until_: `time`, once stanza `number` is acknowledged.
    struct Mark {
        std::uint64_t number = 0;
        WallTime time;
    };
    Mark mark_;
    std::vector<std::pair<std::uint64_t, Function<void()>>> after_acknowledged_;
    std::vector<Function<void()>> when_settled_;

    // The state in the store.
    struct Noted {
        std::uint64_t handled = 0;
        std::shared_ptr<const Stanza> presence;
        bool interested = false;
        bool released = false;
    };
    Noted noted_; ///< committed, or on its way
    bool state_changed_ = false;
    bool release_failed_ = false;
    bool touch_ = false;
    bool at_turn_end_ = false;
    bool ending_ = false;
};

} // namespace stonechat
