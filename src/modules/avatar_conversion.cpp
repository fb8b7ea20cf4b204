// SPDX-License-Identifier: Apache-2.0
#include "modules/avatar_conversion.hpp"

#include "base/background.hpp"
#include "modules/avatar.hpp"
#include "modules/directed_presences.hpp"
#include "router/async_mutex.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "storage/storage.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stream_parser.hpp"

#include <utility>

namespace stonechat {
namespace {

using Readers = PersonalNodes::Readers;

/// Whether `<x/>` of XEP-0153 says that the client has no avatar.
bool has_empty_photo(const Element& presence)
{
    const Element* x = presence.child("x", ns::vcard_update);
    const Element* photo = x == nullptr ? nullptr : x->child("photo");
    return photo != nullptr && photo->text().empty();
}

std::string shown_hash(const Element& presence)
{
    const Element* x = presence.child("x", ns::vcard_update);
    return x == nullptr ? std::string() : x->child_text("photo");
}

void show_hash(Element& presence, std::string_view hash)
{
    presence.remove_children("x", ns::vcard_update);
    presence.add("x", ns::vcard_update).add_text_child("photo", hash);
}

/// Returns what is left of a directed presence when it is repeated without its addresses and its avatar. A
/// repeated presence never enters a room (XEP-0045 §7.1), so the wish to do so goes too, with the password.
std::string content_of(const Element& presence)
{
    Element content = presence;
    for (const char* attribute : { "to", "from", "id" }) {
        content.remove_attribute(attribute);
    }
    content.remove_children("x", ns::muc);
    content.remove_children("x", ns::vcard_update);
    return to_xml(content);
}

class AvatarConversion final : public Module {
public:
    Manifest describe() const override
    {
        return Manifest("avatar_conversion", "Shows avatars to old and new clients alike.")
            .implements(Xep { 84, "1.1.4", "User Avatar" })
            .implements(Xep { 153, "1.1.1", "vCard-Based Avatars" })
            .implements(Xep { 398, "1.0.0", "User Avatar to vCard-Based Avatars Conversion",
                "directed presence to those who may not read the avatar has no hash of it" })
            .needs("pep")
            .needs("vcard")
            .feature(ns::avatar_conversion, On::account)
            .setting(SettingSpec::bytes("max_photo_bytes", 100 * 1024, 1024, 1024 * 1024,
                "Maximum size of an image that a client saves as the photo of a vCard."));
    }

    void attach(Handlers& on) override
    {
        host_ = &on.host();
        shown_ = on.user_slot<Shown>();
        refreshing_ = on.user_slot<AsyncMutex>();
        directed_ = on.session_slot<DirectedPresences>();
        declined_ = on.session_slot<bool>();
        on.user_load([this](User& user) { return load(user); });
        on.presence(Flow::from_client, Stage::stamp,
            [this](Presence p, const Context& c) { return add_hash(p, c); });
        on.presence(Flow::from_client, Stage::deliver,
            [this](Presence p, const Context& c) { return remember(p, c); });
        on.presence(Flow::to_user, Stage::stamp,
            [this](Presence p, const Context& c) { return forget(p, c); });
        if (PersonalNodes* nodes = host_->personal_nodes()) {
            nodes->watch(std::string(ns::avatar_metadata),
                [this](User& user, const PersonalNodes::Change&) { start_refresh(user); });
            nodes->watch(std::string(ns::avatar_data),
                [this](User& user, const PersonalNodes::Change& change) { see_image(user, change); });
        }
    }

private:
    /// The hash of an account's avatar, and who may know it: who may read its nodes (XEP-0398 §7). Kept only
    /// for accounts that have an avatar.
    struct Shown {
        std::string hash;
        Readers readers = Readers::few;
        friend bool operator==(const Shown&, const Shown&) = default;
    };

    // What is shown ----------------------------------------------------------------------------------

    /// Does not read the image, which would be much for each login: an image with a wrong id was refused
    /// when it was published.
    Task<bool> load(User& user)
    {
        shown_.clear(user);
        if (!converts_avatars(*host_)) {
            co_return true;
        }
        NodeStore& store = host_->storage().nodes();
        NodeStore::ItemQuery newest;
        newest.newest = 1;
        auto reading = store.items(user.key(), std::string(ns::avatar_metadata), std::move(newest));
        const auto metadata = co_await reading;
        if (!metadata) {
            co_return false;
        }
        const auto named = metadata->items.empty() ? std::nullopt
                                                   : named_avatar(metadata->items.front().payload);
        if (!named || hash_from_id(named->id).empty()) {
            co_return true;
        }
        NodeStore::ItemQuery by_id;
        by_id.ids.push_back(named->id);
        by_id.with_payload = false;
        auto looking = store.items(user.key(), std::string(ns::avatar_data), std::move(by_id));
        const auto data = co_await looking;
        auto asking = readers_of_avatar(user.shared_from_this());
        const auto readers = co_await asking;
        if (!data || !readers) {
            co_return false;
        }
        if (!data->items.empty()) {
            shown_.of(user) = Shown { hash_from_id(named->id), *readers };
        }
        co_return true;
    }

    /// The image is published before its metadata: until these come, nothing has changed. Otherwise contacts
    /// would be told in between that there is no avatar.
    void see_image(User& user, const PersonalNodes::Change& change)
    {
        if (change.published.empty() || shown_.find(user) == nullptr) {
            start_refresh(user);
        }
    }

    void start_refresh(User& user)
    {
        start_in_background(refresh(user.shared_from_this()), host_->log(), "avatar not shown");
    }

    Task<Done> refresh(std::shared_ptr<User> user)
    {
        auto locking = refreshing_.of(*user).lock();
        const auto lock = co_await locking;
        auto reading = read_avatar(user, user->jid());
        const auto view = co_await reading;
        auto asking = readers_of_avatar(user);
        const auto readers = co_await asking;
        if (!view || !readers) {
            host_->log().warning("avatar not shown",
                { { "account", user->jid().text() }, { "why", "the store could not be read" } });
            co_return Done();
        }
        if (!view->mislabelled.empty()) {
            host_->log().warning("avatar not converted",
                { { "account", user->jid().text() }, { "why", "its id is not the SHA-1 of the image" } });
        }
        show(*user, view->avatar ? Shown { view->avatar->hash, *readers } : Shown());
        co_return Done();
    }

    void show(User& user, const Shown& now)
    {
        const Shown* found = shown_.find(user);
        const Shown before = found == nullptr ? Shown() : *found;
        if (now.hash.empty()) {
            shown_.clear(user);
        } else {
            shown_.of(user) = now;
        }
        if (now != before) {
            repeat_presences(user);
        }
    }

    /// Returns the hash that `to` may know (empty: all contacts); empty if there is none.
    std::string_view hash_for(const User& user, const Jid& to) const
    {
        const Shown* shown = shown_.find(user);
        if (shown == nullptr) {
            return {};
        }
        const bool is_contact = to.empty() || user.shows_presence_to(to);
        const bool may_know = shown->readers == Readers::everybody
            || (shown->readers == Readers::contacts && is_contact) || to.same_bare(user.jid());
        return may_know ? std::string_view(shown->hash) : std::string_view();
    }

    // Presence from clients --------------------------------------------------------------------------

    /// XEP-0398 §4
    Verdict add_hash(const Presence& presence, const Context& context)
    {
        Session& session = *context.session;
        if (presence.type() == PresenceType::unavailable) {
            leave(session, presence.to());
        }
        if (presence.type() != PresenceType::available) {
            return Verdict::pass();
        }
        const Element& element = std::as_const(presence.stanza()).element();
        const bool declines = has_empty_photo(element);
        if (presence.to().empty() && !is_repeating_) {
            note_declined(session, declines);
        }
        if (declines) {
            return Verdict::pass();
        }
        const std::string_view hash = hash_for(*context.user, presence.to());
        const std::string shown = shown_hash(element);
        if (!hash.empty() && shown != hash) {
            show_hash(presence.element(), hash);
        } else if (hash.empty() && !shown.empty() && shown_.find(*context.user) != nullptr) {
            // Who may not read the avatar does not learn it from the client either.
            presence.element().remove_children("x", ns::vcard_update);
            presence.element().add("x", ns::vcard_update);
        }
        return Verdict::pass();
    }

    void note_declined(Session& session, bool declines) const
    {
        if (declines) {
            declined_.of(session) = true;
        } else {
            declined_.clear(session);
        }
    }

    void leave(Session& session, const Jid& to) const
    {
        if (to.empty()) {
            directed_.clear(session);
        } else if (DirectedPresences* directed = directed_.find(session)) {
            directed->forget(to);
        }
    }

    /// After `presence`, which limits the number of addressees.
    Verdict remember(const Presence& presence, const Context& context)
    {
        if (presence.type() != PresenceType::available || presence.to().empty() || is_repeating_) {
            return Verdict::pass();
        }
        const Element& element = std::as_const(presence.stanza()).element();
        if (has_empty_photo(element)) {
            leave(*context.session, presence.to()); // the client wants no avatar there
            return Verdict::pass();
        }
        DirectedPresences& directed = directed_.of(*context.session);
        if (host_->router().service(presence.to().domain()) != nullptr) {
            // In a room one has one nick. A presence to the old one would take it back.
            directed.forget_bare(presence.to());
        }
        directed.keep(presence.to(), content_of(element));
        return Verdict::pass();
    }

    /// A session that has left a room, or was not let in, is not shown there again.
    Verdict forget(const Presence& presence, const Context& context) const
    {
        const bool is_end = presence.type() == PresenceType::unavailable
            || presence.type() == PresenceType::error;
        if (is_end && presence.to().has_resource()) {
            if (Session* session = context.user->session(presence.to().resource())) {
                leave(*session, presence.from());
            }
        }
        return Verdict::pass();
    }

    // Presence again, with another avatar ------------------------------------------------------------

    /// Clients of old do not know that the avatar has changed, so the server says it for them: as if each
    /// had sent its last presence again.
    void repeat_presences(User& user)
    {
        // A copy: sending may end a session.
        const std::vector<std::shared_ptr<Session>> sessions(user.sessions().begin(), user.sessions().end());
        for (const auto& session : sessions) {
            if (!session->is_open()) {
                continue;
            }
            if (session->is_available() && declined_.find(*session) == nullptr) {
                repeat(*session, *session->presence(), Jid());
            }
            if (const DirectedPresences* directed = directed_.find(*session)) {
                repeat_directed(*session, directed->all());
            }
        }
    }

    void repeat_directed(Session& session,
        const std::vector<std::pair<Jid, DirectedPresences::Content>>& presences)
    {
        const User& user = session.user();
        for (const auto& [to, content] : presences) {
            const bool has_heard = session.is_available() && user.shows_presence_to(to);
            if (has_heard || user.block_list().covers(to)) {
                continue;
            }
            auto element = parse_element(*content);
            if (!element) {
                continue;
            }
            if (auto presence = Stanza::from_element(std::move(*element))) {
                repeat(session, std::move(*presence), to);
            }
        }
    }

    void repeat(Session& session, Stanza presence, const Jid& to)
    {
        presence.set_from(session.jid());
        presence.set_to(to);
        presence.element().remove_children("x", ns::vcard_update);
        if (shown_.find(session.user()) == nullptr) {
            show_hash(presence.element(), {}); // XEP-0153 §4.1: there is no avatar any more
        }
        is_repeating_ = true;
        host_->from_client(session, std::move(presence), Settlement());
        is_repeating_ = false;
    }

    Host* host_ = nullptr; ///< set in attach()
    UserSlot<Shown> shown_;
    UserSlot<AsyncMutex> refreshing_;
    SessionSlot<DirectedPresences> directed_;
    SessionSlot<bool> declined_; ///< the client says in its presence that it has no avatar
    bool is_repeating_ = false;
};

} // namespace

std::unique_ptr<Module> make_avatar_conversion()
{
    return std::make_unique<AvatarConversion>();
}

bool converts_avatars(const Host& host)
{
    return host.is_on("avatar_conversion") && host.personal_nodes() != nullptr;
}

} // namespace stonechat
