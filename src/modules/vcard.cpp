// SPDX-License-Identifier: Apache-2.0
#include "modules/vcard.hpp"

#include "router/host.hpp"
#include "router/store_errors.hpp"
#include "storage/storage.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stream_parser.hpp"

namespace stonechat {
namespace {

constexpr const char* vcard_store = "vcard";

class VCard final : public Module {
public:
    Manifest describe() const override
    {
        return Manifest("vcard", "Stores the vCards of users.")
            .implements(Xep { 54, "1.3.0", "vcard-temp" })
            .feature(ns::vcard_temp, On::both)
            .setting(SettingSpec::bytes("max_bytes", 128 * 1024, 1024, 1024 * 1024,
                "Maximum size of a vCard, including the avatar."))
            .store(vcard_store);
    }

    void attach(Handlers& on) override
    {
        on.iq_get_later(To::account, ns::vcard_temp, "vCard", get);
        on.iq_set_later(To::own_account, ns::vcard_temp, "vCard", set);
        on.iq_set(To::account, ns::vcard_temp, "vCard", [](const Iq&, const Context&) -> IqAnswer {
            return StanzaError(StanzaError::forbidden);
        }); // §3.2
        on.iq_set(To::nobody, ns::vcard_temp, "vCard",
            [](const Iq&, const Context&) -> IqAnswer { return StanzaError(StanzaError::forbidden); });
    }

private:
    static Task<IqAnswer> get(Iq iq, Context context)
    {
        auto pending = context.host.storage().keyval().get(context.user->key(), vcard_store, "");
        const auto card = co_await pending;
        if (!card) {
            co_return to_stanza_error(card.error());
        }
        if (!card->has_value()) {
            // §3.1 and §3.3: to others, no card looks like no account.
            const bool own = iq.from().same_bare(context.user->jid());
            co_return StanzaError(own ? StanzaError::item_not_found : StanzaError::service_unavailable);
        }
        auto element = parse_element(**card);
        if (!element) {
            co_return StanzaError(StanzaError::internal_server_error);
        }
        co_return std::move(*element);
    }

    static Task<IqAnswer> set(Iq iq, Context context)
    {
        std::string xml = to_xml(iq.payload());
        if (xml.size() > static_cast<std::size_t>(context.host.settings("vcard").integer("max_bytes"))) {
            co_return StanzaError(StanzaError::resource_constraint, StanzaError::Type::cancel,
                "The card is too large");
        }
        auto pending = context.host.storage().keyval().set(context.user->key(), vcard_store, "",
            std::move(xml));
        const auto saved = co_await pending;
        if (!saved) {
            co_return to_stanza_error(saved.error());
        }
        co_return std::nullopt;
    }
};

} // namespace

std::unique_ptr<Module> make_vcard()
{
    return std::make_unique<VCard>();
}

} // namespace stonechat
