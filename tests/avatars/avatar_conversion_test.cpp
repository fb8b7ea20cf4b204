// SPDX-License-Identifier: Apache-2.0
// One avatar for clients of all kinds (XEP-0398): in nodes, on the vCard and in presence.
#include "modules/house.hpp"

#include "base/base64.hpp"
#include "modules/avatar.hpp"
#include "pubsub/pep.hpp"
#include "xmpp/avatar_hash.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace stonechat;
using namespace stonechat::test;

namespace {

const std::string smile = "\x89PNG smile";
const std::string frown = "\x89PNG frown";
const std::string own_card = "<vCard xmlns='vcard-temp'/>";

std::vector<ModuleEntry> modules_with_nodes()
{
    std::vector<ModuleEntry> modules { { make_pep, true } };
    modules.insert(modules.end(), module_table().begin(), module_table().end());
    return modules;
}

std::string photo(const std::string& image, const std::string& type = "image/png")
{
    return "<PHOTO><TYPE>" + type + "</TYPE><BINVAL>" + base64_encode(image) + "</BINVAL></PHOTO>";
}

std::string card(const std::string& content)
{
    return "<vCard xmlns='vcard-temp'>" + content + "</vCard>";
}

std::string info(const std::string& id, const std::string& more = {})
{
    return "<info id='" + id + "' bytes='1' type='image/png'" + more + "/>";
}

/// romeo has an orchard, juliet sees his presence, mercutio does not.
struct Gallery : Verona {
    Gallery() : Verona(modules_with_nodes())
    {
        befriend("romeo", "juliet");
        juliet = comes_online("juliet@localhost/balcony");
        mercutio = comes_online("mercutio@localhost/square");
        romeo = comes_online("romeo@localhost/orchard");
        forget_all();
    }

    void forget_all() const
    {
        for (const auto& client : { romeo, juliet, mercutio }) {
            client->hears();
        }
    }

    static std::string asks(Client& client, std::string_view type, const std::string& payload,
        std::string_view to = {})
    {
        return House::verdict(House::asks(client, type, payload, to));
    }

    /// Publishes as a client does. `access`: of a node that does not exist yet.
    static std::string publish(Client& client, const std::string& node, const std::string& id,
        const std::string& payload, const std::string& access = {})
    {
        const std::string options = access.empty()
            ? std::string()
            : "<publish-options><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'>"
              "<value>http://jabber.org/protocol/pubsub#publish-options</value></field>"
              "<field var='pubsub#access_model'><value>"
                + access + "</value></field></x></publish-options>";
        return asks(client, "set",
            "<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='" + node + "'><item id='" + id
                + "'>" + payload + "</item></publish>" + options + "</pubsub>");
    }
    static std::string publish_data(Client& client, const std::string& image, const std::string& access = {},
        const std::string& id = {})
    {
        return publish(client, "urn:xmpp:avatar:data", id.empty() ? image_hash(image) : id,
            "<data xmlns='urn:xmpp:avatar:data'>" + base64_encode(image) + "</data>", access);
    }
    static std::string publish_metadata(Client& client, const std::string& infos,
        const std::string& access = {})
    {
        return publish(client, "urn:xmpp:avatar:metadata", "current",
            "<metadata xmlns='urn:xmpp:avatar:metadata'>" + infos + "</metadata>", access);
    }
    static void publish_avatar(Client& client, const std::string& image, const std::string& access = {})
    {
        CHECK(publish_data(client, image, access) == "result");
        CHECK(publish_metadata(client, info(image_hash(image)), access) == "result");
    }

    /// The items of one of romeo's nodes.
    static std::vector<Element> items(Client& reader, const std::string& node)
    {
        const Element answer = House::asks(reader, "get",
            "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='" + node + "'/></pubsub>",
            "romeo@localhost");
        std::vector<Element> found;
        if (const Element* pubsub = answer.child("pubsub", ns::pubsub)) {
            for (const Element* item : pubsub->child("items")->children()) {
                found.push_back(*item);
            }
        }
        return found;
    }
    static bool has_avatar(Client& reader)
    {
        const auto metadata = items(reader, "urn:xmpp:avatar:metadata");
        return !metadata.empty() && metadata.front().first_child()->child_count() > 0;
    }

    /// The image on romeo's card, as `reader` gets it; "none" if the card has none.
    static std::string image_on_card(Client& reader)
    {
        const Element answer = House::asks(reader, "get", own_card, "romeo@localhost");
        const Element* photo = answer.first_child()->child("PHOTO", ns::vcard_temp);
        return photo == nullptr ? "none" : *base64_decode(photo->child_text("BINVAL"));
    }

    std::string stored_card()
    {
        return result_of(store().keyval().get({ "localhost", "romeo" }, "vcard", ""))->value_or("");
    }
    void store_card(const std::string& xml)
    {
        result_of(store().keyval().set({ "localhost", "romeo" }, "vcard", "", xml));
    }

    ClientPtr romeo, juliet, mercutio;
};

/// What the presences say that have come: the hash, "empty", "not ready" (`<x/>`) or "nothing".
Lines photos(Client& client)
{
    Lines lines;
    client.hears();
    for (const Element& stanza : client.received) {
        if (stanza.name() != "presence") {
            continue;
        }
        const auto all = stanza.children("x", ns::vcard_update);
        const Element* photo = all.empty() ? nullptr : all.front()->child("photo");
        const std::string hash = photo == nullptr ? std::string() : photo->text();
        lines.push_back(all.empty()   ? "nothing"
                : all.size() > 1      ? "several"
                : photo == nullptr    ? "not ready"
                : photo->text() == "" ? "empty"
                                      : hash);
    }
    return lines;
}

const std::string not_ready = "<x xmlns='vcard-temp:x:update'/>";
const std::string no_photo = "<x xmlns='vcard-temp:x:update'><photo/></x>";

std::string with_hash(const std::string& hash)
{
    return "<x xmlns='vcard-temp:x:update'><photo>" + hash + "</photo></x>";
}

} // namespace

// XEP-0398 §3.2-1 §3.2-2 §3.2-3
TEST_CASE("avatar: the photo of a card that is saved becomes data and metadata, with the SHA-1 of the image "
          "(XEP-0398 §3.2, PB22)")
{
    Gallery world;
    CHECK(Gallery::asks(*world.romeo, "set", card("<FN>Romeo</FN>" + photo(smile))) == "result");
    const auto data = Gallery::items(*world.juliet, "urn:xmpp:avatar:data");
    const auto metadata = Gallery::items(*world.juliet, "urn:xmpp:avatar:metadata");
    REQUIRE(data.size() == 1);
    REQUIRE(metadata.size() == 1);
    CHECK(data.front().attribute_or("id") == image_hash(smile));
    CHECK(data.front().first_child()->text() == base64_encode(smile));
    const Element& published = *metadata.front().first_child()->first_child();
    CHECK(metadata.front().attribute_or("id") == image_hash(smile));
    CHECK(published.attribute_or("id") == image_hash(smile));
    CHECK(published.attribute_or("type") == "image/png");
    CHECK(published.attribute_or("bytes") == std::to_string(smile.size()));
    CHECK(Gallery::image_on_card(*world.romeo) == smile);
    CHECK(Gallery::image_on_card(*world.mercutio) == smile); // a card is for everybody
    CHECK(world.stored_card().find("PHOTO") == std::string::npos);
}

// XEP-0398 §3.2-4
TEST_CASE("avatar: the same photo saved again is no news, another one is (XEP-0398 §3.2, PB22)")
{
    Gallery world;
    Gallery::asks(*world.romeo, "set", card(photo(smile)));
    const std::string subscribe = "<pubsub xmlns='http://jabber.org/protocol/pubsub'><subscribe "
                                  "node='urn:xmpp:avatar:metadata' jid='juliet@localhost'/></pubsub>";
    CHECK(Gallery::asks(*world.juliet, "set", subscribe, "romeo@localhost") == "result");
    world.forget_all();
    Gallery::asks(*world.romeo, "set", card("<FN>R.</FN>" + photo(smile)));
    CHECK(world.juliet->hears().empty());
    Gallery::asks(*world.romeo, "set", card("<FN>R.</FN>" + photo(frown)));
    const Lines heard = world.juliet->hears();
    CHECK(heard.size() == 2); // the event and the presence: so the silence above was one
}

TEST_CASE("avatar: a card without photo keeps the avatar, if its client never saw a photo (PB23)")
{
    Gallery world;
    Gallery::publish_avatar(*world.romeo, smile);
    Gallery::asks(*world.romeo, "set", card("<FN>Romeo</FN>"));
    CHECK(Gallery::has_avatar(*world.juliet));
    CHECK(Gallery::image_on_card(*world.juliet) == smile);
    // Another client has seen it: that does not concern this one.
    auto garden = world.comes_online("romeo@localhost/garden");
    CHECK(Gallery::image_on_card(*garden) == smile);
    Gallery::asks(*world.romeo, "set", card("<FN>Romeo M.</FN>"));
    CHECK(Gallery::has_avatar(*world.juliet));
    Gallery::asks(*garden, "set", card("<FN>Romeo</FN>"));
    CHECK_FALSE(Gallery::has_avatar(*world.juliet));
    CHECK(Gallery::image_on_card(*world.juliet) == "none");
}

TEST_CASE("avatar: a client that saved a photo removes it with a card without one (PB23)")
{
    Gallery world;
    Gallery::asks(*world.romeo, "set", card(photo(smile)));
    world.forget_all();
    Gallery::asks(*world.romeo, "set", card("<FN>Romeo</FN>"));
    CHECK_FALSE(Gallery::has_avatar(*world.juliet));
    CHECK(Gallery::items(*world.juliet, "urn:xmpp:avatar:metadata").size() == 1); // an empty one
}

TEST_CASE("avatar: an explicitly empty photo removes the avatar, once (PB23)")
{
    for (const std::string empty : { "<PHOTO/>", "<PHOTO><TYPE/><BINVAL/></PHOTO>" }) {
        Gallery world;
        Gallery::publish_avatar(*world.romeo, smile);
        world.forget_all();
        Gallery::asks(*world.romeo, "set", card(empty));
        CHECK(photos(*world.juliet) == Lines { "empty" });
        CHECK_FALSE(Gallery::has_avatar(*world.juliet));
        Gallery::asks(*world.romeo, "set", card(empty));
        CHECK(photos(*world.juliet).empty());
    }
}

// XEP-0398 §5.2-1 §7-1
TEST_CASE("avatar: the card shows the avatar to those who may read both nodes (XEP-0398 §7, PB24)")
{
    struct Row {
        std::string data, metadata;
        bool contact, stranger;
    };
    const std::vector<Row> rows { { "open", "open", true, true }, { "presence", "presence", true, false },
        { "open", "presence", true, false }, { "presence", "open", true, false },
        { "whitelist", "open", false, false }, { "open", "whitelist", false, false } };
    for (const Row& row : rows) {
        CAPTURE(row.data);
        CAPTURE(row.metadata);
        Gallery world;
        Gallery::asks(*world.romeo, "set", card("<FN>Romeo</FN>"));
        Gallery::publish_data(*world.romeo, smile, row.data);
        Gallery::publish_metadata(*world.romeo, info(image_hash(smile)), row.metadata);
        CHECK(Gallery::image_on_card(*world.romeo) == smile);
        CHECK((Gallery::image_on_card(*world.juliet) == smile) == row.contact);
        CHECK((Gallery::image_on_card(*world.mercutio) == smile) == row.stranger);
        world.forget_all();
        world.romeo->says("<presence/>");
        CHECK(photos(*world.juliet) == Lines { row.contact ? image_hash(smile) : "nothing" });
        for (const std::string& said : { std::string(), not_ready, with_hash(image_hash(smile)) }) {
            world.romeo->says("<presence to='mercutio@localhost'>" + said + "</presence>");
            const std::string hidden = said.empty() ? "nothing" : "not ready";
            CHECK(photos(*world.mercutio) == Lines { row.stranger ? image_hash(smile) : hidden });
        }
    }
}

TEST_CASE("avatar: without a card, an avatar that one may not read looks like no account (PB24)")
{
    Gallery world;
    Gallery::publish_avatar(*world.romeo, smile);
    CHECK(Gallery::image_on_card(*world.juliet) == smile);
    CHECK(Gallery::asks(*world.mercutio, "get", own_card, "romeo@localhost") == "cancel service-unavailable");
}

// XEP-0398 §4-1 §4-2 §4-3
TEST_CASE("avatar: the server puts the hash into presence, unless the client says that it has none "
          "(XEP-0398 §4, PB25)")
{
    Gallery world;
    world.romeo->says("<presence>" + not_ready + "</presence>");
    CHECK(photos(*world.juliet) == Lines { "not ready" }); // there is no avatar yet
    Gallery::publish_avatar(*world.romeo, smile, "open");
    world.forget_all();
    const std::string hash = image_hash(smile);
    const std::vector<std::pair<std::string, std::string>> rows { { "", hash }, { not_ready, hash },
        { with_hash("0123"), hash }, { with_hash(hash), hash }, { no_photo, "empty" },
        { "<show>away</show>", hash }, { not_ready + with_hash("0123"), hash } };
    for (const auto& [said, shown] : rows) {
        CAPTURE(said);
        world.romeo->says("<presence>" + said + "</presence>");
        CHECK(photos(*world.juliet) == Lines { shown });
        CHECK(photos(*world.romeo) == Lines { shown });
        world.romeo->says("<presence to='mercutio@localhost'>" + said + "</presence>");
        CHECK(photos(*world.mercutio) == Lines { shown });
    }
    world.romeo->says("<presence type='unavailable'/>");
    CHECK(photos(*world.juliet) == Lines { "nothing" });
}

TEST_CASE("avatar: the hash is known when an account comes back, and who may know it (PB25)")
{
    Gallery world;
    Gallery::publish_avatar(*world.romeo, smile);
    world.romeo->leaves();
    world.host().forget_user("romeo");
    world.forget_all();
    auto garden = world.connects("romeo@localhost/garden");
    garden->says("<presence to='mercutio@localhost'/>");
    CHECK(photos(*world.mercutio) == Lines { "nothing" });
    garden->says("<presence/>");
    CHECK(photos(*world.juliet) == Lines { image_hash(smile) });
}

TEST_CASE("avatar: a new avatar is shown once to contacts and to all who got directed presence (PB25)")
{
    Gallery world;
    auto garden = world.comes_online("romeo@localhost/garden");
    world.romeo->says("<presence><show>dnd</show><status>with Juliet</status></presence>");
    world.romeo->says("<presence to='mercutio@localhost' id='d'><show>away</show></presence>");
    world.forget_all();
    garden->hears();
    Gallery::publish_avatar(*garden, smile, "open");
    CHECK(photos(*world.juliet) == Lines(2, image_hash(smile))); // one presence of each session
    CHECK(photos(*world.mercutio) == Lines { image_hash(smile) });
    // He is not told what was for contacts.
    const Element& heard = world.mercutio->received.front();
    CHECK(heard.attribute_or("from") == "romeo@localhost/orchard");
    CHECK(heard.child_text("show") == "away");
    CHECK(heard.child("status") == nullptr);
    CHECK_FALSE(heard.has_attribute("id"));
    // The second image replaces the first before its metadata are there: nobody hears of that.
    Gallery::publish_avatar(*garden, frown);
    CHECK(photos(*world.juliet) == Lines(2, image_hash(frown)));
    CHECK(photos(*world.mercutio) == Lines { image_hash(frown) });
    Gallery::publish_metadata(*garden, "");
    CHECK(photos(*world.juliet) == Lines(2, "empty"));
    CHECK(photos(*world.mercutio) == Lines { "empty" });
    Gallery::publish_avatar(*garden, smile);
    CHECK(photos(*world.juliet) == Lines(2, image_hash(smile)));
    CHECK(photos(*world.mercutio) == Lines { image_hash(smile) });
}

TEST_CASE("avatar: presence is not repeated to those who have seen the last of it (PB25)")
{
    Gallery world;
    world.romeo->says("<presence to='mercutio@localhost'/>");
    world.romeo->says("<presence to='mercutio@localhost' type='unavailable'/>");
    world.romeo->says("<presence to='juliet@localhost'/>"); // a contact hears it anyway
    world.forget_all();
    Gallery::publish_avatar(*world.romeo, smile, "open");
    CHECK(photos(*world.mercutio).empty());
    CHECK(photos(*world.juliet).size() == 1);
    world.romeo->says("<presence to='mercutio@localhost'/>");
    world.romeo->says("<presence type='unavailable'/>");
    world.forget_all();
    Gallery::publish_avatar(*world.romeo, frown);
    CHECK(photos(*world.mercutio).empty());
    CHECK(photos(*world.juliet).empty());
}

TEST_CASE("avatar: a blocked address hears nothing of a new avatar, and the client no error (PB25)")
{
    Gallery world;
    world.romeo->says("<presence to='mercutio@localhost'/>");
    Gallery::asks(*world.romeo, "set",
        "<block xmlns='urn:xmpp:blocking'><item jid='mercutio@localhost'/></block>");
    world.forget_all();
    Gallery::publish_data(*world.romeo, smile, "open");
    Gallery::publish_metadata(*world.romeo, info(image_hash(smile)), "open");
    CHECK(world.mercutio->hears().empty());
    const auto& heard = world.romeo->received;
    CHECK(std::none_of(heard.begin(), heard.end(),
        [](const Element& stanza) { return stanza.attribute_or("type") == "error"; }));
}

TEST_CASE("avatar: the presence of a client that says that it has no avatar is not repeated (PB25)")
{
    Gallery world;
    world.romeo->says("<presence>" + no_photo + "</presence>");
    world.romeo->says("<presence to='mercutio@localhost'>" + no_photo + "</presence>");
    world.forget_all();
    Gallery::publish_avatar(*world.romeo, smile, "open");
    CHECK(photos(*world.juliet).empty());
    CHECK(photos(*world.mercutio).empty());
    world.romeo->says("<presence/>");
    CHECK(photos(*world.juliet) == Lines { image_hash(smile) });
}

TEST_CASE("avatar: who may no longer read the nodes no longer gets the hash (PB24, PB25)")
{
    Gallery world;
    Gallery::publish_avatar(*world.romeo, smile, "open");
    world.romeo->says("<presence to='mercutio@localhost'/>");
    world.forget_all();
    const std::string configure =
        "<pubsub xmlns='http://jabber.org/protocol/pubsub#owner'><configure "
        "node='urn:xmpp:avatar:metadata'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'>"
        "<value>http://jabber.org/protocol/pubsub#node_config</value></field><field "
        "var='pubsub#access_model'><value>presence</value></field></x></configure></pubsub>";
    CHECK(Gallery::asks(*world.romeo, "set", configure) == "result");
    CHECK(photos(*world.mercutio) == Lines { "nothing" });
    world.romeo->says("<presence to='mercutio@localhost'/>");
    CHECK(photos(*world.mercutio) == Lines { "nothing" });
    world.romeo->says("<presence/>");
    world.juliet->hears();
    CHECK(world.juliet->received.back().child("x", ns::vcard_update)->child_text("photo")
        == image_hash(smile));
}

// XEP-0398 §3.1-1 §3.1-2
TEST_CASE("avatar: of several forms of the image, the one without address counts (XEP-0398 §3.1, PB26)")
{
    Gallery world;
    const std::string address = " url='https://localhost/frown.png'";
    Gallery::publish_data(*world.romeo, smile);
    Gallery::publish_metadata(*world.romeo,
        info(image_hash(frown), address) + info(image_hash(smile)) + info("357a8123", address));
    CHECK(Gallery::image_on_card(*world.juliet) == smile);
    CHECK(photos(*world.juliet).empty());
    world.romeo->says("<presence/>");
    CHECK(photos(*world.juliet) == Lines { image_hash(smile) });
    Gallery::publish_metadata(*world.romeo, info(image_hash(smile), address));
    CHECK(Gallery::asks(*world.juliet, "get", own_card, "romeo@localhost") == "cancel service-unavailable");
}

// XEP-0398 §3.1-3
TEST_CASE("avatar: an image whose id is not its SHA-1 stays in its node alone (XEP-0398 §3.1, PB26)")
{
    Gallery world;
    for (const std::string& id : { image_hash(frown), std::string("avatar-1") }) {
        CHECK(Gallery::publish_data(*world.romeo, smile, "", id) == "result");
        CHECK(Gallery::publish_metadata(*world.romeo, info(id)) == "result");
        CHECK(Gallery::items(*world.juliet, "urn:xmpp:avatar:data").size() == 1);
        CHECK(Gallery::asks(*world.juliet, "get", own_card, "romeo@localhost")
            == "cancel service-unavailable");
        world.forget_all();
        world.romeo->says("<presence/>");
        CHECK(photos(*world.juliet) == Lines { "nothing" });
    }
}

TEST_CASE("avatar: metadata without their image, and an image without metadata, are no avatar (PB27)")
{
    Gallery world;
    Gallery::asks(*world.romeo, "set", card("<FN>Romeo</FN>"));
    Gallery::publish_data(*world.romeo, smile);
    CHECK(Gallery::image_on_card(*world.juliet) == "none");
    Gallery::publish_metadata(*world.romeo, info(image_hash(frown)));
    CHECK(Gallery::image_on_card(*world.juliet) == "none");
    world.forget_all();
    world.romeo->says("<presence/>");
    CHECK(photos(*world.juliet) == Lines { "nothing" });
    Gallery::publish_data(*world.romeo, frown); // the image comes at last
    CHECK(photos(*world.juliet) == Lines { image_hash(frown) });
    CHECK(Gallery::image_on_card(*world.juliet) == frown);
    CHECK(Gallery::items(*world.juliet, "urn:xmpp:avatar:data").size() <= 2);
}

TEST_CASE("avatar: metadata whose image is missing show no hash after the account was unloaded either (PB27)")
{
    Gallery world;
    Gallery::publish_metadata(*world.romeo, info(image_hash(frown)));
    world.romeo->leaves();
    world.host().forget_user("romeo");
    world.forget_all();
    world.connects("romeo@localhost/garden")->says("<presence/>");
    CHECK(photos(*world.juliet) == Lines { "nothing" });
}

TEST_CASE("avatar: a removed image is shown no more, by whatever node it was removed (PB25, PB27)")
{
    for (const std::string node : { "urn:xmpp:avatar:data", "urn:xmpp:avatar:metadata" }) {
        Gallery world;
        Gallery::publish_avatar(*world.romeo, smile);
        world.forget_all();
        CHECK(Gallery::asks(*world.romeo, "set",
                  "<pubsub xmlns='http://jabber.org/protocol/pubsub#owner'><delete node='" + node
                      + "'/></pubsub>")
            == "result");
        CHECK(photos(*world.juliet) == Lines { "empty" });
    }
}

TEST_CASE("avatar: any kind of image passes unchanged both ways (PB28)")
{
    Gallery world;
    const std::string webp("RIFF\0\x01\xFF\0WEBPVP8 ", 16);
    Gallery::asks(*world.romeo, "set", card(photo(webp, "image/webp")));
    CHECK(Gallery::items(*world.juliet, "urn:xmpp:avatar:metadata")
              .front()
              .first_child()
              ->first_child()
              ->attribute_or("type")
        == "image/webp");
    CHECK(Gallery::image_on_card(*world.juliet) == webp);
    const std::string avif("\0\0\0\x1C"
                           "ftypavif\0\xFE",
        14);
    Gallery::publish_avatar(*world.romeo, avif);
    CHECK(Gallery::image_on_card(*world.juliet) == avif);
}

TEST_CASE("avatar: line breaks in base64 are accepted and not kept (PB28)")
{
    Gallery world;
    std::string broken = base64_encode(smile);
    broken.insert(8, "\r\n  ");
    CHECK(Gallery::asks(*world.romeo, "set", card("<PHOTO><BINVAL>\n" + broken + "\n</BINVAL></PHOTO>"))
        == "result");
    CHECK(Gallery::items(*world.juliet, "urn:xmpp:avatar:data").front().first_child()->text()
        == base64_encode(smile));
    const Element answer = House::asks(*world.juliet, "get", own_card, "romeo@localhost");
    const Element& shown = *answer.first_child()->child("PHOTO", ns::vcard_temp);
    CHECK(shown.child_text("BINVAL") == base64_encode(smile));
    CHECK(shown.child_text("TYPE") == "image/png"); // the client has named none
    Gallery::publish(*world.romeo, "urn:xmpp:avatar:data", image_hash(smile),
        "<data xmlns='urn:xmpp:avatar:data'>" + broken + "</data>");
    CHECK(Gallery::image_on_card(*world.juliet) == smile);
}

TEST_CASE("avatar: a photo over the limit is refused with a text that names it, and nothing changes (PB28)")
{
    Gallery world;
    world.set("avatar_conversion", "max_photo_bytes", std::int64_t { 1024 });
    CHECK(Gallery::asks(*world.romeo, "set", card("<FN>Romeo</FN>" + photo(std::string(1024, 'x'))))
        == "result");
    world.forget_all();
    const Element answer = House::asks(*world.romeo, "set",
        card("<FN>Fool</FN>" + photo(std::string(1025, 'x'))));
    CHECK(House::verdict(answer) == "modify not-acceptable");
    CHECK(answer.child("error")->child("text", ns::stanza_errors)->text().find("1024") != std::string::npos);
    CHECK(Gallery::image_on_card(*world.romeo) == std::string(1024, 'x'));
    CHECK(world.stored_card().find("Romeo") != std::string::npos);
    CHECK(photos(*world.juliet).empty());
}

TEST_CASE("avatar: a photo that is not base64 is refused, and nothing changes (PB28)")
{
    Gallery world;
    Gallery::publish_avatar(*world.romeo, smile);
    CHECK(Gallery::asks(*world.romeo, "set", card("<PHOTO><BINVAL>***</BINVAL></PHOTO>"))
        == "modify bad-request");
    CHECK(Gallery::image_on_card(*world.romeo) == smile);
}

TEST_CASE("avatar: the photo does not count for the size of the card, the rest does")
{
    Gallery world;
    world.set("vcard", "max_bytes", std::int64_t { 1024 });
    CHECK(Gallery::asks(*world.romeo, "set", card("<FN>Romeo</FN>" + photo(std::string(5000, 'x'))))
        == "result");
    world.forget_all();
    CHECK(Gallery::asks(*world.romeo, "set",
              card("<FN>" + std::string(1024, 'x') + "</FN>" + photo(std::string(5000, 'y'))))
        == "cancel resource-constraint");
    CHECK(Gallery::image_on_card(*world.romeo) == std::string(5000, 'x'));
    CHECK(photos(*world.juliet).empty());
}

TEST_CASE("avatar: a photo on a card from before becomes the avatar when the card is first read, once")
{
    Gallery world;
    world.store_card(card("<FN>Romeo</FN>" + photo(smile, "image/gif")));
    CHECK(Gallery::image_on_card(*world.mercutio) == smile);
    CHECK(Gallery::items(*world.mercutio, "urn:xmpp:avatar:metadata")
              .front()
              .first_child()
              ->first_child()
              ->attribute_or("type")
        == "image/gif");
    CHECK(photos(*world.juliet) == Lines { image_hash(smile) });
    CHECK(world.stored_card() == card("<FN>Romeo</FN>"));
    CHECK(Gallery::image_on_card(*world.romeo) == smile);
    CHECK(photos(*world.juliet).empty());
    // The stored card as it was, as after a crash in between: the avatar in the node is the newer word.
    Gallery::publish_avatar(*world.romeo, frown);
    world.store_card(card("<FN>Romeo</FN>" + photo(smile)));
    CHECK(Gallery::image_on_card(*world.juliet) == frown);
    CHECK(world.stored_card() == card("<FN>Romeo</FN>"));
    Gallery::publish_metadata(*world.romeo, "");
    world.store_card(card("<FN>Romeo</FN>" + photo(smile)));
    CHECK(Gallery::image_on_card(*world.juliet) == "none");
}

TEST_CASE("avatar: a photo on a card from before is kept when a client saves a card that it never read")
{
    Gallery world;
    world.store_card(card("<FN>Romeo</FN>" + photo(smile)));
    Gallery::asks(*world.romeo, "set", card("<FN>Romeo M.</FN>"));
    CHECK(Gallery::image_on_card(*world.juliet) == smile);
    CHECK(world.stored_card().ends_with("<FN>Romeo M.</FN></vCard>"));
    CHECK(world.stored_card().find("PHOTO") == std::string::npos);
}

TEST_CASE("avatar: a photo on a card from before is replaced, or removed, when a client says so")
{
    Gallery world;
    world.store_card(card(photo(smile)));
    Gallery::asks(*world.romeo, "set", card(photo(frown)));
    CHECK(Gallery::image_on_card(*world.juliet) == frown);
    CHECK(photos(*world.juliet).empty());
    Gallery other;
    other.store_card(card("<FN>Romeo</FN>" + photo(smile)));
    Gallery::asks(*other.romeo, "set", card("<FN>Romeo</FN><PHOTO/>"));
    CHECK(Gallery::image_on_card(*other.juliet) == "none");
}

TEST_CASE("avatar: a photo that is only an address stays on the card")
{
    Gallery world;
    const std::string elsewhere = card("<PHOTO><EXTVAL>https://localhost/r.png</EXTVAL></PHOTO>");
    CHECK(Gallery::asks(*world.romeo, "set", elsewhere) == "result");
    const Element answer = House::asks(*world.juliet, "get", own_card, "romeo@localhost");
    CHECK(to_xml(*answer.first_child(), ns::client) == elsewhere);
    CHECK_FALSE(Gallery::has_avatar(*world.juliet));
}

TEST_CASE("avatar: with the conversion off, a photo is a part of the card as before")
{
    House world;
    auto romeo = world.comes_online("romeo@localhost/orchard");
    const std::string whole = card("<FN>Romeo</FN>" + photo(smile));
    CHECK(House::verdict(House::asks(*romeo, "set", whole)) == "result");
    CHECK(to_xml(*House::asks(*romeo, "get", own_card).first_child(), ns::client) == whole);
}

// XEP-0398 §2-1
TEST_CASE("avatar: an account says that its avatars are converted, to everybody (XEP-0398 §2)")
{
    Gallery world;
    const Element answer = House::asks(*world.juliet, "get",
        "<query xmlns='http://jabber.org/protocol/disco#info'/>", "romeo@localhost");
    const auto features = answer.first_child()->children("feature", ns::disco_info);
    CHECK(std::any_of(features.begin(), features.end(), [](const Element* feature) {
        return feature->attribute_or("var") == "urn:xmpp:pep-vcard-conversion:0";
    }));
}
