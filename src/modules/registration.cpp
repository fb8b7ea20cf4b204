// SPDX-License-Identifier: Apache-2.0
#include "modules/registration.hpp"

#include "base/log.hpp"
#include "config/trusted_names.hpp"
#include "router/host.hpp"
#include "router/registration_rate.hpp"
#include "router/router.hpp"
#include "router/server.hpp"
#include "sasl/password.hpp"
#include "xmpp/data_form.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>

namespace stonechat {
namespace {

/// Returns the address of account `user` on this host; nothing if RFC 7622 forbids the name.
std::optional<Jid> account_of(const Host& host, const std::string& user)
{
    return user.empty() ? std::nullopt : Jid::from_parts(user, host.name());
}

StanzaError to_stanza_error(const AccountRefusal& refusal)
{
    switch (refusal.problem) {
    case AccountProblem::reserved: // strangers do not learn which accounts were removed
    case AccountProblem::exists: return StanzaError(StanzaError::conflict); // §3.1.1
    case AccountProblem::no_such_account: return StanzaError(StanzaError::registration_required);
    case AccountProblem::not_local:
    case AccountProblem::bad_password:
        return StanzaError(StanzaError::not_acceptable, refusal.text); // §3.1.1
    case AccountProblem::store_full:
    case AccountProblem::busy:
        return StanzaError(StanzaError::resource_constraint, StanzaError::Type::wait, refusal.text);
    case AccountProblem::store_failed:
        return StanzaError(StanzaError::internal_server_error, StanzaError::Type::wait);
    }
    return StanzaError(StanzaError::internal_server_error);
}

class Registration final : public Module {
public:
    Manifest describe() const override
    {
        return Manifest("registration",
            "Lets users change their password and remove their account; registers new accounts if `open` is "
            "true.")
            .implements(Xep { 77, "2.4", "In-Band Registration",
                "data forms, fields beyond name and password, redirection" })
            .feature(ns::in_band_registration)
            .setting(SettingSpec::flag("open", false,
                "Lets anybody register an account from a client. This attracts spammers."))
            .setting(SettingSpec::integer("per_day", 3, 1, 1'000'000,
                "Maximum number of accounts registered from one address (IPv6: /64) per day."))
            .setting(SettingSpec::list("reserved",
                { "abuse", "admin", "administrator", "hostmaster", "info", "noc", "postmaster", "root",
                    "security", "support", "webmaster", "xmpp" },
                "Names that cannot be registered from a client because they look official. The names in "
                "`admins`, [host.contact] and [host.push] are reserved too."));
    }

    void attach(Handlers& on) override
    {
        host_ = &on.host();
        on.stream_feature(Handlers::Offer::before_login, [this](bool) { return feature(); });
        on.iq_before_login(ns::in_band_registration, "query",
            [this](Iq iq, std::string peer) { return register_account(iq, std::move(peer)); });
        for (const To to : { To::host, To::own_account }) {
            on.iq_get(to, ns::in_band_registration, "query", describe_own);
            on.iq_set_later(to, ns::in_band_registration, "query", change_own);
        }
    }

private:
    bool is_open() const { return host_->settings("registration").flag("open"); }

    /// Returns whether the name has special rights or looks as if it had.
    bool is_kept_back(const Jid& account) const
    {
        const auto& reserved = host_->settings("registration").list("reserved");
        return is_trusted_name(host_->router().settings(), account)
            || std::find(reserved.begin(), reserved.end(), account.local()) != reserved.end();
    }

    std::optional<Element> feature() const
    {
        return is_open() ? std::optional(Element("register", ns::registration_feature)) : std::nullopt;
    }

    /// §3.1: before login.
    Task<IqAnswer> register_account(Iq iq, std::string peer)
    {
        if (!is_open()) {
            co_return StanzaError(StanzaError::service_unavailable);
        }
        if (iq.type() == IqType::get) {
            Element query("query", ns::in_band_registration);
            query.add_text_child("instructions", "Choose a username and password for use with this service.");
            query.add("username");
            query.add("password");
            co_return query;
        }
        const auto account = account_of(*host_, iq.payload().child_text("username"));
        if (!account) {
            co_return StanzaError(StanzaError::not_acceptable, "The username is missing or not allowed");
        }
        const auto per_day = static_cast<unsigned>(host_->settings("registration").integer("per_day"));
        if (!host_->router().server().registration_rate().admit(peer, per_day)) {
            co_return StanzaError(StanzaError::resource_constraint, StanzaError::Type::wait,
                "Too many accounts from your address");
        }
        const std::string password = iq.payload().child_text("password");
        if (!password_problem(password) && is_kept_back(*account)) {
            host_->log().warning("registration refused",
                { { "account", account->text() },
                    { "why",
                        "the settings keep this name back; `stonechatctl user add` makes the account" } });
            co_return StanzaError(
                StanzaError::conflict); // as if the account existed, to hide which names have rights
        }
        auto creating = host_->accounts().create(*account, password);
        const auto created = co_await creating;
        if (!created) {
            co_return to_stanza_error(created.error());
        }
        co_return std::nullopt;
    }

    /// §3.1, example 4: a logged-in user is already registered.
    static IqAnswer describe_own(const Iq&, const Context& context)
    {
        if (context.user == nullptr) {
            return StanzaError(StanzaError::forbidden);
        }
        Element query("query", ns::in_band_registration);
        query.add("registered");
        query.add_text_child("username", context.user->jid().local());
        query.add("password");
        return query;
    }

    /// §3.2 and §3.3: a user removes the account, or changes its password.
    static Task<IqAnswer> change_own(Iq iq, Context context)
    {
        if (context.user == nullptr || context.session == nullptr) {
            co_return StanzaError(StanzaError::forbidden);
        }
        const Element& query = iq.payload();
        if (query.child("remove") != nullptr) {
            auto removing = remove_own(query, context);
            co_return co_await removing;
        }
        const auto account = account_of(context.host, query.child_text("username"));
        if (!account || query.child("password") == nullptr) {
            co_return StanzaError(StanzaError::bad_request);
        }
        if (*account != context.user->jid()) {
            co_return StanzaError(StanzaError::not_allowed);
        }
        auto changing = context.host.accounts().set_password(*account, query.child_text("password"),
            context.session->jid());
        const auto changed = co_await changing;
        if (!changed) {
            co_return to_stanza_error(changed.error());
        }
        co_return std::nullopt;
    }

    static Task<IqAnswer> remove_own(const Element& query, Context context)
    {
        if (query.child_count() != 1) {
            co_return StanzaError(StanzaError::bad_request); // §3.2: <remove/> stands alone
        }
        auto removing = context.host.accounts().remove(context.user->jid(), context.session->jid());
        const auto removed = co_await removing;
        if (!removed) {
            co_return to_stanza_error(removed.error());
        }
        // The stream ends after the result is sent, because the account no longer exists.
        context.host.shard().post([session = context.session->shared_from_this()] {
            session->close(StreamError(StreamError::not_authorized, "The account was removed"));
        });
        co_return std::nullopt;
    }

    Host* host_ = nullptr; ///< set in attach()
};

} // namespace

std::unique_ptr<Module> make_registration()
{
    return std::make_unique<Registration>();
}

} // namespace stonechat
