// SPDX-License-Identifier: Apache-2.0
#include "modules/administration.hpp"

#include "router/announcement.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "router/server.hpp"
#include "xmpp/ns.hpp"

namespace stonechat {
namespace {

using Type = DataForm::FieldType;
using Outcome = Command::Outcome;
using Ran = Result<Outcome, StanzaError>;

DataForm form_of(std::string_view title, std::string_view instructions)
{
    DataForm form(DataForm::Type::form, ns::admin);
    form.set_title(title);
    form.set_instructions(instructions);
    return form;
}

DataForm::Field field(std::string_view var, Type type, std::string_view label)
{
    DataForm::Field made;
    made.var = var;
    made.type = type;
    made.label = label;
    made.required = true;
    return made;
}

DataForm one_account(std::string_view title, std::string_view label)
{
    DataForm form = form_of(title, "Fill out this form.");
    form.add(field("accountjid", Type::jid_single, label));
    return form;
}

DataForm some_accounts(std::string_view title, std::string_view label)
{
    DataForm form = form_of(title, "Fill out this form.");
    form.add(field("accountjids", Type::jid_multi, label));
    return form;
}

StanzaError to_stanza_error(const AccountRefusal& refusal)
{
    switch (refusal.problem) {
    case AccountProblem::reserved:
    case AccountProblem::exists: return StanzaError(StanzaError::conflict, refusal.text);
    case AccountProblem::no_such_account: return StanzaError(StanzaError::item_not_found, refusal.text);
    case AccountProblem::not_local:
    case AccountProblem::bad_password: return StanzaError(StanzaError::not_acceptable, refusal.text);
    case AccountProblem::store_full:
    case AccountProblem::busy:
        return StanzaError(StanzaError::resource_constraint, StanzaError::Type::wait, refusal.text);
    case AccountProblem::store_failed:
        return StanzaError(StanzaError::internal_server_error, StanzaError::Type::wait, refusal.text);
    }
    return StanzaError(StanzaError::internal_server_error);
}

/// Returns the accounts in a form field; an error if one of them is not an account of this host.
Result<std::vector<Jid>, StanzaError> accounts_in(const DataForm& form, std::string_view var,
    const Host& host)
{
    std::vector<Jid> accounts;
    for (const std::string& text : form.values(var)) {
        const auto jid = Jid::parse(text);
        if (!jid || jid->domain() != host.name() || !jid->has_local()) {
            return StanzaError(StanzaError::not_acceptable, text + " is not an account of " + host.name());
        }
        accounts.push_back(*jid);
    }
    if (accounts.empty()) {
        return StanzaError(StanzaError::not_acceptable, "No account was named");
    }
    return accounts;
}

/// §4.1
Task<Ran> add_user(DataForm form, Context context)
{
    auto accounts = accounts_in(form, "accountjid", context.host);
    if (!accounts) {
        co_return accounts.error();
    }
    const std::string password(form.value("password").value_or(""));
    if (form.value("password-verify").value_or("") != password) {
        co_return StanzaError(StanzaError::not_acceptable, "The two passwords differ");
    }
    auto creating = context.host.accounts().create(accounts->front().bare(), password);
    const auto created = co_await creating;
    if (!created) {
        co_return to_stanza_error(created.error());
    }
    co_return Outcome::of("The account was added.");
}

/// §4.6
Task<Ran> change_password(DataForm form, Context context)
{
    auto accounts = accounts_in(form, "accountjid", context.host);
    if (!accounts) {
        co_return accounts.error();
    }
    std::string password(form.value("password").value_or(""));
    auto changing = context.host.accounts().set_password(accounts->front().bare(), std::move(password));
    const auto changed = co_await changing;
    if (!changed) {
        co_return to_stanza_error(changed.error());
    }
    co_return Outcome::of("The password was changed.");
}

/// Applies `change` to each account in the form. Reports those that could not be changed.
template <class Change> Task<Ran> for_each_account(DataForm form, Context context, Change change)
{
    auto accounts = accounts_in(form, "accountjids", context.host);
    if (!accounts) {
        co_return accounts.error();
    }
    std::string failed;
    std::size_t changed_count = 0;
    for (const Jid& account : *accounts) {
        auto changing = change(context.host.accounts(), account);
        const auto changed = co_await changing;
        if (changed) {
            ++changed_count;
        } else {
            failed += failed.empty() ? "" : "\n";
            failed += account.text() + ": " + std::string(to_text(changed.error()));
        }
    }
    std::string done = changed_count == 0 ? "" : "Accounts changed: " + std::to_string(changed_count);
    co_return Outcome::of(std::move(done), std::move(failed));
}

/// §4.2
Task<Ran> delete_users(DataForm form, Context context)
{
    const auto remove = [](Accounts& all, Jid account) { return all.remove(account.bare()); };
    return for_each_account(std::move(form), context, remove);
}

/// §4.3
Task<Ran> disable_users(DataForm form, Context context)
{
    const auto disable = [](Accounts& all, Jid account) { return all.set_enabled(account.bare(), false); };
    return for_each_account(std::move(form), context, disable);
}

/// §4.4
Task<Ran> enable_users(DataForm form, Context context)
{
    const auto enable = [](Accounts& all, Jid account) { return all.set_enabled(account.bare(), true); };
    return for_each_account(std::move(form), context, enable);
}

/// §4.5: a full JID ends one session, a bare JID all sessions of the account.
Task<Ran> end_sessions(DataForm form, Context context)
{
    auto accounts = accounts_in(form, "accountjids", context.host);
    if (!accounts) {
        co_return accounts.error();
    }
    std::size_t ended = 0;
    for (const Jid& account : *accounts) {
        const StreamError why(StreamError::policy_violation, "Ended by an administrator");
        auto ending = context.host.accounts().end_sessions(account, why);
        ended += co_await ending;
    }
    if (ended == 0) {
        co_return Outcome::of({}, "Nobody of them is connected");
    }
    co_return Outcome::of("Sessions ended: " + std::to_string(ended));
}

using Names = std::vector<std::string>;

Names online_on(const Router& router, const std::string& host)
{
    Names names;
    if (const Host* part = router.host(host)) {
        for (const auto& [name, user] : part->users()) {
            if (user->has_available_session()) {
                names.push_back(user->jid().text());
            }
        }
    }
    return names;
}

Pending<std::vector<Names>> gather_online(const Context& context)
{
    const std::string host = context.host.name();
    return context.host.router().server().gather<Names>(context.host.shard(),
        [host](Router& router) { return online_on(router, host); });
}

/// §4.20
Task<Ran> online_users(DataForm form, Context context)
{
    std::size_t limit = 1000;
    const std::string wanted(form.value("max_items").value_or(""));
    if (!wanted.empty() && wanted.size() <= 4
        && wanted.find_first_not_of("0123456789") == std::string::npos) {
        limit = std::stoul(wanted);
    }
    auto gathering = gather_online(context);
    const auto parts = co_await gathering;
    DataForm::Field online = field("onlineuserjids", Type::jid_multi, "The list of all online users");
    online.required = false;
    for (const Names& names : parts) {
        online.values.insert(online.values.end(), names.begin(), names.end());
    }
    std::sort(online.values.begin(), online.values.end());
    online.values.resize(std::min(online.values.size(), limit));
    Outcome outcome;
    outcome.result = DataForm(DataForm::Type::result, ns::admin);
    outcome.result->add(std::move(online));
    co_return outcome;
}

/// §4.15
Task<Ran> online_user_count(DataForm, Context context)
{
    auto gathering = gather_online(context);
    const auto parts = co_await gathering;
    std::size_t count = 0;
    for (const Names& names : parts) {
        count += names.size();
    }
    Outcome outcome;
    outcome.result = DataForm(DataForm::Type::result, ns::admin);
    outcome.result->add("onlineusersnum", Type::text_single, std::to_string(count));
    co_return outcome;
}

/// §4.23: sends the announcement to all online users.
Task<Ran> announce(DataForm form, Context context)
{
    std::string text;
    for (const std::string& line : form.values("announcement")) {
        text += (text.empty() ? "" : "\n") + line;
    }
    if (text.empty()) {
        co_return StanzaError(StanzaError::not_acceptable, "The announcement is empty");
    }
    auto telling = send_announcement(context.host.router().server(), context.host.shard(),
        context.host.name(), text);
    const std::size_t told = co_await telling;
    co_return Outcome::of("Users told: " + std::to_string(told));
}

DataForm add_user_form()
{
    DataForm form = one_account("Adding a User", "The Jabber ID for the account to be added");
    form.add(field("password", Type::text_private, "The password for this account"));
    form.add(field("password-verify", Type::text_private, "Retype password"));
    return form;
}

DataForm change_password_form()
{
    DataForm form = one_account("Changing a User Password", "The Jabber ID for this account");
    form.add(field("password", Type::text_private, "The new password for this account"));
    return form;
}

DataForm online_users_form()
{
    DataForm form = form_of("Requesting List of Online Users", "How many should be listed at most?");
    DataForm::Field items = field("max_items", Type::list_single, "Maximum number of items to show");
    items.required = false;
    for (const char* number : { "25", "50", "75", "100", "150", "200" }) {
        items.options.push_back({ number, number });
    }
    items.options.push_back({ "None", "none" });
    form.add(std::move(items));
    return form;
}

DataForm announcement_form()
{
    DataForm form = form_of("Making an Announcement", "Sent to all online users.");
    form.add(field("announcement", Type::text_multi, "Announcement"));
    return form;
}

class Administration final : public Module {
public:
    Manifest describe() const override
    {
        return Manifest("administration", "Lets administrators manage accounts from a chat client.")
            .implements(Xep { 133, "1.3.1", "Service Administration",
                "all commands but add, delete, disable and re-enable user, change password, end "
                "session, online users, announce" })
            .needs("commands");
    }

    void attach(Handlers& on) override
    {
        const auto add = [&on](std::string_view node, std::string_view name, std::optional<DataForm> form,
                             Command::Run run) {
            Command command;
            command.node = std::string(ns::admin) + "#" + std::string(node);
            command.name = name;
            command.access = Command::For::admins;
            command.form = std::move(form);
            command.run = std::move(run);
            on.command(std::move(command));
        };
        add("add-user", "Add User", add_user_form(), add_user);
        add("delete-user", "Delete User", some_accounts("Deleting Users", "The Jabber ID(s) to delete"),
            delete_users);
        add("disable-user", "Disable User", some_accounts("Disabling Users", "The Jabber ID(s) to disable"),
            disable_users);
        add("reenable-user", "Re-Enable User",
            some_accounts("Re-Enabling Users", "The Jabber ID(s) to re-enable"), enable_users);
        add("end-user-session", "End User Session",
            some_accounts("Ending User Sessions", "The Jabber ID(s) for which to end sessions"),
            end_sessions);
        add("change-user-password", "Change User Password", change_password_form(), change_password);
        add("get-online-users-num", "Get Number of Online Users", std::nullopt, online_user_count);
        add("get-online-users-list", "Get List of Online Users", online_users_form(), online_users);
        add("announce", "Send Announcement to Online Users", announcement_form(), announce);
    }
};

} // namespace

std::unique_ptr<Module> make_administration()
{
    return std::make_unique<Administration>();
}

} // namespace stonechat
