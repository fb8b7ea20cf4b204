// SPDX-License-Identifier: Apache-2.0
#include "modules/bookmarks.hpp"

#include "base/background.hpp"
#include "router/async_mutex.hpp"
#include "router/capabilities.hpp"
#include "router/data_view.hpp"
#include "router/host.hpp"
#include "router/personal_nodes.hpp"
#include "router/store_errors.hpp"
#include "storage/storage.hpp"
#include "xmpp/bookmarks.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stream_parser.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace stonechat {
namespace {

// The row of private XML in which clients kept their bookmarks before, in the format of the module
// private_xml. What is no bookmark of a room stays there; a room in it has not been moved yet.
constexpr const char* old_store = "private";
constexpr const char* old_row = "storage:bookmarks storage";

using Failure = std::optional<StanzaError>; ///< nullopt: it worked

/// The items of an account's node, and what old clients keep beside them.
struct Stock {
    std::vector<BookmarkItem> items;
    std::vector<Element> others;
    WallTime modified;
};

/// Adds what is not there yet.
void append(BookmarkList more, BookmarkList& list)
{
    const KnownRooms there(list.rooms);
    std::copy_if(more.rooms.begin(), more.rooms.end(), std::back_inserter(list.rooms),
        [&there](const RoomBookmark& each) { return !there.contains(each.room); });
    std::move(more.invalid.begin(), more.invalid.end(), std::back_inserter(list.invalid));
    for (Element& each : more.others) {
        if (std::find(list.others.begin(), list.others.end(), each) == list.others.end()) {
            list.others.push_back(std::move(each));
        }
    }
}

std::vector<BookmarkItem> to_bookmark_items(const std::vector<NodeItem>& items)
{
    std::vector<BookmarkItem> bookmarks;
    for (const NodeItem& item : items) {
        if (auto conference = parse_element(item.payload)) {
            bookmarks.push_back({ item.id, std::move(*conference) });
        }
    }
    return bookmarks;
}

std::vector<NodeItem> to_node_items(const User& user, const std::vector<BookmarkItem>& bookmarks)
{
    const WallTime now = user.host().clock().wall();
    std::vector<NodeItem> items;
    for (const BookmarkItem& each : bookmarks) {
        items.push_back({ each.id, user.jid(), to_xml(each.conference), now, now });
    }
    return items;
}

class Bookmarks final : public Module, public DataView {
public:
    Manifest describe() const override
    {
        return Manifest("bookmarks", "Keeps one list of a user's rooms, for new and old clients.")
            .implements(Xep { 402, "1.2.0", "PEP Native Bookmarks" })
            .implements(Xep { 48, "1.2", "Bookmarks" })
            .implements(Xep { 411, "1.1.0", "Bookmarks Conversion" })
            .needs("pep")
            .needs("private_xml")
            .feature(ns::bookmarks_compat, On::account)
            .feature(ns::bookmarks_compat_pep, On::account)
            .feature(ns::bookmarks_conversion, On::account);
    }

    void attach(Handlers& on) override
    {
        nodes_ = on.host().personal_nodes();
        if (nodes_ == nullptr) {
            return;
        }
        states_ = on.user_slot<State>();
        known_ = on.session_slot<KnownRooms>();
        on.host().add_data_view(std::string(ns::bookmarks_old), *this);
        on.user_load([this](User& user) { return load(user.shared_from_this()); });
        on.account_changed([this](const Context& c) { states_.of(*c.user).moved = false; });
        nodes_->watch(std::string(ns::bookmarks), [this](User& account, const PersonalNodes::Change& change) {
            if (change.concerns_items()) {
                changed(account);
            }
        });
    }

    // DataView
    Task<Result<Data, StanzaError>> read(std::shared_ptr<User> account, Jid client) override
    {
        auto locking = states_.of(*account).mutex.lock();
        const auto lock = co_await locking;
        auto reading = read_stock(account);
        const auto stock = co_await reading;
        if (!stock) {
            co_return stock.error();
        }
        if (Session* session = account->session(client.resource())) {
            known_.of(*session) = KnownRooms(stock->items);
        }
        co_return Data { to_bookmark_list(stock->items, stock->others), stock->modified };
    }

    Task<Failure> write(std::shared_ptr<User> account, Jid client, Element content) override
    {
        if (!content.is("storage", ns::bookmarks_old)) {
            co_return StanzaError(StanzaError::bad_request, "Bookmarks are kept in <storage/>");
        }
        BookmarkList list = read_bookmark_list(content);
        tell_invalid(*account, list);
        auto locking = states_.of(*account).mutex.lock();
        const auto lock = co_await locking;
        auto reading = read_stock(account);
        const auto stock = co_await reading;
        if (!stock) {
            co_return stock.error();
        }
        auto storing = store(account, client, *stock, std::move(list));
        auto failed = co_await storing;
        co_return failed;
    }

private:
    struct State {
        AsyncMutex mutex; ///< of reading and changing the list
        bool moved = false;
        bool announcing = false; ///< an event for old clients is about to be sent
    };

    /// The old rows are moved before anybody can ask for bookmarks. What fails now is tried again when
    /// somebody does.
    Task<bool> load(std::shared_ptr<User> user)
    {
        auto locking = states_.of(*user).mutex.lock();
        const auto lock = co_await locking;
        auto moving = move_old(user);
        const auto failed = co_await moving;
        if (failed) {
            user->host().log().warning("old bookmarks not moved",
                { { "account", user->jid().text() }, { "why", failed->text() } });
        }
        co_return true;
    }

    /// Everything that an account has. Call with the mutex locked.
    Task<Result<Stock, StanzaError>> read_stock(std::shared_ptr<User> user)
    {
        auto moving = move_old(user);
        const auto failed = co_await moving;
        if (failed) {
            co_return *failed;
        }
        auto reading_row = read_row(user);
        auto row = co_await reading_row;
        if (!row) {
            co_return row.error();
        }
        auto reading = nodes_->read(user, user->jid(), std::string(ns::bookmarks), {});
        const auto items = co_await reading;
        if (!items) {
            co_return items.error();
        }
        Stock stock { to_bookmark_items(*items), std::move(row->others), WallTime() };
        for (const NodeItem& each : *items) {
            stock.modified = std::max(stock.modified, each.modified);
        }
        co_return stock;
    }

    /// Makes the items and the row what a client's list says, with events for changed items only.
    Task<Failure> store(std::shared_ptr<User> user, Jid client, const Stock& stock, BookmarkList list)
    {
        Session* session = user->session(client.resource());
        const KnownRooms known = session == nullptr ? KnownRooms() : known_.of(*session);
        BookmarkChanges changes = bookmark_changes(stock.items, list.rooms, known);
        if (list.others != stock.others) {
            auto writing = write_row(user, list.others);
            auto failed = co_await writing;
            if (failed) {
                co_return failed;
            }
            changed(*user);
        }
        auto publishing = publish(user, changes.published);
        auto failed = co_await publishing;
        if (failed) {
            co_return failed;
        }
        if (!changes.retracted.empty()) {
            auto retracting = nodes_->retract(user, std::string(ns::bookmarks), std::move(changes.retracted));
            failed = co_await retracting;
            if (failed) {
                co_return failed;
            }
        }
        if (Session* writer = user->session(client.resource())) {
            known_.of(*writer) = KnownRooms(list.rooms);
        }
        co_return std::nullopt;
    }

    Task<Failure> publish(std::shared_ptr<User> user, const std::vector<BookmarkItem>& bookmarks)
    {
        if (bookmarks.empty()) {
            co_return std::nullopt;
        }
        auto items = to_node_items(*user, bookmarks);
        auto publishing = nodes_->publish_all(user, std::string(ns::bookmarks), std::move(items));
        auto failed = co_await publishing;
        co_return failed;
    }

    // The old rows --------------------------------------------------------------------------------------

    static Task<Result<BookmarkList, StanzaError>> read_row(std::shared_ptr<User> user)
    {
        auto pending = user->host().storage().keyval().get(user->key(), old_store, old_row);
        const auto found = co_await pending;
        if (!found) {
            co_return to_stanza_error(found.error());
        }
        BookmarkList list;
        if (!found->has_value()) {
            co_return list;
        }
        const auto fragments = parse_element(**found);
        if (!fragments) {
            co_return StanzaError(StanzaError::internal_server_error);
        }
        for (const Element* storage : fragments->children()) {
            append(read_bookmark_list(*storage), list);
        }
        co_return list;
    }

    static Task<Failure> write_row(std::shared_ptr<User> user, std::vector<Element> others)
    {
        KeyvalStore::Changes changes;
        changes.emplace_back(old_row, std::nullopt);
        if (!others.empty()) {
            Element fragments("fragments", ns::private_xml);
            fragments.add(to_bookmark_list({}, others));
            changes.front().second = to_xml(fragments);
            const auto most = user->host().settings("private_xml").integer("max_bytes");
            if (changes.front().second->size() > static_cast<std::size_t>(most)) {
                co_return StanzaError(StanzaError::resource_constraint, StanzaError::Type::cancel,
                    "The private storage is full");
            }
        }
        auto writing = user->host().storage().keyval().apply(user->key(), old_store, std::move(changes));
        const auto written = co_await writing;
        if (!written) {
            co_return to_stanza_error(written.error());
        }
        co_return std::nullopt;
    }

    /// What clients stored in the old forms before this module was there.
    struct OldForms {
        BookmarkList list;
        std::vector<std::string> node_items; ///< ids in the old node
    };
    Task<Result<OldForms, StanzaError>> read_old(std::shared_ptr<User> user)
    {
        OldForms old;
        // Straight from the store: most accounts have no such node, and this is done for each that is loaded.
        auto reading = user->host().storage().nodes().items(user->key(), std::string(ns::bookmarks_old), {});
        const auto page = co_await reading;
        if (!page) {
            co_return to_stanza_error(page.error());
        }
        for (const NodeItem& each : page->items) {
            old.node_items.push_back(each.id);
            if (const auto storage = parse_element(each.payload)) {
                append(read_bookmark_list(*storage), old.list);
            }
        }
        auto reading_row = read_row(user);
        auto row = co_await reading_row;
        if (!row) {
            co_return row.error();
        }
        append(std::move(*row), old.list);
        co_return old;
    }

    /// Moves bookmarks of the old forms into the node: first the new items are committed, all together, then
    /// the old ones go. Whatever is there already is newer and stays. So it may be done again at any point.
    Task<Failure> move_old(std::shared_ptr<User> user)
    {
        if (states_.of(*user).moved) {
            co_return std::nullopt;
        }
        auto reading = read_old(user);
        auto old = co_await reading;
        if (!old) {
            co_return old.error();
        }
        const BookmarkList& list = old->list;
        if (!list.rooms.empty() || !list.invalid.empty() || !old->node_items.empty()) {
            auto moving = move(user, std::move(*old));
            auto failed = co_await moving;
            if (failed) {
                co_return failed;
            }
        }
        states_.of(*user).moved = true;
        co_return std::nullopt;
    }

    Task<Failure> move(std::shared_ptr<User> user, OldForms old)
    {
        auto reading = nodes_->read(user, user->jid(), std::string(ns::bookmarks), {});
        const auto items = co_await reading;
        if (!items) {
            co_return items.error();
        }
        tell_invalid(*user, old.list);
        const KnownRooms there(to_bookmark_items(*items));
        std::erase_if(old.list.rooms,
            [&there](const RoomBookmark& each) { return there.contains(each.room); });
        const auto changes = bookmark_changes({}, old.list.rooms, {});
        auto publishing = publish(user, changes.published);
        auto failed = co_await publishing;
        if (failed) {
            co_return failed;
        }
        auto writing = write_row(user, std::move(old.list.others));
        failed = co_await writing;
        if (failed || old.node_items.empty()) {
            co_return failed;
        }
        auto retracting = nodes_->retract(user, std::string(ns::bookmarks_old), std::move(old.node_items));
        failed = co_await retracting;
        co_return failed;
    }

    static void tell_invalid(const User& user, const BookmarkList& list)
    {
        for (const std::string& room : list.invalid) {
            user.host().log().warning("bookmark dropped: no address",
                { { "account", user.jid().text() }, { "room", room } });
        }
    }

    // Events for old clients ------------------------------------------------------------------------

    static bool wants_events(const Session& session)
    {
        return session.capabilities() && session.capabilities()->wants(ns::bookmarks_old);
    }

    /// A client that wants the old form gets the whole list anew, once for all changes that are made
    /// together.
    void changed(User& user)
    {
        const auto& sessions = user.sessions();
        State& state = states_.of(user);
        if (state.announcing || std::none_of(sessions.begin(), sessions.end(), [](const auto& each) {
                return wants_events(*each);
            })) {
            return;
        }
        state.announcing = true;
        start_in_background(announce(user.shared_from_this()), user.host().log(), "bookmarks not announced");
    }

    Task<Done> announce(std::shared_ptr<User> user)
    {
        auto locking = states_.of(*user).mutex.lock();
        const auto lock = co_await locking;
        states_.of(*user).announcing = false;
        auto reading = read_stock(user);
        const auto stock = co_await reading;
        if (!stock) {
            co_return Done();
        }
        for (const auto& session : user->sessions()) {
            if (wants_events(*session)) {
                known_.of(*session) = KnownRooms(stock->items);
            }
        }
        const Element list = to_bookmark_list(stock->items, stock->others);
        nodes_->announce(*user, std::string(ns::bookmarks_old),
            { DataView::item_id, user->jid(), to_xml(list), stock->modified, stock->modified });
        co_return Done();
    }

    PersonalNodes* nodes_ = nullptr;
    UserSlot<State> states_;
    SessionSlot<KnownRooms> known_; ///< what its client knows of the list, from its last look or change
};

} // namespace

std::unique_ptr<Module> make_bookmarks()
{
    return std::make_unique<Bookmarks>();
}

} // namespace stonechat
