// SPDX-License-Identifier: Apache-2.0
#include "house.hpp"

#include "modules/push_registration.hpp"
#include "xmpp/data_form.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace stonechat::test;
using namespace std::chrono_literals;

namespace {

const std::string app = "pusher@localhost/app";
const std::string options = "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>"
                            "http://jabber.org/protocol/pubsub#publish-options</value></field>"
                            "<field var='secret'><value>eruio234vzxc2kla-91</value></field></x>";

std::string enable(const std::string& node = "yxs32", const std::string& inside = "",
    const std::string& service = app)
{
    return "<enable xmlns='urn:xmpp:push:0' jid='" + service + "' node='" + node + "'>" + inside
        + "</enable>";
}

std::string chat(const std::string& payload = "<body>secret words</body>", const std::string& type = "chat")
{
    // The same message once more would be taken for a repetition.
    static int count = 0;
    return "<message to='romeo@localhost' id='m" + std::to_string(++count) + "' type='" + type + "'>"
        + payload + "</message>";
}

/// Romeo's phone, which has registered at an app server: a client of the same server that is named as one.
struct Phone : House {
    Phone()
    {
        account("pusher");
        service = comes_online(app);
        juliet = comes_online("juliet@localhost/balcony");
        phone = comes_online("romeo@localhost/phone");
        set("push", "interval", std::int64_t(5'000));
        set("push", "local_services", std::vector<std::string> { "pusher@localhost", "mercutio@localhost" });
    }

    void registers(const std::string& request = enable())
    {
        CHECK(verdict(asks(*phone, "set", request)) == "result");
    }

    void says_state(Client& client, std::string_view state)
    {
        const Element element(state, ns::client_state);
        const auto* handler = host().handlers().find_stream_element(element);
        REQUIRE(handler != nullptr);
        (*handler)(element, Context { host(), &client.user(), &client });
        run();
    }

    void passes(std::chrono::seconds time)
    {
        clock.advance(time);
        shard.timers().advance(clock.steady());
        run();
    }

    /// The counts of the notifications that came in; they are kept in service->received.
    Lines pushed() const
    {
        Lines counts;
        service->hears();
        for (const Element& iq : service->received) {
            const Element* pubsub = iq.child("pubsub", ns::pubsub);
            REQUIRE(pubsub != nullptr);
            const Element* item = pubsub->child("publish")->child("item");
            const Element* x = item->child("notification", ns::push)->child("x", ns::data_forms);
            const auto form = DataForm::from_element(*x);
            REQUIRE(form.has_value());
            CHECK(form->form_type() == ns::push_summary);
            counts.emplace_back(form->value("message-count").value_or("none"));
        }
        return counts;
    }

    /// The service answers what came last.
    void answers(const std::string& type, const std::string& inside = "") const
    {
        const std::string id(service->received.back().attribute_or("id"));
        service->says("<iq type='" + type + "' to='romeo@localhost' id='" + id + "'>" + inside + "</iq>");
    }
    void refuses(const std::string& kind, const std::string& condition) const
    {
        answers("error",
            "<error type='" + kind + "'><" + condition
                + " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>");
    }

    Lines registrations()
    {
        Lines names;
        store().keyval().load({ "localhost", "romeo" }, "push").then([&names](auto entries) {
            for (const auto& [name, value] : *entries) {
                names.push_back(name.substr(name.find('\n') + 1));
            }
        });
        run();
        return names;
    }

    ClientPtr service, juliet, phone;
};

} // namespace

TEST_CASE("push: a message for a device that is offline wakes it (XEP-0357 §7)")
{
    Phone world;
    world.registers();
    world.phone->leaves();
    world.juliet->says(chat());
    CHECK(world.pushed() == Lines { "1" });
    CHECK(world.stored_messages("romeo") == 1);
}

// XEP-0357 §9-1
// XEP-0357 §7-1
TEST_CASE("push: the service learns an account, a count and its own node, and nothing else (HOSTILE A61)")
{
    Phone world;
    world.registers(enable("yxs32", options));
    world.phone->leaves();
    world.juliet->says(chat());
    REQUIRE(world.pushed() == Lines { "1" });
    Element iq = world.service->received.front();
    CHECK(iq.attribute_or("type") == "set");
    iq.remove_attribute("id");
    CHECK(to_xml(iq, ns::client)
        == "<iq from='romeo@localhost' to='pusher@localhost/app' type='set'>"
           "<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='yxs32'><item>"
           "<notification xmlns='urn:xmpp:push:0'><x xmlns='jabber:x:data' type='submit'>"
           "<field var='FORM_TYPE' type='hidden'><value>urn:xmpp:push:summary</value></field>"
           "<field var='message-count' "
           "type='text-single'><value>1</value></field></x></notification></item></publish>"
           "<publish-options>"
            + options + "</publish-options></pubsub></iq>");
}

TEST_CASE("push: a device that is looked at is not woken, one that nobody looks at is")
{
    Phone world;
    world.registers();
    world.juliet->says(chat());
    CHECK(world.pushed().empty());
    world.says_state(*world.phone, "inactive");
    world.juliet->says(chat());
    CHECK(world.pushed() == Lines { "1" });
    world.answers("result");
    world.says_state(*world.phone, "active");
    world.passes(60s);
    world.juliet->says(chat());
    CHECK(world.pushed().empty());
}

TEST_CASE("push: a device is woken for what its lost connection may have swallowed")
{
    Phone world;
    world.registers();
    world.juliet->says(chat());
    world.phone->says("<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>"); // it has the first
    world.juliet->says(chat());
    world.juliet->says(chat());
    CHECK(world.pushed().empty());
    const Context context { world.host(), &world.phone->user(), world.phone.get() };
    world.host().handlers().run_moment(world.host().handlers().on_disconnected(), context);
    world.run();
    CHECK(world.pushed() == Lines { "2" });
    world.answers("result");
    world.phone->is_cut_off();
    world.passes(60s);
    CHECK(world.pushed().empty()); // that it is over now is no news
}

TEST_CASE("push: a connection that is lost when all has arrived wakes nobody")
{
    Phone world;
    world.registers();
    world.juliet->says(chat());
    world.phone->says("<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>");
    world.phone->is_cut_off();
    CHECK(world.pushed().empty());
    auto phone = world.comes_online("romeo@localhost/phone");
    world.juliet->says(chat());
    phone->leaves(); // in good order: it has read everything
    world.passes(60s);
    CHECK(world.pushed().empty());
}

TEST_CASE("push: a device is woken although another one has got the message")
{
    Phone world;
    world.registers();
    world.phone->leaves();
    auto desktop = world.comes_online("romeo@localhost/desktop");
    world.juliet->says(chat());
    CHECK(desktop->hears().size() == 1);
    CHECK(world.pushed() == Lines { "1" });
}

TEST_CASE("push: only what belongs to a conversation wakes anybody")
{
    Phone world;
    world.registers();
    world.phone->leaves();
    const char* quiet[] {
        "<composing xmlns='http://jabber.org/protocol/chatstates'/>",
        "<received xmlns='urn:xmpp:receipts' id='1'/>",
        "<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>",
        "<encrypted xmlns='eu.siacs.conversations.axolotl'><header/></encrypted><store "
        "xmlns='urn:xmpp:hints'/>",
        "<body>x</body><no-store xmlns='urn:xmpp:hints'/>",
    };
    for (const char* payload : quiet) {
        CAPTURE(payload);
        world.juliet->says(chat(payload));
        CHECK(world.pushed().empty());
        world.passes(10s);
    }
    world.juliet->says(chat("<body>x</body>", "headline"));
    CHECK(world.pushed().empty());
    const char* loud[] {
        "<encrypted xmlns='eu.siacs.conversations.axolotl'><payload/></encrypted><store "
        "xmlns='urn:xmpp:hints'/>",
        "<propose xmlns='urn:xmpp:jingle-message:0' id='1'/><store xmlns='urn:xmpp:hints'/>",
    };
    for (const char* payload : loud) {
        CAPTURE(payload);
        world.juliet->says(chat(payload));
        CHECK(world.pushed().size() == 1);
        world.answers("result");
        world.passes(10s);
    }
}

TEST_CASE("push: what one's own devices send, and what a blocked sender sends, wakes nobody")
{
    Phone world;
    world.registers();
    House::asks(*world.phone, "set",
        "<block xmlns='urn:xmpp:blocking'><item jid='juliet@localhost'/></block>");
    auto desktop = world.comes_online("romeo@localhost/desktop");
    world.phone->leaves();
    desktop->says("<message to='mercutio@localhost' type='chat'><body>x</body></message>");
    desktop->says(chat());
    world.juliet->says(chat());
    CHECK(world.pushed().empty());
}

TEST_CASE("push: many messages are one notification in an interval, with their number")
{
    Phone world;
    world.registers();
    world.phone->leaves();
    for (int i = 0; i < 10; ++i) {
        world.juliet->says(chat());
    }
    CHECK(world.pushed() == Lines { "1" });
    world.passes(60s); // the first is not answered yet
    CHECK(world.pushed().empty());
    world.service->received.clear();
    world.juliet->says(chat());
    CHECK(world.pushed().empty());
}

TEST_CASE("push: the next notification goes out when the interval is over and the last one was answered")
{
    Phone world;
    world.registers();
    world.phone->leaves();
    for (int i = 0; i < 10; ++i) {
        world.juliet->says(chat());
    }
    REQUIRE(world.pushed() == Lines { "1" });
    world.answers("result");
    CHECK(world.pushed().empty());
    world.passes(4s);
    CHECK(world.pushed().empty());
    world.passes(2s);
    CHECK(world.pushed() == Lines { "10" });
    world.answers("result");
    world.passes(600s);
    CHECK(world.pushed().empty()); // there is nothing new
    auto phone = world.comes_online("romeo@localhost/phone");
    phone->leaves();
    world.juliet->says(chat());
    CHECK(world.pushed() == Lines { "1" }); // it has seen the others
}

TEST_CASE("push: what waits is not told to a device that has come meanwhile")
{
    Phone world;
    world.registers();
    world.phone->leaves();
    world.juliet->says(chat());
    world.juliet->says(chat());
    REQUIRE(world.pushed() == Lines { "1" });
    world.answers("result");
    auto phone = world.comes_online("romeo@localhost/phone");
    world.passes(60s);
    CHECK(world.pushed().empty());
}

TEST_CASE("push: a service that cannot at the moment is asked again, later and later, and then given up")
{
    Phone world;
    world.registers();
    world.phone->leaves();
    world.juliet->says(chat());
    std::vector<std::chrono::seconds> waits;
    REQUIRE(world.pushed() == Lines { "1" });
    for (unsigned failure = 1; failure < PushPace::most_failures; ++failure) {
        world.refuses("wait", "resource-constraint");
        std::chrono::seconds waited { 0 };
        while (world.pushed().empty() && waited < 2h) {
            world.passes(5s);
            waited += 5s;
        }
        REQUIRE(waited < 2h);
        CHECK((waits.empty() || waited >= waits.back()));
        waits.push_back(waited);
    }
    CHECK(waits.front() <= 30s);
    CHECK(waits.back() >= 30min);
    world.refuses("wait", "resource-constraint");
    CHECK(world.registrations().empty());
}

TEST_CASE("push: a success makes good for failures")
{
    PushPace pace;
    for (int round = 0; round < 5; ++round) {
        for (unsigned failure = 1; failure < PushPace::most_failures; ++failure) {
            pace.news();
            pace.begin(SteadyTime(), 1s);
            CHECK(pace.end(PushOutcome::try_again, SteadyTime()));
        }
        pace.begin(SteadyTime(), 1s);
        CHECK(pace.end(PushOutcome::accepted, SteadyTime()));
    }
}

TEST_CASE("push: no answer in time is a failure that may pass")
{
    Phone world;
    world.registers();
    world.phone->leaves();
    world.juliet->says(chat());
    REQUIRE(world.pushed() == Lines { "1" });
    world.passes(61s);
    world.passes(30s);
    CHECK(world.pushed() == Lines { "1" });
    CHECK(world.registrations().size() == 1);
}

// XEP-0357 §7.1-1
TEST_CASE("push: a service that says no is not asked again (XEP-0357 §7.1)")
{
    for (const char* condition : { "item-not-found", "gone", "forbidden", "service-unavailable" }) {
        CAPTURE(condition);
        Phone world;
        world.registers();
        world.phone->leaves();
        world.juliet->says(chat());
        REQUIRE(world.pushed() == Lines { "1" });
        world.refuses("cancel", condition);
        CHECK(world.registrations().empty());
        world.passes(60s);
        world.juliet->says(chat());
        world.passes(60s);
        CHECK(world.pushed().empty());
    }
}

TEST_CASE("push: who registers again while the service says no stays registered, also after a restart")
{
    Phone world;
    world.registers();
    world.phone->leaves();
    world.juliet->says(chat());
    REQUIRE(world.pushed() == Lines { "1" });
    const std::string id(world.service->received.back().attribute_or("id"));
    const ClientPtr phone = world.comes_online("romeo@localhost/phone");
    phone->says_in_haste("<iq type='set' id='again'>" + enable() + "</iq>");
    world.service->says_in_haste("<iq type='error' to='romeo@localhost' id='" + id
        + "'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
    world.run();
    CHECK(phone->hears() == Lines { "result again" });
    CHECK(world.registrations() == Lines { "yxs32" });
}

TEST_CASE("push: a service that is not there any more is given up")
{
    Phone world;
    world.registers();
    world.phone->leaves();
    world.service->leaves();
    world.juliet->says(chat());
    CHECK(world.registrations().empty());
}

TEST_CASE("push: an answer of somebody else, or to another question, changes nothing (HOSTILE A49)")
{
    Phone world;
    world.registers();
    world.phone->leaves();
    world.juliet->says(chat());
    REQUIRE(world.pushed() == Lines { "1" });
    const std::string id(world.service->received.back().attribute_or("id"));
    const std::string gone =
        "<error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>";
    const std::string answer = "<iq type='error' to='romeo@localhost' id='";
    world.juliet->says(answer + id + "'>" + gone);
    world.service->says(answer + id.substr(0, id.size() - 1) + "'>" + gone);
    world.service->says(answer + "99999-x'>" + gone);
    world.service->says(answer + "-'>" + gone);
    world.service->says("<iq type='error' to='localhost' id='" + id + "'>" + gone); // that is not who asked
    CHECK(world.registrations().size() == 1);
    CHECK(world.juliet->hears().empty());
    world.service->says(answer + id + "'>" + gone);
    CHECK(world.registrations().empty());
}

// XEP-0357 §5-1
TEST_CASE("push: a registration is kept, and the last request for a service and node counts (XEP-0357 §5)")
{
    Phone world;
    world.registers(enable("one"));
    world.registers(enable("two"));
    world.registers(enable("one", options));
    CHECK(world.registrations() == Lines { "one", "two" });
    world.phone->leaves();
    world.host().forget_user("romeo");
    world.juliet->says(chat());
    CHECK(world.pushed() == Lines { "1", "1" });
    for (const Element& iq : world.service->received) {
        const Element& pubsub = *iq.first_child();
        const bool first = pubsub.child("publish")->attribute_or("node") == "one";
        CHECK((pubsub.child("publish-options") != nullptr) == first);
    }
}

// XEP-0357 §6-1 §6-2
TEST_CASE("push: one node of a service is disabled, or all of them (XEP-0357 §6)")
{
    Phone world;
    for (const char* node : { "one", "two", "three" }) {
        world.registers(enable(node));
    }
    world.registers(enable("other", "", "mercutio@localhost/app"));
    const auto disable = [&world](const std::string& rest) {
        return House::verdict(House::asks(*world.phone, "set",
            "<disable xmlns='urn:xmpp:push:0' " + rest + "/>"));
    };
    CHECK(disable("jid='pusher@localhost/app' node='two'") == "result");
    CHECK(world.registrations() == Lines { "other", "one", "three" });
    CHECK(disable("jid='pusher@localhost/app'") == "result");
    CHECK(world.registrations() == Lines { "other" });
    CHECK(disable("jid='nobody@localhost'") == "result");
    CHECK(disable("") == "modify bad-request");
    CHECK(disable("jid='@'") == "modify jid-malformed");
    world.phone->leaves();
    world.juliet->says(chat());
    CHECK(world.pushed().empty());
}

TEST_CASE("push: a request that makes no sense is refused")
{
    Phone world;
    const auto ask = [&world](const std::string& request) {
        return House::verdict(House::asks(*world.phone, "set", request));
    };
    CHECK(ask("<enable xmlns='urn:xmpp:push:0' node='x'/>") == "modify bad-request");
    CHECK(ask("<enable xmlns='urn:xmpp:push:0' jid='@'/>") == "modify jid-malformed");
    CHECK(ask(enable("x",
              "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>other</value>"
              "</field></x>"))
        == "modify bad-request");
    CHECK(ask(enable("x", "<x xmlns='jabber:x:data' type='submit'/>")) == "modify bad-request");
    CHECK(ask(enable("x",
              "<x xmlns='jabber:x:data' type='cancel'><field var='FORM_TYPE'>"
              "<value>http://jabber.org/protocol/pubsub#publish-options</value></field></x>"))
        == "modify bad-request");
    CHECK(ask(enable(std::string(2000, 'x'))) == "modify not-acceptable");
    CHECK(world.registrations().empty());
    CHECK(ask("<enable xmlns='urn:xmpp:push:0' jid='pusher@localhost/app'/>")
        == "result"); // node is a SHOULD
}

TEST_CASE("push: a form that an app server has given may be passed on as it is; a notification submits it "
          "(XEP-0357 §5)")
{
    for (const char* type : { "form", "result" }) {
        CAPTURE(type);
        Phone world;
        world.registers(enable("yxs32",
            "<x xmlns='jabber:x:data' type='" + std::string(type)
                + "'><title>Our push</title>"
                  "<field type='hidden' "
                  "var='FORM_TYPE'><value>http://jabber.org/protocol/pubsub#publish-options"
                  "</value></field><field type='fixed'><value>For your eyes only</value></field>"
                  "<field type='text-single' var='secret' "
                  "label='Secret'><required/><value>eruio234</value></field>"
                  "</x>"));
        world.phone->leaves();
        world.juliet->says(chat());
        REQUIRE(world.pushed() == Lines { "1" });
        const Element* options = world.service->received.front().first_child()->child("publish-options");
        REQUIRE(options != nullptr);
        CHECK(to_xml(*options->first_child(), ns::pubsub)
            == "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'>"
               "<value>http://jabber.org/protocol/pubsub#publish-options</value></field>"
               "<field var='secret' type='text-single'><value>eruio234</value></field></x>");
    }
}

TEST_CASE("push: an address of this server is no push service, unless it is named as one (HOSTILE A61)")
{
    Phone world;
    const auto ask = [&world](const std::string& service) {
        return House::verdict(House::asks(*world.phone, "set", enable("buy things", options, service)));
    };
    for (const char* stranger : { "juliet@localhost/balcony", "juliet@localhost", "nobody@localhost" }) {
        CAPTURE(stranger);
        CHECK(ask(stranger) == "cancel not-allowed");
    }
    CHECK(world.registrations().empty());
    CHECK(ask("push.example") == "result");
    CHECK(ask("bot@push.example/app") == "result");
    world.set("push", "local_services", std::vector<std::string> {});
    CHECK(ask(app) == "cancel not-allowed");
}

TEST_CASE("push: a service that is named no longer is not asked, and forgotten")
{
    Phone world;
    world.registers();
    world.set("push", "local_services", std::vector<std::string> {});
    world.phone->leaves();
    world.juliet->says(chat());
    CHECK(world.pushed().empty());
    CHECK(world.registrations().empty());
}

TEST_CASE("push: who has blocked an account is not asked in its name (XEP-0191 §3.3)")
{
    Phone world;
    world.registers();
    House::asks(*world.service, "set",
        "<block xmlns='urn:xmpp:blocking'><item jid='romeo@localhost'/></block>");
    world.phone->leaves();
    world.juliet->says(chat());
    CHECK(world.pushed().empty());
    CHECK(world.registrations().empty());
}

TEST_CASE("push: whom the account has blocked is not asked in its name (XEP-0191 §3.3)")
{
    Phone world;
    world.registers();
    House::asks(*world.phone, "set",
        "<block xmlns='urn:xmpp:blocking'><item jid='pusher@localhost'/></block>");
    world.phone->leaves();
    world.juliet->says(chat());
    CHECK(world.pushed().empty());
    CHECK(world.registrations().empty());
}

TEST_CASE("push: registrations of one account are limited")
{
    Phone world;
    world.set("push", "max_registrations", std::int64_t(3));
    for (const char* node : { "one", "two", "three" }) {
        world.registers(enable(node));
    }
    CHECK(House::verdict(House::asks(*world.phone, "set", enable("four"))) == "wait resource-constraint");
    world.registers(enable("three", options)); // it takes no more room
    CHECK(world.registrations().size() == 3);
}

TEST_CASE("push: nobody registers for another account, nor learns whether it is there")
{
    Phone world;
    for (const char* whom : { "romeo@localhost", "nobody@localhost" }) {
        CHECK(House::verdict(House::asks(*world.juliet, "set", enable(), whom))
            == "cancel service-unavailable");
        CHECK(House::verdict(House::asks(*world.juliet, "set",
                  "<disable xmlns='urn:xmpp:push:0' jid='pusher@localhost/app'/>", whom))
            == "cancel service-unavailable");
    }
    CHECK(world.registrations().empty());
}
