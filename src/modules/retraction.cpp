// SPDX-License-Identifier: Apache-2.0
#include "modules/retraction.hpp"

#include "base/log.hpp"
#include "router/delivery_plan.hpp"
#include "router/host.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stream_parser.hpp"
#include "xmpp/tombstone.hpp"

#include <string>
#include <utility>

namespace stonechat {
namespace {

/// A retraction for one of the two archives, the sender's or the recipient's.
struct Retraction {
    AccountKey owner;
    Jid sender;           ///< bare
    std::string occupant; ///< occupant id (XEP-0421) in a room, where all occupants share one bare address
    Jid peer;             ///< the other side, seen from `owner`
    bool outgoing = false;
    std::string target; ///< id of the retracted message
    std::string id;     ///< id of the retraction itself
    WallTime at;
};

std::string_view occupant_of(const Element& message)
{
    const Element* id = message.child("occupant-id", ns::occupant_id);
    return id == nullptr ? std::string_view() : id->attribute_or("id");
}

/// Returns the tombstone for the message found; nothing if the message is not the sender's own (§5) or is a
/// tombstone already.
std::optional<Element> grave_of(const ArchivedMessage& found, const Retraction& retraction)
{
    const auto original = parse_element(found.xml);
    if (!original || is_tombstone(*original)) {
        return std::nullopt;
    }
    const auto from = Jid::parse(original->attribute_or("from"));
    if (!from || !from->same_bare(retraction.sender) || occupant_of(*original) != retraction.occupant) {
        return std::nullopt;
    }
    return tombstone(*original, retraction.id, retraction.at);
}

Task<Result<Done, StoreError>> bury(Host& host, Retraction retraction)
{
    auto finding = host.storage().archive().find(retraction.owner, retraction.peer, retraction.outgoing,
        retraction.target);
    const auto found = co_await finding;
    if (!found) {
        co_return found.error();
    }
    const auto grave = *found ? grave_of(**found, retraction) : std::nullopt;
    if (!grave) {
        co_return Done();
    }
    auto replacing = host.storage().archive().replace(retraction.owner, (*found)->id, to_xml(*grave));
    const auto replaced = co_await replacing;
    if (!replaced) {
        co_return replaced.error();
    }
    co_return Done();
}

class Retractions final : public Module {
public:
    Manifest describe() const override
    {
        return Manifest("retraction", "Replaces retracted messages in the archives with a tombstone.")
            .implements(Xep { 424, "0.4.2", "Message Retraction" })
            .feature(ns::retraction, On::both)
            .feature(ns::retraction_tombstone, On::both)
            .needs("archive");
    }

    /// Attaches after the module `archive`, which decides whether the retraction itself is archived.
    void attach(Handlers& on) override
    {
        on.message(Flow::from_client, Stage::archive,
            [](const Message& m, const Context& c) { return look(m, c, Flow::from_client); });
        on.message(Flow::to_user, Stage::archive,
            [](const Message& m, const Context& c) { return look(m, c, Flow::to_user); });
    }

private:
    /// Called once for each side, because each side changes only its own archive; the other archive may be on
    /// another server, or may not have the message. The recipient's side holds the settlement until the
    /// replacement is done. The sender's side must not: its DeliveryPlan is a part of the settlement, so each
    /// would wait for the other.
    static Verdict look(const Message& message, const Context& context, Flow flow)
    {
        const Element& element = std::as_const(message.stanza()).element();
        const Element* retract = element.child("retract", ns::retraction);
        if (retract == nullptr || !context.plan->is_archived() || message.id().empty()
            || retract->attribute_or("id").empty()) {
            return Verdict::pass();
        }
        Retraction retraction;
        retraction.owner = context.user->key();
        retraction.sender = message.from().bare();
        retraction.occupant = occupant_of(element);
        retraction.outgoing = message.from().same_bare(context.user->jid());
        retraction.peer = (retraction.outgoing ? message.to() : message.from()).bare();
        retraction.target = retract->attribute_or("id");
        retraction.id = message.id();
        retraction.at = context.host.clock().wall();
        context.plan->when_over([&host = context.host, retraction = std::move(retraction),
                                    hold = flow == Flow::to_user ? context.hold()
                                                                 : Settlement()](bool committed) mutable {
            if (committed) {
                begin(host, std::move(retraction), std::move(hold));
            } else {
                std::move(hold).settle();
            }
        });
        return Verdict::pass();
    }

    static void begin(Host& host, Retraction retraction, Settlement hold)
    {
        const std::string user = retraction.owner.user;
        start(
            bury(host, std::move(retraction)),
            [&host, user, hold = std::move(hold)](Result<Done, StoreError> buried) mutable {
                if (!buried) {
                    host.log().warning("retracted message not replaced", { { "user", user } });
                }
                std::move(hold).settle(); // the retraction itself is stored
            },
            [&host, user](const std::exception_ptr&) {
                host.log().error("retraction failed", { { "user", user } });
            });
    }
};

} // namespace

std::unique_ptr<Module> make_retraction()
{
    return std::make_unique<Retractions>();
}

} // namespace stonechat
