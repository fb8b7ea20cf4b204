// SPDX-License-Identifier: Apache-2.0
#include "modules/vcard.hpp"

#include "modules/avatar.hpp"
#include "modules/avatar_conversion.hpp"
#include "modules/vcard4.hpp"
#include "router/async_mutex.hpp"
#include "router/host.hpp"
#include "router/store_errors.hpp"
#include "storage/storage.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stream_parser.hpp"

#include <utility>

namespace stonechat {
namespace {

constexpr const char* vcard_store = "vcard";

using Card = std::optional<Element>;
using Failure = std::optional<StanzaError>; ///< nullopt: it worked

void remove_photo(Element& card)
{
    card.remove_children("PHOTO", ns::vcard_temp);
}

Task<Result<Card, StanzaError>> load_card(std::shared_ptr<User> user)
{
    auto pending = user->host().storage().keyval().get(user->key(), vcard_store, "");
    const auto xml = co_await pending;
    if (!xml) {
        co_return to_stanza_error(xml.error());
    }
    if (!xml->has_value()) {
        co_return Card();
    }
    auto element = parse_element(**xml);
    if (!element) {
        co_return StanzaError(StanzaError::internal_server_error);
    }
    co_return Card(std::move(*element));
}

Task<Failure> save_card(std::shared_ptr<User> user, std::string xml)
{
    auto pending = user->host().storage().keyval().set(user->key(), vcard_store, "", std::move(xml));
    const auto saved = co_await pending;
    co_return saved ? Failure() : to_stanza_error(saved.error());
}

/// A card with the avatar conversion (XEP-0398) has no photo of its own: the avatar is kept in the nodes of
/// the account, and shown to those who may read it there. So are the text fields with `vcard4`.
class VCard final : public Module {
public:
    Manifest describe() const override
    {
        return Manifest("vcard", "Stores the vCards of users.")
            .implements(Xep { 54, "1.3.0", "vcard-temp" })
            .feature(ns::vcard_temp, On::both)
            .setting(SettingSpec::bytes("max_bytes", 128 * 1024, 1024, 1024 * 1024,
                "Maximum size of a vCard. The photo counts only if `avatar_conversion` is off."))
            .store(vcard_store);
    }

    void attach(Handlers& on) override
    {
        changing_ = on.user_slot<AsyncMutex>();
        saw_photo_ = on.session_slot<bool>();
        on.user_load([this](User& user) { return move_photo_of(user.shared_from_this()); });
        on.iq_get_later(To::account, ns::vcard_temp, "vCard",
            [this](Iq iq, Context context) { return get(iq, context); });
        on.iq_set_later(To::own_account, ns::vcard_temp, "vCard",
            [this](Iq iq, Context context) { return set(iq, context); });
        on.iq_set(To::account, ns::vcard_temp, "vCard", [](const Iq&, const Context&) -> IqAnswer {
            return StanzaError(StanzaError::forbidden);
        }); // §3.2
        on.iq_set(To::nobody, ns::vcard_temp, "vCard",
            [](const Iq&, const Context&) -> IqAnswer { return StanzaError(StanzaError::forbidden); });
    }

private:
    /// A photo from before the conversion is an avatar before anybody asks for it. If this fails, it is done
    /// when the card is next read.
    Task<bool> move_photo_of(std::shared_ptr<User> user)
    {
        if (converts_avatars(user->host())) {
            auto moving = stored_card(user);
            co_await moving;
        }
        co_return true;
    }

    Task<IqAnswer> get(Iq iq, Context context)
    {
        const auto user = context.user->shared_from_this();
        auto loading = stored_card(user);
        auto card = co_await loading;
        if (!card) {
            co_return card.error();
        }
        auto showing = show_fields(user, iq.from(), std::move(*card));
        card = co_await showing;
        if (card && converts_avatars(context.host)) {
            auto adding = add_avatar(user, iq.from(), std::move(*card));
            card = co_await adding;
        }
        if (!card) {
            co_return card.error();
        }
        note_photo(context, card->has_value() && (*card)->child("PHOTO") != nullptr);
        if (!card->has_value()) {
            // §3.1 and §3.3: to others, no card looks like no account.
            const bool own = iq.from().same_bare(context.user->jid());
            co_return StanzaError(own ? StanzaError::item_not_found : StanzaError::service_unavailable);
        }
        co_return std::move(**card);
    }

    Task<IqAnswer> set(Iq iq, Context context)
    {
        const auto user = context.user->shared_from_this();
        Element card = iq.payload();
        const Photo photo = photo_of(card);
        const bool converts = converts_avatars(context.host);
        if (converts && (photo.kind == Photo::Kind::image || photo.kind == Photo::Kind::empty)) {
            remove_photo(card);
        }
        if (auto refused = converts ? refusal(photo, context.host) : Failure()) {
            co_return std::move(*refused);
        }
        if (to_xml(card).size()
            > static_cast<std::size_t>(context.host.settings("vcard").integer("max_bytes"))) {
            co_return StanzaError(StanzaError::resource_constraint, StanzaError::Type::cancel,
                "The card is too large");
        }
        auto locking = changing_.of(*user).lock();
        const auto lock = co_await locking;
        if (converts) {
            auto taking = take_photo(user, photo, lost_photo(context, photo));
            auto failed = co_await taking;
            if (failed) {
                co_return std::move(*failed);
            }
        }
        auto saving = save(user, std::move(card));
        auto failed = co_await saving;
        if (failed) {
            co_return std::move(*failed);
        }
        note_photo(context, photo.kind == Photo::Kind::image);
        co_return std::nullopt;
    }

    /// The text fields first: if they cannot be published, nothing is saved.
    static Task<Failure> save(std::shared_ptr<User> user, Element card)
    {
        auto publishing = publish_fields(user, std::move(card));
        auto published = co_await publishing;
        if (!published) {
            co_return published.error();
        }
        card = std::move(*published);
        auto saving = save_card(user, to_xml(card));
        auto failed = co_await saving;
        co_return failed;
    }

    // The photo --------------------------------------------------------------------------------------

    static Failure refusal(const Photo& photo, const Host& host)
    {
        const auto most =
            static_cast<std::size_t>(host.settings("avatar_conversion").integer("max_photo_bytes"));
        if (photo.kind == Photo::Kind::broken) {
            return StanzaError(StanzaError::bad_request, "The photo is not base64");
        }
        if (photo.avatar.image.size() > most) {
            return StanzaError(StanzaError::not_acceptable,
                "The image of the photo may have " + std::to_string(most) + " bytes at most");
        }
        return std::nullopt;
    }

    /// Remembers whether the client knows of a photo.
    void note_photo(const Context& context, bool has_photo) const
    {
        if (context.session != nullptr) {
            saw_photo_.of(*context.session) = has_photo;
        }
    }

    /// Whether a card that is saved without photo means that the photo is to go. A client that never saw one
    /// knows of none, and only saves a name.
    bool lost_photo(const Context& context, const Photo& photo) const
    {
        const bool* saw_photo = context.session == nullptr ? nullptr : saw_photo_.find(*context.session);
        return photo.kind == Photo::Kind::empty
            || (photo.kind == Photo::Kind::none && saw_photo != nullptr && *saw_photo);
    }

    /// Makes the photo of a card that is saved the account's avatar. Call with the mutex locked.
    static Task<Failure> take_photo(std::shared_ptr<User> user, Photo photo, bool is_lost)
    {
        if (photo.kind == Photo::Kind::none && !is_lost) {
            auto moving = moved_card(user); // an avatar from before the conversion is kept too
            const auto card = co_await moving;
            co_return card ? Failure() : card.error();
        }
        auto reading = read_avatar(user, user->jid());
        const auto now = co_await reading;
        if (!now) {
            co_return now.error();
        }
        if (photo.kind == Photo::Kind::image) {
            const bool is_same = now->avatar && now->avatar->hash == photo.avatar.hash;
            if (is_same) {
                co_return std::nullopt;
            }
            auto publishing = publish_avatar(user, std::move(photo.avatar));
            auto failed = co_await publishing;
            co_return failed;
        }
        if (!is_lost || !now->is_published || now->is_disabled) {
            co_return std::nullopt;
        }
        auto disabling = disable_avatar(user);
        auto failed = co_await disabling;
        co_return failed;
    }

    /// Returns the stored card.
    Task<Result<Card, StanzaError>> stored_card(std::shared_ptr<User> user)
    {
        auto loading = load_card(user);
        auto card = co_await loading;
        const bool has_photo = card && card->has_value() && photo_of(**card).kind == Photo::Kind::image;
        if (!has_photo || !converts_avatars(user->host())) {
            co_return card;
        }
        auto locking = changing_.of(*user).lock();
        const auto lock = co_await locking;
        auto moving = moved_card(user);
        card = co_await moving;
        co_return card;
    }

    /// Returns the stored card. A photo from before the conversion becomes the account's avatar, unless there
    /// is a newer word on that. Call with the mutex locked.
    static Task<Result<Card, StanzaError>> moved_card(std::shared_ptr<User> user)
    {
        auto loading = load_card(user);
        auto card = co_await loading;
        if (!card || !card->has_value()) {
            co_return card;
        }
        Photo photo = photo_of(**card);
        if (photo.kind != Photo::Kind::image) {
            co_return card;
        }
        auto moving = move_photo(user, std::move(photo.avatar));
        const bool is_moved = co_await moving;
        if (is_moved) {
            remove_photo(**card);
            auto saving = save_card(user, to_xml(**card));
            co_await saving; // if this fails, it is done when the card is next read
        }
        co_return card;
    }

    /// Returns whether the avatar is in the account's nodes now.
    static Task<bool> move_photo(std::shared_ptr<User> user, Avatar avatar)
    {
        auto reading = read_avatar(user, user->jid());
        const auto now = co_await reading;
        if (!now) {
            co_return false;
        }
        if (now->is_published) {
            co_return true;
        }
        auto publishing = publish_avatar(user, std::move(avatar));
        const auto failed = co_await publishing;
        co_return !failed;
    }

    /// XEP-0398 §5.2, §7: shows the avatar as the card's photo, if `reader` may read it.
    static Task<Result<Card, StanzaError>> add_avatar(std::shared_ptr<User> user, Jid reader, Card card)
    {
        auto reading = read_avatar(user, std::move(reader));
        const auto view = co_await reading;
        if (!view) {
            co_return view.error();
        }
        if (view->avatar) {
            if (!card) {
                card = Element("vCard", ns::vcard_temp);
            }
            remove_photo(*card);
            card->add(photo_element(*view->avatar));
        }
        co_return card;
    }

    UserSlot<AsyncMutex> changing_;
    SessionSlot<bool> saw_photo_; ///< whether the last card that the client read or saved had a photo
};

} // namespace

std::unique_ptr<Module> make_vcard()
{
    return std::make_unique<VCard>();
}

} // namespace stonechat
