// SPDX-License-Identifier: Apache-2.0
#include "modules/commands.hpp"

#include "base/random.hpp"
#include "router/host.hpp"
#include "xmpp/ad_hoc_command.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>
#include <deque>

namespace stonechat {
namespace {

/// Limit on forms of one shard that were sent and not submitted yet. The oldest is dropped first.
constexpr std::size_t open_forms = 1000;

class Commands final : public Module {
public:
    Manifest describe() const override
    {
        return Manifest("commands",
            "Offers ad-hoc commands to clients, for example those for administrators.")
            .implements(Xep { 50, "1.3.0", "Ad-Hoc Commands", "commands of several steps" })
            .feature(ns::commands);
    }

    /// This module attaches last, so that all other modules have registered their commands.
    void attach(Handlers& on) override
    {
        host_ = &on.host();
        on.iq_set_later(To::host, ns::commands, "command", [this](Iq iq, Context c) { return run(iq, c); });
        on.disco_items(To::host, ns::commands,
            [this](const Context& c, const Iq& iq, Element& query) { list(c, iq, query); });
        for (const Command& command : on.commands()) {
            on.disco_info(To::host, command.node,
                [name = command.name](const Context&, const Iq&, Element& query) {
                    describe_command(query, name);
                });
        }
    }

private:
    struct Open {
        std::string id;
        std::string node;
        Jid from;
    };

    bool may_run(const Command& command, const Jid& from) const
    {
        switch (command.access) {
        case Command::For::admins: return host_->is_admin(from);
        case Command::For::local_users: return from.domain() == host_->name() && from.has_local();
        }
        return false;
    }

    /// §2.2: lists only the commands that the requester may run.
    void list(const Context&, const Iq& iq, Element& query) const
    {
        for (const Command& command : host_->handlers().commands()) {
            if (may_run(command, iq.from())) {
                list_command(query, host_->name(), command.node, command.name);
            }
        }
    }

    const Command* find(std::string_view node) const
    {
        for (const Command& command : host_->handlers().commands()) {
            if (command.node == node) {
                return &command;
            }
        }
        return nullptr;
    }

    Task<IqAnswer> run(Iq iq, Context context)
    {
        const Element& request = iq.payload();
        const Command* command = find(request.attribute_or("node"));
        if (command == nullptr) {
            co_return StanzaError(StanzaError::item_not_found);
        }
        if (!may_run(*command, iq.from())) {
            co_return StanzaError(StanzaError::forbidden);
        }
        auto stage = request.attribute_or("sessionid").empty() ? begin(*command, iq, context)
                                                               : go_on(*command, iq, context);
        co_return co_await stage;
    }

    Task<IqAnswer> begin(const Command& command, Iq iq, Context context)
    {
        if (auto refused = action_problem(iq.payload(), false)) {
            co_return std::move(*refused);
        }
        if (command.form) {
            co_return hand_out(command, iq.from());
        }
        auto running = finish(command, DataForm(DataForm::Type::submit), random_id(), context);
        co_return co_await running;
    }

    Task<IqAnswer> go_on(const Command& command, Iq iq, Context context)
    {
        const std::string session(iq.payload().attribute_or("sessionid"));
        if (!is_open(session, command, iq.from())) {
            co_return command_error(StanzaError::bad_request, "bad-sessionid");
        }
        if (auto refused = action_problem(iq.payload(), true)) {
            co_return std::move(*refused);
        }
        if (iq.payload().attribute_or("action") == "cancel") {
            take_back(session);
            co_return command_answer(command.node, session, "canceled");
        }
        auto form = form_in(iq.payload());
        if (!form) {
            co_return form.error(); // the form stays open and may be submitted again
        }
        take_back(session);
        if (form->type() == DataForm::Type::cancel) {
            co_return command_answer(command.node, session, "canceled");
        }
        auto running = finish(command, std::move(*form), session, context);
        co_return co_await running;
    }

    /// Returns an error for an action that is not possible. A command has one stage, which can be completed
    /// or canceled; `execute` completes it (§3.4).
    static std::optional<StanzaError> action_problem(const Element& request, bool goes_on)
    {
        const std::string_view action = request.attribute_or("action", "execute");
        if (action == "execute" || (goes_on && (action == "complete" || action == "cancel"))) {
            return std::nullopt;
        }
        return command_action_problem(action);
    }

    /// Returns the form that the client has submitted or canceled (XEP-0004 §3.1).
    static Result<DataForm, StanzaError> form_in(const Element& request)
    {
        const Element* x = request.child("x", ns::data_forms);
        if (x == nullptr) {
            return command_error(StanzaError::bad_request, "bad-payload");
        }
        auto form = DataForm::from_element(*x);
        if (!form || (form->type() != DataForm::Type::submit && form->type() != DataForm::Type::cancel)) {
            return command_error(StanzaError::bad_request, "bad-payload");
        }
        return form;
    }

    IqAnswer hand_out(const Command& command, const Jid& from)
    {
        Open open { random_id(), command.node, from };
        Element element = command_answer(command.node, open.id, "executing");
        add_command_form(element, *command.form);
        if (open_.size() >= open_forms) {
            open_.pop_front();
        }
        open_.push_back(std::move(open));
        return element;
    }

    /// Returns whether the form is open: sent to `from` for this command, and not submitted yet.
    bool is_open(std::string_view session, const Command& command, const Jid& from) const
    {
        return std::any_of(open_.begin(), open_.end(), [&](const Open& open) {
            return open.id == session && open.node == command.node && open.from == from;
        });
    }

    void take_back(std::string_view session)
    {
        std::erase_if(open_, [session](const Open& open) { return open.id == session; });
    }

    static void add_note(Element& command, std::string_view type, const std::string& text)
    {
        if (!text.empty()) {
            command.add("note").set_attribute("type", type).add_text(text);
        }
    }

    static Task<IqAnswer> finish(const Command& command, DataForm form, std::string session, Context context)
    {
        auto running = command.run(std::move(form), context);
        const auto outcome = co_await running;
        if (!outcome) {
            co_return outcome.error();
        }
        Element element = command_answer(command.node, session, "completed");
        add_note(element, "info", outcome->note);
        add_note(element, "error", outcome->failure);
        if (outcome->result) {
            element.add(outcome->result->to_element());
        }
        co_return element;
    }

    Host* host_ = nullptr; ///< set in attach()
    std::deque<Open> open_;
};

} // namespace

std::unique_ptr<Module> make_commands()
{
    return std::make_unique<Commands>();
}

} // namespace stonechat
