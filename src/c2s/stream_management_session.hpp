// SPDX-License-Identifier: Apache-2.0
// StreamManagementSession: what a ClientSession has more when its client uses stream management (XEP-0198):
// the queue of what is not acknowledged, requests and answers, and, if it can be resumed, its record in the
// store and the time without a connection. Owned by its session; shard-bound.
//
// What the client is told is never ahead of what is committed: of a resumable session the count is
// written down first (StreamStateWriter).
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
    /// The record of a session that can be resumed.
    struct Record {
        std::shared_ptr<ResumableSessions> kept;
        std::uint64_t row;
        std::string token;
        std::chrono::seconds window;
    };

    /// From here on stanzas count, in both directions. `record` is empty if it cannot be resumed.
    StreamManagementSession(ClientSession& session, const Limits& limits, std::optional<Record> record);
    /// One whose record was found in the store, without a connection: `handled` may be told to the
    /// client, which has said that it got `received`.
    StreamManagementSession(ClientSession& session, const Limits& limits, Record record,
        std::uint64_t handled, std::uint64_t received);
    ~StreamManagementSession() override;

    bool is_resumable() const { return record_.has_value(); }
    bool has_token(std::string_view token) const { return record_ && record_->token == token; }
    bool has_row(std::uint64_t row) const { return record_ && record_->row == row; }

    // Towards the client.
    void send(std::string xml, DeliveryStatusPtr message = nullptr);
    /// One answer of ours, which may be more than may wait otherwise.
    void send(const WireForms& stanzas, std::string_view to);
    /// What an earlier server has kept in the store for this session.
    void send_again(std::string xml) { management_.fill(management_.hold(), std::move(xml)); }
    UnackedEntry reserve(CopyForm form);
    void commit(const UnackedEntry& entry, const Stanza& stanza, DeliveryStatusPtr message);
    /// What was to be sent there is not: something that says nothing takes its place, for the numbers of
    /// what is behind it are written down already.
    void cancel(const UnackedEntry& entry);
    /// So much more can wait to be acknowledged.
    std::size_t room() const;
    /// The connection takes more again.
    void on_writable() { transmit(); }
    std::size_t waiting_bytes() const { return management_.bytes(); }
    /// It is too much: the session ends. In the next turn, when what is being committed with a place here has
    /// reached the store.
    void give_up();
    void after_acknowledged(Function<void()> f);
    /// What was sent until then is acknowledged.
    WallTime confirmed_until() const { return confirmed_until_; }

    // From the client.
    void on_request();
    void on_ack(const Element& ack);

    // From the session.
    void on_settled();
    void on_state_changed();
    /// The connection is gone and the session waits for another.
    void on_disconnected();
    std::uint32_t sent_count() const { return static_cast<std::uint32_t>(management_.sent()); }
    /// A client wants to have it back and got `h`: what it did not get is sent again. False if it cannot
    /// have got so much; nothing has changed then.
    bool accept_resumption(std::uint32_t h);
    /// The session has a connection again: says so, and sends what waited.
    void on_resumed();
    /// The session is over. What was not acknowledged goes into the mailbox.
    void on_over();
    /// Calls `f` when all that the client has sent is safe and may be told, or the session is over.
    void when_settled(Function<void()> f);
    /// It is connected, and the store thinks it is gone: writes down that it is not.
    void touch();

    // StreamStateWriter::Subject
    std::optional<StreamNote> take_note() override;
    void on_noted(bool committed) override;

private:
    /// Until the client has them, so much more may wait: all of them while it reads, and one if it does not.
    struct LargeAnswer {
        std::uint64_t end; ///< the number of its last stanza
        std::size_t stanzas;
        std::size_t bytes;
    };

    void on_turn_end() override;
    void on_timer();

    std::uint64_t received() const; ///< stanzas of the client that have come in
    std::uint64_t settled() const;  ///< of these, from the first on, that are safe
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
    std::uint64_t before_;      ///< stanzas that the client had sent before any counted
    std::uint64_t carried_ = 0; ///< counted by an earlier server
    Timer timer_;               ///< connected: for the answer to our <r/>; else until it is given up
    Timer ack_timer_;           ///< until a client that has not asked is told what is safe
    std::optional<SteadyTime> had_all_at_; ///< our <r/> and what is before it, as far as we have looked
    std::optional<std::uint64_t> taken_;   ///< Transport::Progress, half of the time after we asked
    std::vector<LargeAnswer> large_answers_;
    std::size_t answers_at_once_ = 0; ///< of these, since it has acknowledged something
    WallTime confirmed_until_;
    /// The next such time: what was sent by then is acknowledged with this number.
    struct Mark {
        std::uint64_t number = 0;
        WallTime time;
    };
    Mark mark_;
    std::vector<std::pair<std::uint64_t, Function<void()>>> after_acknowledged_;
    std::vector<Function<void()>> when_settled_;

    // What was written down.
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
