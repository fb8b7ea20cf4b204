// SPDX-License-Identifier: Apache-2.0
#include "modules/archive_commands.hpp"

#include "router/host.hpp"
#include "router/store_errors.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <string>
#include <utility>

namespace stonechat {
namespace {

using Field = DataForm::Field;
using FieldType = DataForm::FieldType;
using Outcome = Command::Outcome;
using Ran = Result<Outcome, StanzaError>;

constexpr unsigned most_days = 36500;

struct Choice {
    const char* value;
    const char* label;
};

/// The options in the form. Any other number of days is accepted too.
constexpr std::array offered {
    Choice { "default", "As the server has it" },
    Choice { "never", "Not at all" },
    Choice { "1", "One day" },
    Choice { "7", "One week" },
    Choice { "30", "30 days" },
    Choice { "365", "One year" },
    Choice { "forever", "For ever" },
};

Field contact_field()
{
    Field contact;
    contact.var = "contact";
    contact.type = FieldType::jid_single;
    contact.label = "The conversation with this contact; none: all conversations";
    return contact;
}

DataForm retention_form()
{
    DataForm form(DataForm::Type::form, ns::archive_configure);
    form.set_title("Message history");
    form.set_instructions("How long should the server keep your messages?");
    form.add(contact_field());
    Field keep;
    keep.var = "keep";
    keep.type = FieldType::list_single;
    keep.label = "Keep messages";
    keep.values.emplace_back("default");
    keep.required = true;
    for (const Choice& choice : offered) {
        keep.options.push_back({ choice.label, choice.value });
    }
    form.add(std::move(keep));
    return form;
}

DataForm delete_form()
{
    DataForm form(DataForm::Type::form, ns::archive_delete);
    form.set_title("Delete message history");
    form.set_instructions("The server forgets your messages. Your devices and your contacts keep theirs.");
    form.add(contact_field());
    Field sure;
    sure.var = "sure";
    sure.type = FieldType::boolean;
    sure.label = "This cannot be taken back. Delete?";
    sure.values.emplace_back("false");
    sure.required = true;
    form.add(std::move(sure));
    return form;
}

StanzaError refusal(std::string_view why)
{
    return StanzaError(StanzaError::not_acceptable, why);
}

/// Returns the conversation named in the form; nothing for all conversations.
Result<std::optional<Jid>, StanzaError> contact_in(const DataForm& form)
{
    const std::string_view text = form.value("contact").value_or("");
    if (text.empty()) {
        return std::optional<Jid>();
    }
    const auto jid = Jid::parse(text);
    if (!jid) {
        return refusal(std::string(text) + " is no address");
    }
    return std::optional(jid->bare());
}

/// Returns the retention chosen in the form; nothing for `default`.
Result<std::optional<Retention>, StanzaError> retention_in(const DataForm& form)
{
    const std::string_view text = form.value("keep").value_or("");
    if (text == "default") {
        return std::optional<Retention>();
    }
    if (text == "forever") {
        return std::optional(Retention { std::nullopt });
    }
    if (text == "never") {
        return std::optional(Retention { 0 });
    }
    unsigned days = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), days);
    if (failure != std::errc() || end != text.data() + text.size() || days == 0 || days > most_days) {
        return refusal("Say for how many days, or: default, never, forever");
    }
    return std::optional(Retention { days });
}

/// Returns the account that sent the command, whose archive the command is about; null if it is not local.
std::shared_ptr<User> owner_in(const Context& context)
{
    const bool known = context.user != nullptr && context.session != nullptr;
    return known ? context.user->shared_from_this() : nullptr;
}

/// Returns whether the account may store a choice for this conversation: there is one already, or the limit
/// is not reached.
bool has_room(const ArchiveStore::RetentionChoices& choices, const Jid& contact, const Host& host)
{
    const auto& conversations = choices.conversations;
    const bool known = std::any_of(conversations.begin(), conversations.end(),
        [&contact](const auto& choice) { return choice.first == contact; });
    const auto most = static_cast<std::size_t>(host.settings("archive").integer("max_preferences"));
    return known || conversations.size() < most;
}

Task<Ran> set_retention(const ArchiveChoicesOfUsers& choices, DataForm form, Context context)
{
    const auto user = owner_in(context);
    if (!user) {
        co_return StanzaError(StanzaError::forbidden);
    }
    const auto contact = contact_in(form);
    if (!contact) {
        co_return contact.error();
    }
    const auto retention = retention_in(form);
    if (!retention) {
        co_return retention.error();
    }
    if (*contact && *retention && !has_room(choices.of(*user).retention, **contact, context.host)) {
        co_return StanzaError(StanzaError::resource_constraint, StanzaError::Type::cancel,
            "There are too many choices already");
    }
    auto setting = choices.set_retention(user, *contact, *retention);
    const auto set = co_await setting;
    if (!set) {
        co_return to_stanza_error(set.error());
    }
    co_return Outcome::of("From now on your messages are kept like that.");
}

Task<Ran> delete_history(DataForm form, Context context)
{
    const auto user = owner_in(context);
    if (!user) {
        co_return StanzaError(StanzaError::forbidden);
    }
    const auto contact = contact_in(form);
    if (!contact) {
        co_return contact.error();
    }
    if (!form.flag("sure").value_or(false)) {
        co_return refusal("Nothing was deleted, because you did not say that you are sure.");
    }
    auto removing = context.host.storage().archive().remove(user->key(), *contact);
    const auto removed = co_await removing;
    if (!removed) {
        co_return to_stanza_error(removed.error());
    }
    co_return Outcome::of("The messages were deleted.");
}

} // namespace

void add_archive_commands(Handlers& on, const ArchiveChoicesOfUsers& choices)
{
    const auto configure = [&choices](DataForm form, Context context) {
        return set_retention(choices, std::move(form), context);
    };
    on.command({ std::string(ns::archive_configure), "Keep my messages", Command::For::local_users,
        retention_form(), configure });
    on.command({ std::string(ns::archive_delete), "Delete my messages", Command::For::local_users,
        delete_form(), delete_history });
}

} // namespace stonechat
