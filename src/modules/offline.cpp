// SPDX-License-Identifier: Apache-2.0
#include "modules/offline.hpp"

#include "base/log.hpp"
#include "base/random.hpp"
#include "router/delivery_plan.hpp"
#include "router/host.hpp"
#include "router/message_log.hpp"
#include "xmpp/delay.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/stream_parser.hpp"

#include <algorithm>
#include <set>

namespace stonechat {
namespace {

/// Size of a batch: sent to a client before it has to show that it has read the batch.
constexpr std::size_t batch_messages = 100;
constexpr std::size_t batch_bytes = 256 * 1024;

using Rows = std::vector<MailboxMessage>;
using RowNumbers = std::vector<std::uint64_t>;

/// How far an account's mailbox is read, and by which session. One session reads at a time. Messages for a
/// resumable session move from the mailbox into its queue (XEP-0198). For other sessions they stay in the
/// mailbox until the client has shown that it received them.
struct Reading {
    enum class State {
        unknown,   ///< the mailbox may contain messages that no session has received
        active,    ///< `reader` is reading; new messages go into the mailbox, behind the rest
        caught_up, ///< all messages were given to a session
    };
    State state = State::unknown;
    std::weak_ptr<Session> reader;
    std::set<std::uint64_t> unconfirmed_rows; ///< rows that were sent to `reader` and are not deleted yet
    std::uint64_t appended = 0;               ///< number of messages sent to the store so far
    std::uint64_t round = 0;                  ///< counts readings, to recognise answers for an earlier one
};

bool takes_messages(const Session& session)
{
    return session.is_open() && session.is_available() && session.priority() >= 0;
}

class Offline final : public Module {
public:
    Manifest describe() const override
    {
        return Manifest("offline", "Stores messages for accounts that are offline.")
            .implements(Xep { 160, "1.0.1", "Best Practices for Handling Offline Messages" })
            .implements(Xep { 203, "2.0", "Delayed Delivery" })
            .feature(ns::offline)
            .needs("presence")
            .setting(SettingSpec::integer("max_messages", 1000, 1, 1'000'000,
                "Maximum number of messages stored for one account."))
            .setting(SettingSpec::bytes("max_bytes", 16 * 1024 * 1024, 1024, std::int64_t(1) << 40,
                "Maximum total size of the messages stored for one account."))
            .setting(SettingSpec::integer("max_per_sender", 100, 1, 1'000'000,
                "Maximum number of messages of one sender stored for one account."));
    }

    void attach(Handlers& on) override
    {
        host_ = &on.host();
        reading_ = on.user_slot<Reading>();
        on.message(Flow::to_user, Stage::deliver,
            [this](Message m, const Context& c) { return queue_behind(m, c); });
        on.message(Flow::to_user, Stage::fallback,
            [this](Message m, const Context& c) { return keep(m, c); });
        on.session_priority([this](const Context& c) { on_available(*c.user, *c.session); });
        on.session_ended([this](const Context& c) { stop(*c.user, *c.session); });
        on.mailbox_grown([this](const Context& c) { look_again(*c.user); });
    }

private:
    // In ---------------------------------------------------------------------------------------------

    /// No session can take the message now. Puts it into the mailbox (RFC 6121 §8.5.2.2.1).
    Verdict keep(const Message& message, const Context& context)
    {
        if (message.type() != MessageType::chat && message.type() != MessageType::normal) {
            return Verdict::pass();
        }
        if (context.plan->storage_policy() == StoragePolicy::nothing) {
            return Verdict::done(); // useless later (XEP-0160 §3)
        }
        Reading& reading = reading_.of(*context.user);
        ++reading.appended;
        if (reading.state == Reading::State::caught_up) {
            reading.state = Reading::State::unknown;
        }
        const bool is_read = reading.state == Reading::State::active;
        context.plan->put_into_mailbox(limits(), is_read ? reading.reader.lock().get() : nullptr);
        return Verdict::pass();
    }

    /// The receiver is still reading older messages from the mailbox. Puts the message behind them, to keep
    /// the order.
    Verdict queue_behind(const Message& message, const Context& context)
    {
        const Reading* reading = reading_.find(*context.user);
        if (reading == nullptr || reading->state != Reading::State::active) {
            return Verdict::pass();
        }
        const auto reader = reading->reader.lock();
        const bool concerned = !message.to().has_resource() || (reader && reader->jid() == message.to());
        if (!concerned || context.plan->storage_policy() == StoragePolicy::nothing) {
            return Verdict::pass();
        }
        return keep(message, context);
    }

    MailboxLimits limits() const
    {
        const Section& section = host_->settings("offline");
        MailboxLimits limits;
        limits.messages = static_cast<std::size_t>(section.integer("max_messages"));
        limits.bytes = static_cast<std::size_t>(section.integer("max_bytes"));
        limits.messages_per_sender = static_cast<std::size_t>(section.integer("max_per_sender"));
        return limits;
    }

    // Out --------------------------------------------------------------------------------------------

    /// `session` takes messages from now on. Mailbox rows that it has already read in the archive (XEP-0313)
    /// are removed; rows that are not in the archive, or are newer, are kept.
    void on_available(User& user, Session& session)
    {
        const auto newest = session.caught_up_to();
        if (newest && reading_.of(user).state == Reading::State::unknown) {
            forget(host_->storage().mailbox().remove_archived(user.key(), *newest), user.key().user);
        }
        begin(user, session);
    }

    /// Lets `session` read the mailbox, unless a session is reading or has read everything.
    void begin(User& user, Session& session)
    {
        Reading& reading = reading_.of(user);
        if (reading.state != Reading::State::unknown) {
            return;
        }
        if (reading.reader.lock().get() != &session) {
            // Messages that an earlier reader did not confirm are sent again: twice is better than never.
            reading.unconfirmed_rows.clear();
            reading.reader = session.weak_from_this();
        }
        reading.state = Reading::State::active;
        ++reading.round;
        read_on(user);
    }

    /// The reader has ended. Messages that it did not confirm are still in the mailbox for the next reader.
    void stop(User& user, Session& session)
    {
        Reading* reading = reading_.find(user);
        if (reading == nullptr || reading->reader.lock().get() != &session) {
            return;
        }
        reading->reader.reset();
        let_another_read(user, *reading);
    }

    /// Messages were added to the mailbox outside of this module. An active reader goes on. Otherwise the
    /// last reader continues if it can, else another session reads.
    void look_again(User& user)
    {
        Reading* reading = reading_.find(user);
        if (reading == nullptr) {
            return; // no session has read the mailbox yet
        }
        ++reading->appended;
        if (reading->state == Reading::State::active) {
            return;
        }
        reading->state = Reading::State::unknown;
        const auto reader = reading->reader.lock();
        if (reader && takes_messages(*reader)) {
            begin(user, *reader);
        } else {
            let_another_read(user, *reading);
        }
    }

    void let_another_read(User& user, Reading& reading)
    {
        ++reading.round;
        reading.state = Reading::State::unknown;
        for (const auto& session : user.sessions()) {
            if (takes_messages(*session)) {
                begin(user, *session);
                return;
            }
        }
    }

    void read_on(User& user)
    {
        const Reading& reading = reading_.of(user);
        host_->storage()
            .mailbox()
            .read(user.key(), 0, reading.unconfirmed_rows.size() + batch_messages)
            .then([this, user = user.shared_from_this(), round = reading.round,
                      appended = reading.appended](Result<Rows, StoreError> rows) {
                give(*user, round, appended, std::move(rows));
            });
    }

    /// Gives the rows to the reader. `appended` is the value of Reading::appended when the store was asked.
    void give(User& user, std::uint64_t round, std::uint64_t appended, Result<Rows, StoreError> rows)
    {
        Reading& reading = reading_.of(user);
        if (reading.round != round) {
            return;
        }
        const auto reader = reading.reader.lock();
        if (!reader || !takes_messages(*reader)) {
            let_another_read(user, reading);
            return;
        }
        if (!rows) {
            host_->log().error("mailbox unreadable", { { "user", user.jid().text() } });
            reading.state = Reading::State::unknown;
            return;
        }
        std::erase_if(*rows,
            [&reading](const MailboxMessage& row) { return reading.unconfirmed_rows.contains(row.row); });
        const std::size_t count = batch_of(*rows, reader->room());
        const bool is_last = count == rows->size() && count < batch_messages;
        if (count == 0 && !is_last) {
            read_on_after_next_stanza(user, *reader);
            return;
        }
        rows->erase(rows->begin() + static_cast<std::ptrdiff_t>(count), rows->end());
        Batch batch { round, appended, is_last, std::move(*rows), reserve(*reader, count) };
        if (batch.places.empty()) {
            write(user, *reader, batch);
        } else {
            hand_over(user, reader, std::move(batch));
        }
    }

    /// Messages that the reader gets at a time.
    struct Batch {
        std::uint64_t round;
        std::uint64_t appended;
        bool is_last; ///< the mailbox had no more rows
        Rows rows;
        std::vector<UnackedEntry> places; ///< one for each row if the reader is resumable, else empty
    };

    /// Returns how many of the rows fit into a batch. Uses half of the reader's room and leaves the other
    /// half for other stanzas.
    static std::size_t batch_of(const Rows& rows, std::size_t room)
    {
        const std::size_t most = std::min({ rows.size(), batch_messages, room / 2 + room % 2 });
        std::size_t count = 0;
        std::size_t bytes = 0;
        while (count < most && bytes < batch_bytes) {
            bytes += rows[count].xml.size();
            ++count;
        }
        return count;
    }

    static std::vector<UnackedEntry> reserve(Session& reader, std::size_t count)
    {
        std::vector<UnackedEntry> places;
        while (places.size() < count) {
            const auto place = reader.reserve(CopyForm::itself);
            if (!place) {
                break; // not resumable: this fails at the first row
            }
            places.push_back(*place);
        }
        return places;
    }

    // To a resumable session: the messages are committed to its queue before they are sent.
    void hand_over(User& user, std::shared_ptr<Session> reader, Batch batch)
    {
        std::vector<HandOver> mail;
        for (std::size_t i = 0; i < batch.rows.size(); ++i) {
            mail.push_back({ batch.rows[i].row, batch.places[i] });
        }
        host_->storage()
            .mailbox()
            .hand_over(user.key(), std::move(mail))
            .then([this, user = user.shared_from_this(), reader = std::move(reader),
                      batch = std::move(batch)](const Result<RowNumbers, StoreError>& moved) {
                on_handed_over(*user, *reader, batch, moved);
            });
    }

    void on_handed_over(User& user, Session& reader, const Batch& batch,
        const Result<RowNumbers, StoreError>& moved)
    {
        for (std::size_t i = 0; i < batch.rows.size(); ++i) {
            const MailboxMessage& row = batch.rows[i];
            const bool has_moved = moved && std::find(moved->begin(), moved->end(), row.row) != moved->end();
            const auto message = has_moved ? read_message(reader, row) : std::nullopt;
            if (message) {
                DeliveryStatusPtr status = std::make_shared<DeliveryStatus>();
                status->track = MessageLog::key_of(message->id());
                reader.commit(batch.places[i], *message, status);
            } else {
                reader.cancel(batch.places[i]);
            }
        }
        Reading& reading = reading_.of(user);
        if (reading.round != batch.round) {
            return;
        }
        if (!moved) {
            host_->log().error("mailbox not handed over", { { "user", user.jid().text() } });
            reading.state = Reading::State::unknown;
        } else if (batch.is_last) {
            finish(user, reading, batch.appended);
        } else {
            read_on_after_next_stanza(user, reader);
        }
    }

    // To any other session: the rows are removed when the client has shown that it received them.
    void write(User& user, Session& reader, const Batch& batch)
    {
        RowNumbers written;
        for (const MailboxMessage& row : batch.rows) {
            if (const auto message = read_message(reader, row)) {
                reader.send(*message);
            }
            written.push_back(row.row);
        }
        Reading& reading = reading_.of(user);
        reading.unconfirmed_rows.insert(written.begin(), written.end());
        if (!written.empty()) {
            remove_after_next_stanza(user, reader, std::move(written));
        }
        if (batch.is_last) {
            finish(user, reading, batch.appended);
            return;
        }
        // There are more rows. A client that answers a ping (XEP-0199) has read everything before the ping.
        read_on_after_next_stanza(user, reader);
        Stanza ping = Stanza::iq(host_->jid(), reader.jid(), IqType::get, random_id());
        ping.element().add("ping", ns::ping);
        reader.send(ping);
    }

    void finish(User& user, Reading& reading, std::uint64_t appended)
    {
        if (reading.appended != appended) {
            read_on(user); // messages were added meanwhile
            return;
        }
        reading.state = Reading::State::caught_up;
    }

    /// Returns the message as the reader gets it; nothing if the row cannot be parsed.
    std::optional<Stanza> read_message(const Session& reader, const MailboxMessage& row)
    {
        auto element = parse_element(row.xml);
        if (element) {
            auto message = Stanza::from_element(std::move(*element));
            if (message) {
                host_->trace("delivered", *message,
                    "out of the mailbox: " + std::string(reader.jid().resource()));
                message->element().add(Delay { row.stamp, host_->jid(), {} }.to_element());
                return as_sent(*message, CopyForm::itself, reader.user().jid(), reader.jid(), row.archived);
            }
        }
        host_->log().error("kept message unreadable", { { "user", reader.jid().bare_text() } });
        return std::nullopt;
    }

    /// Reads the next batch once the reader has shown that it received the last one.
    void read_on_after_next_stanza(User& user, Session& reader)
    {
        reader.after_next_stanza([this, owner = user.weak_from_this(), round = reading_.of(user).round] {
            const auto user = owner.lock();
            if (user && reading_.of(*user).round == round) {
                read_on(*user);
            }
        });
    }

    void remove_after_next_stanza(User& user, Session& reader, RowNumbers rows)
    {
        reader.after_next_stanza([this, owner = user.weak_from_this(), key = user.key(),
                                     rows = std::move(rows)]() mutable {
            auto removal = host_->storage().mailbox().remove(key, rows);
            std::move(removal).then([this, owner, key,
                                        rows = std::move(rows)](const Result<Done, StoreError>& removed) {
                const auto user = owner.lock();
                if (!removed) { // harmless: the messages will be delivered again
                    host_->log().warning("mailbox not emptied", { { "user", key.user } });
                } else if (user) {
                    std::erase_if(reading_.of(*user).unconfirmed_rows, [&rows](std::uint64_t row) {
                        return std::binary_search(rows.begin(), rows.end(), row);
                    });
                }
            });
        });
    }

    void forget(Stored<Done> removal, std::string user)
    {
        std::move(removal).then([this, user = std::move(user)](Result<Done, StoreError> removed) {
            if (!removed) { // harmless: the messages will be delivered again
                host_->log().warning("mailbox not emptied", { { "user", user } });
            }
        });
    }

    Host* host_ = nullptr; ///< set in attach()
    UserSlot<Reading> reading_;
};

} // namespace

std::unique_ptr<Module> make_offline()
{
    return std::make_unique<Offline>();
}

} // namespace stonechat
