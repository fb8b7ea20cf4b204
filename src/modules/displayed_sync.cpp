// SPDX-License-Identifier: Apache-2.0
#include "modules/displayed_sync.hpp"

#include "base/background.hpp"
#include "router/host.hpp"
#include "router/personal_nodes.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"

#include <string>
#include <utility>

namespace stonechat {
namespace {

class DisplayedSync final : public Module {
public:
    Manifest describe() const override
    {
        return Manifest("displayed_sync", "Publishes what was read, for the other devices of a user.")
            .implements(Xep { 490, "1.0.1", "Message Displayed Synchronization" })
            .needs("pep")
            .feature(ns::displayed_assist, On::account);
    }

    void attach(Handlers& on) override
    {
        nodes_ = on.host().personal_nodes();
        if (nodes_ == nullptr) {
            return;
        }
        // Before it is archived and copied (§5.2).
        on.message(Flow::from_client, Stage::guard,
            [this](Message m, const Context& c) { return take_mark(m, c); });
    }

private:
    /// §4.5: takes the read mark out of the message and publishes it. A message with nothing else is refused:
    /// a client MUST NOT send it.
    Verdict take_mark(Message message, const Context& context)
    {
        const Element* mark =
            std::as_const(message.stanza()).element().child("displayed", ns::displayed_sync);
        if (mark == nullptr || message.type() == MessageType::error) {
            return Verdict::pass();
        }
        const Element payload = *mark;
        message.element().remove_children("displayed", ns::displayed_sync);
        const bool is_empty = message.element().child_count() == 0;
        if (is_empty || payload.children("stanza-id", ns::stanza_id).size() != 1) {
            return Verdict::bounce(StanzaError(StanzaError::bad_request));
        }
        NodeItem item;
        item.id = message.to().text();
        item.publisher = context.user->jid();
        item.payload = to_xml(payload);
        item.modified = context.host.clock().wall();
        start_in_background(publish(context.user->shared_from_this(), std::move(item), context.hold()),
            context.host.log(), "read mark not published");
        return Verdict::pass();
    }

    /// The message is not acknowledged before the mark is stored. What cannot be stored now is to be sent
    /// again; what is over a limit is lost, like a publication that was refused.
    Task<Done> publish(std::shared_ptr<User> user, NodeItem item, Settlement settlement)
    {
        auto publishing = nodes_->publish(user, std::string(ns::displayed_sync), std::move(item));
        const auto failed = co_await publishing;
        if (failed && failed->type() == StanzaError::Type::wait) {
            std::move(settlement).fail();
            co_return Done();
        }
        if (failed) {
            user->host().log().warning("read mark refused",
                { { "account", user->jid().text() }, { "why", failed->text() } });
        }
        std::move(settlement).settle();
        co_return Done();
    }

    PersonalNodes* nodes_ = nullptr;
};

} // namespace

std::unique_ptr<Module> make_displayed_sync()
{
    return std::make_unique<DisplayedSync>();
}

} // namespace stonechat
