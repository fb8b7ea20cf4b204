// SPDX-License-Identifier: Apache-2.0
#include "support/example_module.hpp"

#include "router/delivery_plan.hpp"
#include "router/domain_service.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace stonechat::test;

namespace {

const AccountKey romeo { "localhost", "romeo" };
const AccountKey juliet { "localhost", "juliet" };

/// What the module of these tests does with messages.
struct Wishes {
    bool archive_sent = false;
    bool archive_received = false;
    bool carbons = false;
    bool juliet_refuses = false;
    Lines over {};              ///< what became of them, as their senders' side heard it
    bool touches = false;       ///< changes a message on the recipient's side, and changes it back
    std::vector<bool> seals {}; ///< whether messages were still sealed when they came there

    Verdict from_client(Message message, const Context& context)
    {
        DeliveryPlan& plan = *context.plan;
        plan.when_over([this, id = std::string(message.id())](bool committed) {
            over.push_back(id + (committed ? " committed" : " failed"));
        });
        if (archive_sent && plan.storage_policy() == StoragePolicy::archived) {
            plan.archive(message.to(), true);
        }
        for (const auto& other : context.user->sessions()) {
            if (carbons && other.get() != context.session) {
                plan.add_receiver(*other, CopyForm::carbon_sent);
            }
        }
        return Verdict::pass();
    }

    Verdict to_user(Message message, const Context& context)
    {
        if (juliet_refuses && context.user->jid().local() == "juliet") {
            return Verdict::bounce(StanzaError(StanzaError::service_unavailable));
        }
        if (touches) {
            message.element().add("touched", "urn:touched");
            message.element().remove_children("touched", "urn:touched");
        }
        seals.push_back(message.stanza().seal() != Stanza::unsealed);
        if (archive_received && context.plan->storage_policy() == StoragePolicy::archived) {
            context.plan->archive(message.from(), false);
        }
        return Verdict::pass();
    }

    void attach(Handlers& on)
    {
        on.message(Flow::from_client, Stage::archive,
            [this](Message m, const Context& c) { return from_client(m, c); });
        on.message(Flow::to_user, Stage::archive,
            [this](Message m, const Context& c) { return to_user(m, c); });
        on.message(Flow::to_user, Stage::fallback, [](Message, const Context& context) {
            context.plan->put_into_mailbox(MailboxLimits());
            return Verdict::pass();
        });
        on.message(Flow::from_client, Stage::guard, [](Message message, const Context&) {
            if (message.element().child("poison", "urn:poison") != nullptr) {
                throw std::runtime_error("cannot swallow this");
            }
            return Verdict::pass();
        });
        on.presence(Flow::from_client, Stage::deliver, [](Presence presence, const Context& context) {
            context.session->set_available(std::make_shared<const Stanza>(presence.stanza()), 0);
            return Verdict::done();
        });
    }
};

struct Scene {
    explicit Scene(Wishes wishes_)
        : wishes(std::move(wishes_)), world(example_module([this](Handlers& on) { wishes.attach(on); }))
    {
        for (const auto* name : { "romeo", "juliet", "mercutio" }) {
            world.account(name);
        }
    }

    ClientPtr available(std::string_view jid)
    {
        auto client = world.connects(jid);
        client->says("<presence/>");
        client->hears();
        return client;
    }

    std::vector<ArchivedMessage> archive_of(const AccountKey& owner, std::string_view with = {})
    {
        ArchiveQuery query;
        query.limit = 1000;
        query.with = with.empty() ? std::nullopt : Jid::parse(with);
        auto page = world.result_of(world.store().archive().page(owner, query));
        REQUIRE(page.has_value());
        return (*page)->messages;
    }
    std::size_t archived(const AccountKey& owner) { return archive_of(owner).size(); }

    /// What he has in his archive, which is one message.
    std::string kept_by(const AccountKey& owner, std::string_view with)
    {
        const auto messages = archive_of(owner, with);
        return messages.size() == 1 ? messages.front().xml : std::to_string(messages.size()) + " messages";
    }

    Wishes wishes;
    World world;
};

/// Stands between two people and passes on what one says to the other, under a name of its own.
class GoBetween final : public DomainService {
public:
    explicit GoBetween(World& world) : world_(world) { world.router().add_service("veil.localhost", *this); }

    void deliver(Stanza stanza, Settlement settlement) override
    {
        if (stanza.is_error()) {
            std::move(settlement).settle();
            return; // what it passed on was refused
        }
        const Jid to = *Jid::parse(stanza.element().attribute_or("for"));
        stanza.set_from(*Jid::parse("somebody@veil.localhost"));
        stanza.element().add("veiled", "urn:veil");
        stanza.set_to(to);
        world_.router().route(std::move(stanza), std::move(settlement));
    }
    Task<bool> forget_account(Jid) override { co_return true; }

private:
    World& world_;
};

constexpr auto veiled = "<message to='x@veil.localhost' for='juliet@localhost' type='chat' id='m1'>"
                        "<body>Hello</body></message>";
constexpr auto form_sent = "<message xmlns='jabber:client' to='x@veil.localhost' for='juliet@localhost' "
                           "type='chat' id='m1' from='romeo@localhost/orchard'><body>Hello</body></message>";
constexpr auto form_received = "<message xmlns='jabber:client' to='juliet@localhost' for='juliet@localhost' "
                               "type='chat' id='m1' from='somebody@veil.localhost'><body>Hello</body>"
                               "<veiled xmlns='urn:veil'/></message>";

constexpr auto hello = "<message to='juliet@localhost' type='chat' id='m1'><body>Hello</body></message>";

} // namespace

TEST_CASE("message delivery: both archives have a message, under the id told, before it is seen")
{
    Scene scene({ .archive_sent = true, .archive_received = true });
    auto from = scene.available("romeo@localhost/orchard");
    auto to = scene.available("juliet@localhost/balcony");
    auto bystander = scene.available("mercutio@localhost/street");

    from->says_in_haste(hello);
    CHECK(to->hears() == Lines {}); // the store has not answered yet
    CHECK_FALSE(from->is_settled());
    scene.world.run();
    CHECK(from->is_settled());
    CHECK(scene.wishes.over == Lines { "m1 committed" });

    CHECK(to->hears() == Lines { "message m1 from romeo@localhost/orchard" });
    const Element* id = to->received.front().child("stanza-id", ns::stanza_id);
    REQUIRE(id);
    CHECK(id->attribute("by") == "juliet@localhost");
    auto page = scene.world.result_of(scene.world.store().archive().page(juliet, ArchiveQuery()));
    REQUIRE((*page)->messages.size() == 1);
    CHECK(std::to_string((*page)->messages.front().id) == id->attribute("id"));
    CHECK(scene.archived(romeo) == 1);
    CHECK(bystander->hears() == Lines {});
}

TEST_CASE("message delivery: what is not worth keeping does not overtake what is being committed")
{
    Scene scene({ .archive_received = true });
    auto from = scene.available("romeo@localhost/orchard");
    auto to = scene.available("juliet@localhost/balcony");
    from->says_in_haste(hello);
    from->says_in_haste("<message to='juliet@localhost' type='chat' id='m2'>"
                        "<paused xmlns='http://jabber.org/protocol/chatstates'/></message>");
    from->says_in_haste(
        "<iq to='juliet@localhost/balcony' type='get' id='i1'><ping xmlns='urn:xmpp:ping'/></iq>");
    CHECK(to->hears() == Lines {});
    scene.world.run();
    CHECK(to->hears()
        == Lines { "message m1 from romeo@localhost/orchard", "message m2 from romeo@localhost/orchard",
            "get ping" });
    CHECK(to->received[1].child("stanza-id", ns::stanza_id) == nullptr);
}

TEST_CASE("message delivery: a carbon copy for the sender's other session comes after the commit")
{
    Scene scene({ .archive_sent = true, .carbons = true });
    auto from = scene.available("romeo@localhost/orchard");
    auto other = scene.available("romeo@localhost/garden");
    auto to = scene.available("juliet@localhost/balcony");
    from->says_in_haste(hello);
    CHECK(other->hears() == Lines {});
    scene.world.run();
    CHECK(other->hears() == Lines { "message  from romeo@localhost" });
    CHECK(other->received.front().child("sent", ns::carbons) != nullptr);
    CHECK(to->hears() == Lines { "message m1 from romeo@localhost/orchard" });
    CHECK(to->received.front().child("stanza-id", ns::stanza_id) == nullptr); // juliet keeps no archive
}

TEST_CASE("message delivery: what the recipient's side refuses is in the sender's archive alone")
{
    Scene scene({ .archive_sent = true, .archive_received = true, .juliet_refuses = true });
    auto from = scene.available("romeo@localhost/orchard");
    auto to = scene.available("juliet@localhost/balcony");
    from->says(hello);
    CHECK(from->hears() == Lines { "error service-unavailable m1" });
    CHECK(from->is_settled());
    CHECK(to->hears() == Lines {});
    CHECK(scene.archived(romeo) == 1);
    CHECK(scene.archived(juliet) == 0);
    CHECK(scene.wishes.over == Lines { "m1 committed" });
}

TEST_CASE("message delivery: messages that cross on their way between two homes do not wait for each other")
{
    Scene scene({});
    auto from = scene.available("romeo@localhost/orchard");
    auto from_other = scene.available("romeo@localhost/garden");
    auto to = scene.available("juliet@localhost/balcony");
    auto to_other = scene.available("juliet@localhost/tower");
    scene.world.run();
    for (const bool archived : { true, false }) {
        MessageDelivery delivery(scene.world.host());
        Ledger ledger(scene.world.shard, [] {});
        const auto packed = [&](Client& sender, Client& other, Settlement& settlement) {
            Stanza message = Stanza::message(sender.jid(), (&sender == from.get() ? to : from)->jid());
            message.element().add(Element("body", ns::client).with_text("x"));
            DeliveryPlan plan(sender.user(), StoragePolicy::archived);
            if (archived) {
                plan.archive(message.to(), true);
            }
            plan.add_receiver(other, CopyForm::carbon_sent);
            delivery.pack(std::move(plan), message, settlement);
            return message;
        };
        Settlement first = ledger.open();
        Settlement second = ledger.open();
        Stanza there = packed(*from, *from_other, first);
        Stanza back = packed(*to, *to_other, second);
        delivery.deliver(to->user(), std::move(there), std::move(first));
        delivery.deliver(from->user(), std::move(back), std::move(second));
        scene.world.run();
        CHECK(from->hears() == Lines { "message  from juliet@localhost/balcony" });
        CHECK(from_other->hears() == Lines { "message  from romeo@localhost" });
        CHECK(to->hears() == Lines { "message  from romeo@localhost/orchard" });
        CHECK(to_other->hears() == Lines { "message  from juliet@localhost" });
        CHECK(ledger.open_count() == 0);
    }
}

TEST_CASE("message delivery: for nobody at home it goes into the mailbox, for both in one commit")
{
    Scene scene({ .archive_sent = true });
    auto from = scene.available("romeo@localhost/orchard");
    from->says(hello);
    CHECK(from->is_settled());
    CHECK(from->hears() == Lines {});
    CHECK(scene.world.stored_messages("juliet") == 1);
    CHECK(scene.archived(romeo) == 1);
}

TEST_CASE("message delivery: receivers that go while it is being committed do not take it along")
{
    Scene scene({});
    auto from = scene.available("romeo@localhost/orchard");
    auto to = scene.available("juliet@localhost/balcony");
    scene.wishes.archive_sent = true; // so that there is something to wait for
    from->says_in_haste(hello);
    to->is_cut_off();
    scene.world.run();
    CHECK(scene.world.stored_messages("juliet") == 1);
}

TEST_CASE("dead letters: a stanza that breaks a handler is refused and set aside, and its stream lives")
{
    Scene scene({});
    auto from = scene.available("romeo@localhost/orchard");
    auto to = scene.available("juliet@localhost/balcony");
    from->says("<message to='juliet@localhost' type='chat' id='bad'><poison xmlns='urn:poison'/></message>");
    CHECK(from->hears() == Lines { "error internal-server-error bad" });
    CHECK(to->hears() == Lines {});
    CHECK(scene.world.router().dead_letters().count() == 1);
    auto kept = scene.world.result_of(scene.world.store().keyval().load({ "localhost", "" }, "dead_letters"));
    REQUIRE(kept->size() == 1);
    CHECK(kept->front().second.find("cannot swallow this") != std::string::npos);
    CHECK(kept->front().second.find("urn:poison") != std::string::npos);

    from->says(hello);
    CHECK(to->hears() == Lines { "message m1 from romeo@localhost/orchard" });
}

TEST_CASE("message delivery: what is rewritten on its way is to each side what he sent or got")
{
    Scene scene({ .archive_sent = true, .archive_received = true });
    const GoBetween veil(scene.world);
    auto from = scene.available("romeo@localhost/orchard");
    auto to = scene.available("juliet@localhost/balcony");
    from->says(veiled);
    CHECK(from->is_settled());
    CHECK(scene.kept_by(romeo, "x@veil.localhost") == form_sent);
    CHECK(scene.kept_by(juliet, "somebody@veil.localhost") == form_received);
    REQUIRE(to->hears() == Lines { "message m1 from somebody@veil.localhost" });
    const Element* id = to->received.front().child("stanza-id", ns::stanza_id);
    REQUIRE(id);
    CHECK(id->attribute("id") == std::to_string(scene.archive_of(juliet).front().id));
    CHECK(scene.wishes.over == Lines { "m1 committed" });
}

TEST_CASE(
    "message delivery: the sender's other devices and queues have what he sent, the recipient's what he got")
{
    Scene scene({ .archive_sent = true, .archive_received = true, .carbons = true });
    const GoBetween veil(scene.world);
    auto from = scene.available("romeo@localhost/orchard");
    auto other = scene.available("romeo@localhost/garden");
    auto to = scene.available("juliet@localhost/balcony");
    other->can_be_resumed();
    to->can_be_resumed();
    from->says(veiled);
    CHECK(other->hears() == Lines { "message  from romeo@localhost" });
    const Element* sent = other->received.front().child("sent", ns::carbons);
    REQUIRE(sent);
    const Element* copy = sent->first_child()->child("message", ns::client);
    CHECK(copy->attribute("from") == "romeo@localhost/orchard");
    CHECK(copy->attribute("to") == "x@veil.localhost");
    const auto kept_for = [&scene](const Client& device, const AccountKey& owner) {
        auto backlog = scene.world.result_of(scene.world.store().streams().find(owner, device.jid().text()));
        REQUIRE((*backlog)->unacked.size() == 1);
        return (*backlog)->unacked.front();
    };
    CHECK(kept_for(*other, romeo).xml == form_sent);
    CHECK(kept_for(*other, romeo).id == scene.archive_of(romeo).front().id);
    CHECK(kept_for(*to, juliet).xml == form_received);
    CHECK(kept_for(*to, juliet).id == scene.archive_of(juliet).front().id);
}

TEST_CASE("message delivery: what waits in the mailbox is what the recipient would have got")
{
    for (const bool archived : { true, false }) {
        Scene scene({ .archive_sent = true, .archive_received = archived });
        const GoBetween veil(scene.world);
        auto from = scene.available("romeo@localhost/orchard");
        from->says(veiled);
        CHECK(from->is_settled());
        auto mail = scene.world.result_of(scene.world.store().mailbox().read(juliet, 0, 10));
        REQUIRE(mail->size() == 1);
        CHECK(mail->front().xml == form_received);
        CHECK(mail->front().sender == "somebody@veil.localhost");
        CHECK(scene.kept_by(romeo, "") == form_sent);
    }
}

TEST_CASE("message delivery: where the recipient keeps nothing, the sender still keeps what he sent")
{
    Scene scene({ .archive_sent = true });
    const GoBetween veil(scene.world);
    auto from = scene.available("romeo@localhost/orchard");
    auto to = scene.available("juliet@localhost/balcony");
    from->says(veiled);
    CHECK(to->hears() == Lines { "message m1 from somebody@veil.localhost" });
    CHECK(scene.kept_by(romeo, "") == form_sent);
    CHECK(scene.archived(juliet) == 0);
}

TEST_CASE("message delivery: a full mailbox leaves the sender what he sent, and nothing of what he did not")
{
    Scene scene({ .archive_sent = true, .archive_received = true });
    const GoBetween veil(scene.world);
    auto from = scene.available("romeo@localhost/orchard");
    for (std::size_t i = 0; i < MailboxLimits().messages_per_sender; ++i) {
        from->says(veiled);
    }
    const std::size_t full = scene.archived(juliet);
    from->says("<message to='x@veil.localhost' for='juliet@localhost' type='chat' "
               "id='last'><body>!</body></message>");
    CHECK(scene.world.stored_messages("juliet") == MailboxLimits().messages_per_sender);
    CHECK(scene.archived(juliet) == full);
    const auto kept = scene.archive_of(romeo, "x@veil.localhost");
    REQUIRE(kept.size() == full + 1);
    CHECK(kept.back().xml.find("from='romeo@localhost/orchard'") != std::string::npos);
    CHECK(kept.back().xml.find("veiled") == std::string::npos);
    CHECK(from->is_settled());
}

TEST_CASE("message delivery: what one sends to oneself through somebody is there as sent and as received")
{
    Scene scene({ .archive_sent = true, .archive_received = true });
    const GoBetween veil(scene.world);
    auto from = scene.available("romeo@localhost/orchard");
    from->says("<message to='x@veil.localhost' for='romeo@localhost' type='chat' "
               "id='m1'><body>Hello</body></message>");
    CHECK(from->hears() == Lines { "message m1 from somebody@veil.localhost" });
    CHECK(scene.archive_of(romeo, "x@veil.localhost").size() == 1);
    CHECK(scene.archive_of(romeo, "somebody@veil.localhost").size() == 1);
}

TEST_CASE("message delivery: what both sides know in the same words is stored once, touched or not")
{
    for (const bool touched : { true, false }) {
        Scene scene({ .archive_sent = true, .archive_received = true });
        scene.wishes.touches = touched;
        auto from = scene.available("romeo@localhost/orchard");
        auto to = scene.available("juliet@localhost/balcony");
        from->says(hello);
        CHECK(to->hears() == Lines { "message m1 from romeo@localhost/orchard" });
        REQUIRE(scene.archived(romeo) == 1);
        REQUIRE(scene.archived(juliet) == 1);
        CHECK(scene.archive_of(romeo).front().id == scene.archive_of(juliet).front().id);
        CHECK(scene.wishes.seals == std::vector<bool> { !touched });
    }
}
