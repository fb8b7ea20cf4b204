// SPDX-License-Identifier: Apache-2.0
#include "modules/commands.hpp"

#include "base/random.hpp"
#include "router/host.hpp"
#include "xmpp/ns.hpp"

#include <deque>

namespace stonechat {
namespace {

/// Forms that were handed out and not yet filled in, on one shard; the oldest is forgotten first.
constexpr std::size_t open_forms = 1000;

/// §4.4: an application condition beside the stanza error.
StanzaError command_error(StanzaError::Condition condition, std::string_view detail)
{
    return StanzaError(condition).with(Element(detail, ns::commands));
}

class Commands final : public Module {
public:
    Manifest describe() const override
    {
        return Manifest("commands", "Offers commands to chat clients, such as the administrator's.")
            .implements(Xep { 50, "1.3.0", "Ad-Hoc Commands" })
            .feature(ns::commands);
    }

    /// Attached last, so that every module has registered its commands.
    void attach(Handlers& on) override
    {
        host_ = &on.host();
        on.iq_set_later(To::host, ns::commands, "command", [this](Iq iq, Context c) { return run(iq, c); });
        on.disco_items(To::host, ns::commands,
            [this](const Context& c, const Iq& iq, Element& query) { list(c, iq, query); });
        for (const Command& command : on.commands()) {
            on.disco_info(To::host, command.node,
                [&command](const Context&, const Iq&, Element& query) { describe_command(command, query); });
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

    /// §2.2: only what the requester may run.
    void list(const Context&, const Iq& iq, Element& query) const
    {
        for (const Command& command : host_->handlers().commands()) {
            if (may_run(command, iq.from())) {
                query.add("item")
                    .set_attribute("jid", host_->name())
                    .set_attribute("node", command.node)
                    .set_attribute("name", command.name);
            }
        }
    }

    /// §2.2.1
    static void describe_command(const Command& command, Element& query)
    {
        query.add("identity")
            .set_attribute("category", "automation")
            .set_attribute("type", "command-node")
            .set_attribute("name", command.name);
        query.add("feature").set_attribute("var", ns::commands);
        query.add("feature").set_attribute("var", ns::data_forms);
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

    static Element answer(const Command& command, std::string_view session, std::string_view status)
    {
        Element element("command", ns::commands);
        element.set_attribute("node", command.node)
            .set_attribute("sessionid", session)
            .set_attribute("status", status);
        return element;
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
        const std::string_view action = request.attribute_or("action", "execute");
        const std::string session(request.attribute_or("sessionid"));
        if (session.empty()) {
            if (action != "execute") {
                co_return command_error(StanzaError::bad_request, "bad-action");
            }
            if (command->form) {
                co_return hand_out(*command, iq.from());
            }
            auto running = finish(*command, DataForm(DataForm::Type::submit), random_id(), context);
            co_return co_await running;
        }
        if (!take_back(session, *command, iq.from())) {
            co_return command_error(StanzaError::bad_request, "bad-sessionid");
        }
        if (action == "cancel") {
            co_return answer(*command, session, "canceled");
        }
        if (action != "execute" && action != "complete" && action != "next") {
            co_return command_error(StanzaError::bad_request, "bad-action");
        }
        const Element* x = request.child("x", ns::data_forms);
        if (x == nullptr) {
            co_return command_error(StanzaError::bad_request, "bad-payload");
        }
        auto form = DataForm::from_element(*x);
        if (!form) {
            co_return command_error(StanzaError::bad_request, "bad-payload");
        }
        if (form->type() == DataForm::Type::cancel) {
            co_return answer(*command, session, "canceled");
        }
        auto running = finish(*command, std::move(*form), session, context);
        co_return co_await running;
    }

    IqAnswer hand_out(const Command& command, const Jid& from)
    {
        Open open { random_id(), command.node, from };
        Element element = answer(command, open.id, "executing");
        Element& actions = element.add("actions");
        actions.set_attribute("execute", "complete");
        actions.add("complete");
        element.add(command.form->to_element());
        if (open_.size() >= open_forms) {
            open_.pop_front();
        }
        open_.push_back(std::move(open));
        return element;
    }

    /// A form is filled in once, by whom it was handed to.
    bool take_back(std::string_view session, const Command& command, const Jid& from)
    {
        return std::erase_if(open_, [&](const Open& open) {
            return open.id == session && open.node == command.node && open.from == from;
        }) > 0;
    }

    static Task<IqAnswer> finish(const Command& command, DataForm form, std::string session, Context context)
    {
        auto running = command.run(std::move(form), context);
        const auto outcome = co_await running;
        if (!outcome) {
            co_return outcome.error();
        }
        Element element = answer(command, session, "completed");
        if (!outcome->note.empty()) {
            Element& note = element.add("note");
            note.set_attribute("type", outcome->is_warning ? "warn" : "info");
            note.add_text(outcome->note);
        }
        if (outcome->result) {
            element.add(outcome->result->to_element());
        }
        co_return element;
    }

    Host* host_ = nullptr; ///< from attach on
    std::deque<Open> open_;
};

} // namespace

std::unique_ptr<Module> make_commands()
{
    return std::make_unique<Commands>();
}

} // namespace stonechat
