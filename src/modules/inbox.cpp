// SPDX-License-Identifier: Apache-2.0
#include "modules/inbox.hpp"

#include "base/background.hpp"
#include "modules/inbox_page.hpp"
#include "router/archive_query.hpp"
#include "router/host.hpp"
#include "router/personal_nodes.hpp"
#include "router/requests.hpp"
#include "router/router.hpp"
#include "router/server.hpp"
#include "router/store_errors.hpp"
#include "storage/storage.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/read_mark.hpp"
#include "xmpp/stream_parser.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace stonechat {
namespace {

// Bookmarked rooms that are asked, the ones bookmarked last.
constexpr std::size_t most_rooms = 200;
// Read marks that are looked at once after an account was loaded.
constexpr std::size_t newest_marks = 200;

using Rooms = std::map<Jid, InboxEntry>;
using RoomAnswers = std::vector<Pending<std::optional<Element>>>;

std::size_t to_count(std::string_view text)
{
    return static_cast<std::size_t>(read_archive_id(text).value_or(0));
}

/// Reads what a room has answered: `<entry/>` with the last message inside.
std::optional<InboxEntry> read_room_entry(Element answer, const Jid& room, std::string_view queryid)
{
    const auto newest = read_archive_id(answer.attribute_or("id"));
    if (!answer.is("entry", ns::inbox) || !newest) {
        return std::nullopt;
    }
    InboxEntry entry { room, *newest, to_count(answer.attribute_or("unread")), std::nullopt };
    if (const Element* result = answer.child("result", ns::archive)) {
        entry.result = *result;
        entry.result->set_attribute("queryid", queryid);
    }
    return entry;
}

/// Sets a flag while a query is being answered.
class Busy {
public:
    explicit Busy(bool& flag) : flag_(flag) { flag_ = true; }
    Busy(const Busy&) = delete;
    ~Busy() { flag_ = false; }

private:
    bool& flag_;
};

class Inbox final : public Module {
public:
    Manifest describe() const override
    {
        return Manifest("inbox", "Lists a user's conversations with their last and their unread messages.")
            .implements(Xep { 430, "0.2.0", "Inbox",
                "rooms that are not bookmarked or are on other servers; unread private messages in "
                "rooms; more than 1,000 unread messages of a conversation, and exact numbers if there "
                "are more than 20,000 in all; a client's own mark of an unread conversation" })
            .needs("archive")
            .needs("pep")
            .feature(ns::inbox, On::account);
    }

    void attach(Handlers& on) override
    {
        nodes_ = on.host().personal_nodes();
        if (nodes_ == nullptr) {
            return;
        }
        is_busy_ = on.session_slot<bool>();
        has_caught_up_ = on.user_slot<bool>();
        on.iq_get_later(To::own_account, ns::inbox, "inbox",
            [this](Iq iq, Context c) { return answer(iq, c); });
        nodes_->watch(std::string(ns::displayed_sync),
            [this](User& account, const PersonalNodes::Change& change) { take_marks(account, change); });
    }

private:
    // Read marks -------------------------------------------------------------------------------------

    /// XEP-0490: any device of the account has published how far it has read.
    void take_marks(User& account, const PersonalNodes::Change& change) const
    {
        auto positions = positions_of(account, change.published);
        if (!positions.empty()) {
            start_in_background(store(account.shared_from_this(), std::move(positions)), account.host().log(),
                "read position not stored");
        }
    }

    static std::vector<InboxStore::ReadPosition> positions_of(const User& account,
        const std::vector<NodeItem>& items)
    {
        std::vector<InboxStore::ReadPosition> positions;
        for (const NodeItem& item : items) {
            const auto mark = read_mark(item.id, item.payload);
            const auto id = mark ? read_archive_id(mark->id) : std::nullopt;
            if (id && has_archive_of(account, *mark)) {
                positions.push_back({ mark->conversation.bare(), *id });
            }
        }
        return positions;
    }

    /// Marks that were stored right before the server was killed may have no position yet.
    Task<Done> catch_up(std::shared_ptr<User> account)
    {
        if (has_caught_up_.of(*account)) {
            co_return Done();
        }
        NodeStore::ItemQuery newest;
        newest.newest = newest_marks;
        auto reading = nodes_->read(account, account->jid(), std::string(ns::displayed_sync),
            std::move(newest));
        const auto items = co_await reading;
        if (items) {
            auto storing = store(account, positions_of(*account, *items));
            co_await storing;
            has_caught_up_.of(*account) = true;
        }
        co_return Done();
    }

    /// Ids of another server's archive say nothing here, and marks of private messages in a room nothing
    /// about the room.
    static bool has_archive_of(const User& account, const ReadMark& mark)
    {
        const bool is_room = is_local_service(account.host(), mark.conversation);
        return is_room ? mark.by == mark.conversation : mark.by == account.jid();
    }

    static bool is_local_service(const Host& host, const Jid& jid)
    {
        const Server& server = host.router().server();
        return server.serves(jid.domain()) && !server.has_accounts(jid.domain());
    }

    static Task<Done> store(std::shared_ptr<User> account, std::vector<InboxStore::ReadPosition> positions)
    {
        auto storing = account->host().storage().inbox().set_read(account->key(), std::move(positions));
        const auto stored = co_await storing;
        if (!stored) { // the next mark of the conversation makes up for it
            account->host().log().warning("read position not stored",
                { { "account", account->jid().text() } });
        }
        co_return Done();
    }

    // Queries ----------------------------------------------------------------------------------------

    Task<IqAnswer> answer(Iq iq, Context context)
    {
        const auto query = read_inbox_query(iq.payload());
        if (!query) {
            co_return query.error();
        }
        if (is_busy_.of(*context.session)) {
            co_return StanzaError(StanzaError::resource_constraint, StanzaError::Type::wait,
                "Wait for the answer to the query before");
        }
        const Busy busy(is_busy_.of(*context.session));
        auto answering = answer_query(iq, context, *query);
        co_return co_await answering;
    }

    Task<IqAnswer> answer_query(Iq iq, Context context, InboxQuery query)
    {
        const auto user = context.user->shared_from_this();
        auto catching_up = catch_up(user);
        co_await catching_up;
        auto reading = context.host.storage().inbox().conversations(user->key());
        auto conversations = co_await reading;
        if (!conversations) {
            co_return to_stanza_error(conversations.error());
        }
        auto asking = ask_rooms(user, query.messages ? iq.id() : std::string_view());
        Rooms rooms = co_await asking;
        InboxPage page = inbox_page(merge(std::move(*conversations), std::move(rooms)), query);
        if (query.messages) {
            auto adding = add_messages(user, page.entries, iq.id());
            if (const auto failed = co_await adding) {
                co_return *failed;
            }
        }
        for (InboxEntry& entry : page.entries) {
            Stanza message = Stanza::message(user->jid(), context.session->jid());
            message.element().add(to_inbox_entry(entry));
            if (entry.result && query.messages) {
                message.element().add(std::move(*entry.result));
            }
            context.session->send(message);
        }
        co_return std::move(page.fin);
    }

    /// Private messages of a room are in the account's archive, under the room's address. They are no
    /// conversation beside that of the room.
    static std::vector<InboxEntry> merge(std::vector<Conversation> conversations, Rooms rooms)
    {
        std::vector<InboxEntry> entries;
        for (Conversation& each : conversations) {
            const auto room = rooms.find(each.peer);
            if (room == rooms.end()) {
                entries.push_back({ std::move(each.peer), each.newest, each.unread, std::nullopt });
            }
        }
        for (auto& [jid, entry] : rooms) {
            entries.push_back(std::move(entry));
        }
        return entries;
    }

    /// Adds the last message of the conversations with contacts.
    Task<std::optional<StanzaError>> add_messages(std::shared_ptr<User> user,
        std::vector<InboxEntry>& entries, std::string_view queryid)
    {
        std::vector<Jid> contacts;
        for (const InboxEntry& entry : entries) {
            if (!entry.result) {
                contacts.push_back(entry.jid);
            }
        }
        auto reading = user->host().storage().inbox().newest(user->key(), std::move(contacts));
        auto messages = co_await reading;
        if (!messages) {
            co_return to_stanza_error(messages.error());
        }
        auto message = messages->begin();
        for (InboxEntry& entry : entries) {
            if (!entry.result && (message++)->has_value()) {
                entry.result = archive_result(**std::prev(message), queryid);
            }
        }
        co_return std::nullopt;
    }

    // Rooms ------------------------------------------------------------------------------------------

    Task<Rooms> ask_rooms(std::shared_ptr<User> user, std::string_view queryid)
    {
        auto listing = bookmarked_rooms(user);
        const std::vector<Jid> jids = co_await listing;
        auto reading = user->host().storage().inbox().read_positions(user->key(), jids);
        const auto positions = co_await reading;
        RoomAnswers answers;
        for (const Jid& room : jids) {
            answers.push_back(ask(*user, room, position_in(room, positions)));
        }
        Rooms rooms;
        for (std::size_t at = 0; at < jids.size(); ++at) {
            auto answer = co_await answers[at];
            if (auto entry = answer ? read_room_entry(std::move(*answer), jids[at], queryid) : std::nullopt) {
                rooms.emplace(jids[at], std::move(*entry));
            }
        }
        co_return rooms;
    }

    Task<std::vector<Jid>> bookmarked_rooms(std::shared_ptr<User> user)
    {
        NodeStore::ItemQuery query;
        query.newest = most_rooms;
        query.with_payload = false;
        auto reading = nodes_->read(user, user->jid(), std::string(ns::bookmarks), std::move(query));
        const auto items = co_await reading;
        std::vector<Jid> rooms;
        if (items) {
            for (const NodeItem& item : *items) {
                auto room = Jid::parse(item.id);
                if (room && room->has_local() && is_local_service(user->host(), *room)) {
                    rooms.push_back(std::move(*room));
                }
            }
        }
        co_return rooms;
    }

    static MessageId position_in(const Jid& room,
        const Result<std::vector<InboxStore::ReadPosition>, StoreError>& positions)
    {
        if (!positions) {
            return 0;
        }
        const auto found = std::find_if(positions->begin(), positions->end(),
            [&room](const auto& position) { return position.peer == room; });
        return found == positions->end() ? 0 : found->id;
    }

    /// Asks a room with the query of the XEP, and tells it what the account has read.
    static Pending<std::optional<Element>> ask(User& user, const Jid& room, MessageId read_to)
    {
        Element inbox("inbox", ns::inbox);
        inbox.add(to_read_mark(room, std::to_string(read_to)));
        Pending<std::optional<Element>> answer;
        const bool asked = user.host().requests().ask(user.jid(), room, IqType::get, std::move(inbox),
            [promise = answer.promise()](const Stanza* stanza) mutable {
                const bool is_result = stanza != nullptr && stanza->iq_type() == IqType::result;
                const Element* entry = is_result ? std::as_const(*stanza).element().first_child() : nullptr;
                promise.fulfil(entry != nullptr ? std::optional(*entry) : std::nullopt);
            });
        return asked ? std::move(answer) : Pending<std::optional<Element>>::ready(std::nullopt);
    }

    PersonalNodes* nodes_ = nullptr; ///< null: accounts have no nodes
    SessionSlot<bool> is_busy_;      ///< a query is being answered
    UserSlot<bool> has_caught_up_;   ///< with the marks from before the account was loaded
};

} // namespace

std::unique_ptr<Module> make_inbox()
{
    return std::make_unique<Inbox>();
}

} // namespace stonechat
