// SPDX-License-Identifier: Apache-2.0
// The hashes of XEP-0115 and XEP-0390.
#include "xmpp/caps_hash.hpp"

#include "xmpp/stream_parser.hpp"

#include <doctest/doctest.h>

using namespace stonechat;

namespace {

Element parsed(std::string_view xml)
{
    const auto element = parse_element(xml);
    REQUIRE(element.has_value());
    return *element;
}

Element info(std::string_view content)
{
    return parsed("<query xmlns='http://jabber.org/protocol/disco#info'>" + std::string(content)
        + "</query>");
}

std::string disco(std::string_view content)
{
    return caps_hash(info(content));
}

bool proves(std::string_view content)
{
    return caps_hash_proves_features(info(content));
}

std::string disco_2(std::string_view content, std::string_view lang = {})
{
    return capability_hash(info(content), "sha-256", lang);
}

constexpr const char* simple_example = "<query xmlns='http://jabber.org/protocol/disco#info'>"
                                       "<identity category='client' name='BombusMod' type='mobile'/>"
                                       "<feature var='http://jabber.org/protocol/si'/>"
                                       "<feature var='http://jabber.org/protocol/bytestreams'/>"
                                       "<feature var='http://jabber.org/protocol/chatstates'/>"
                                       "<feature var='http://jabber.org/protocol/disco#info'/>"
                                       "<feature var='http://jabber.org/protocol/disco#items'/>"
                                       "<feature var='urn:xmpp:ping'/>"
                                       "<feature var='jabber:iq:time'/>"
                                       "<feature var='jabber:iq:privacy'/>"
                                       "<feature var='jabber:iq:version'/>"
                                       "<feature var='http://jabber.org/protocol/rosterx'/>"
                                       "<feature var='urn:xmpp:time'/>"
                                       "<feature var='jabber:x:oob'/>"
                                       "<feature var='http://jabber.org/protocol/ibb'/>"
                                       "<feature var='http://jabber.org/protocol/si/profile/file-transfer'/>"
                                       "<feature var='urn:xmpp:receipts'/>"
                                       "<feature var='jabber:iq:roster'/>"
                                       "<feature var='jabber:iq:last'/>"
                                       "</query>";

constexpr const char* complex_example =
    "<query xmlns='http://jabber.org/protocol/disco#info'>"
    "<identity category='client' name='Tkabber' type='pc' xml:lang='en'/>"
    "<identity category='client' name='Ткаббер' type='pc' xml:lang='ru'/>"
    "<feature var='games:board'/>"
    "<feature var='http://jabber.org/protocol/activity'/>"
    "<feature var='http://jabber.org/protocol/activity+notify'/>"
    "<feature var='http://jabber.org/protocol/bytestreams'/>"
    "<feature var='http://jabber.org/protocol/chatstates'/>"
    "<feature var='http://jabber.org/protocol/commands'/>"
    "<feature var='http://jabber.org/protocol/disco#info'/>"
    "<feature var='http://jabber.org/protocol/disco#items'/>"
    "<feature var='http://jabber.org/protocol/evil'/>"
    "<feature var='http://jabber.org/protocol/feature-neg'/>"
    "<feature var='http://jabber.org/protocol/geoloc'/>"
    "<feature var='http://jabber.org/protocol/geoloc+notify'/>"
    "<feature var='http://jabber.org/protocol/ibb'/>"
    "<feature var='http://jabber.org/protocol/iqibb'/>"
    "<feature var='http://jabber.org/protocol/mood'/>"
    "<feature var='http://jabber.org/protocol/mood+notify'/>"
    "<feature var='http://jabber.org/protocol/rosterx'/>"
    "<feature var='http://jabber.org/protocol/si'/>"
    "<feature var='http://jabber.org/protocol/si/profile/file-transfer'/>"
    "<feature var='http://jabber.org/protocol/tune'/>"
    "<feature var='http://www.facebook.com/xmpp/messages'/>"
    "<feature var='http://www.xmpp.org/extensions/xep-0084.html#ns-metadata+notify'/>"
    "<feature var='jabber:iq:avatar'/>"
    "<feature var='jabber:iq:browse'/>"
    "<feature var='jabber:iq:dtcp'/>"
    "<feature var='jabber:iq:filexfer'/>"
    "<feature var='jabber:iq:ibb'/>"
    "<feature var='jabber:iq:inband'/>"
    "<feature var='jabber:iq:jidlink'/>"
    "<feature var='jabber:iq:last'/>"
    "<feature var='jabber:iq:oob'/>"
    "<feature var='jabber:iq:privacy'/>"
    "<feature var='jabber:iq:roster'/>"
    "<feature var='jabber:iq:time'/>"
    "<feature var='jabber:iq:version'/>"
    "<feature var='jabber:x:data'/>"
    "<feature var='jabber:x:event'/>"
    "<feature var='jabber:x:oob'/>"
    "<feature var='urn:xmpp:avatar:metadata+notify'/>"
    "<feature var='urn:xmpp:ping'/>"
    "<feature var='urn:xmpp:receipts'/>"
    "<feature var='urn:xmpp:time'/>"
    "<x xmlns='jabber:x:data' type='result'>"
    "<field type='hidden' var='FORM_TYPE'>"
    "<value>urn:xmpp:dataforms:softwareinfo</value>"
    "</field>"
    "<field var='software'>"
    "<value>Tkabber</value>"
    "</field>"
    "<field var='software_version'>"
    "<value>0.11.1-svn-20111216-mod (Tcl/Tk 8.6b2)</value>"
    "</field>"
    "<field var='os'>"
    "<value>Windows</value>"
    "</field>"
    "<field var='os_version'>"
    "<value>XP</value>"
    "</field>"
    "</x>"
    "</query>";

const std::string software_info =
    "<x xmlns='jabber:x:data' type='result'>"
    "<field var='FORM_TYPE' type='hidden'><value>urn:xmpp:dataforms:softwareinfo"
    "</value></field><field var='os'><value>Mac</value></field></x>";

} // namespace

// XEP-0115 §5.1-1 §9.1-1
TEST_CASE("caps hash: the simple example (XEP-0115 §5.2)")
{
    CHECK(disco("<identity category='client' type='pc' name='Exodus 0.9.1'/>"
                "<feature var='http://jabber.org/protocol/muc'/>"
                "<feature var='http://jabber.org/protocol/disco#info'/>"
                "<feature var='http://jabber.org/protocol/disco#items'/>"
                "<feature var='http://jabber.org/protocol/caps'/>")
        == "QgayPKawpkPSDYmwT/WM94uAlu0=");
}

// XEP-0115 §5.1-1
TEST_CASE("caps hash: the complex example (XEP-0115 §5.3)")
{
    CHECK(disco("<identity xml:lang='en' category='client' name='Psi 0.11' type='pc'/>"
                "<identity xml:lang='el' category='client' name='\u03a8 0.11' type='pc'/>"
                "<feature var='http://jabber.org/protocol/caps'/>"
                "<feature var='http://jabber.org/protocol/disco#info'/>"
                "<feature var='http://jabber.org/protocol/disco#items'/>"
                "<feature var='http://jabber.org/protocol/muc'/>"
                "<x xmlns='jabber:x:data' type='result'>"
                "<field var='FORM_TYPE' type='hidden'><value>urn:xmpp:dataforms:softwareinfo</value></field>"
                "<field var='ip_version' type='text-multi'><value>ipv4</value><value>ipv6</value></field>"
                "<field var='os'><value>Mac</value></field>"
                "<field var='os_version'><value>10.5.1</value></field>"
                "<field var='software'><value>Psi</value></field>"
                "<field var='software_version'><value>0.11</value></field></x>")
        == "q07IKJEyjvHSyhy//CH0CxmKi8w=");
}

TEST_CASE(
    "caps hash: the order on the wire means nothing, a form without FORM_TYPE is ignored (XEP-0115 §5.4)")
{
    const std::string form =
        "<x xmlns='jabber:x:data'><field var='FORM_TYPE' type='hidden'><value>t</value></field>"
        "<field var='b'><value>2</value><value>1</value></field><field var='a'/></x>";
    const std::string swapped =
        "<x xmlns='jabber:x:data'><field var='a'/><field var='b'><value>1</value>"
        "<value>2</value></field><field var='FORM_TYPE' type='hidden'><value>t</value></field></x>";
    CHECK(disco(form + "<feature var='x'/><feature var='y'/>")
        == disco("<feature var='y'/>" + swapped + "<feature var='x'/>"));
    CHECK(disco("<x xmlns='jabber:x:data'><field var='a'/></x>") == disco(""));
    CHECK(disco("<x xmlns='jabber:x:data'><field var='FORM_TYPE'><value>t</value></field></x>") == disco(""));
    CHECK_FALSE(disco("").empty());
}

// XEP-0115 §5.4-1
TEST_CASE("caps hash: an ill-formed answer has none (XEP-0115 §5.4, §8.1)")
{
    const std::string form =
        "<x xmlns='jabber:x:data'><field var='FORM_TYPE' type='hidden'><value>t</value></field></x>";
    CHECK(disco("<feature var='a'/><feature var='a'/>").empty());
    CHECK(disco("<identity category='a' type='b'/><identity category='a' type='b'/>").empty());
    CHECK(disco(form + form).empty());
    CHECK(
        disco("<x xmlns='jabber:x:data'><field var='FORM_TYPE' type='hidden'><value>t</value><value>u</value>"
              "</field></x>")
            .empty());
    CHECK(disco("<feature var='a&lt;b'/>").empty()); // would pass for two
    CHECK(disco("<identity category='a' type='b' name='c&lt;d'/>").empty());
    CHECK_FALSE(disco("<identity category='a' type='b' name='1'/><identity category='a' type='b' name='2'/>")
                    .empty());
}

TEST_CASE("caps hash: algorithms other than SHA-1, and none of an unknown one (XEP-0115 §8.1)")
{
    const Element query = info("<identity category='client' type='pc'/><feature var='urn:xmpp:ping'/>");
    CHECK(caps_hash(query, "sha-1") == caps_hash(query));
    CHECK(caps_hash(query, "sha-256") != caps_hash(query));
    CHECK(caps_hash(query, "sha-256").size() == 44);
    CHECK(caps_hash(query, "sha-512").size() == 88);
    CHECK(caps_hash(query, "md5").empty());
    CHECK(is_known_hash("sha3-256"));
    CHECK_FALSE(is_known_hash("md5"));
    CHECK_FALSE(is_known_hash(""));
}

TEST_CASE(
    "caps hash: answers with one hash and different features; at most one of them is believed (XEP-0115 "
    "§9.3, A77)")
{
    const std::string client = "<identity category='client' type='pc' name='Psi'/>";
    const std::string honest = client
        + "<feature var='http://jabber.org/protocol/muc'/><feature var='urn:xmpp:mood+notify'/>"
          "<feature var='urn:xmpp:ping'/>";
    // Features that pass for a form, its field and the value of that.
    const std::string as_form = client
        + "<feature var='http://jabber.org/protocol/muc'/><x xmlns='jabber:x:data' type='result'>"
          "<field var='FORM_TYPE' type='hidden'><value>urn:xmpp:mood+notify</value></field>"
          "<field var='urn:xmpp:ping'/></x>";
    const std::string all_as_form = client
        + "<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'>"
          "<value>http://jabber.org/protocol/muc</value></field><field var='urn:xmpp:mood+notify'>"
          "<value>urn:xmpp:ping</value></field></x>";
    // One that passes for an identity, and an identity that passes for a feature.
    const std::string as_identity = client
        + "<identity category='http:' type='' xml:lang='jabber.org' name='protocol/muc'/>"
          "<feature var='urn:xmpp:mood+notify'/><feature var='urn:xmpp:ping'/>";
    const std::string as_feature = "<feature var='client/pc//Psi'/><feature "
                                   "var='http://jabber.org/protocol/muc'/>"
                                   "<feature var='urn:xmpp:mood+notify'/><feature var='urn:xmpp:ping'/>";
    CHECK(proves(honest));
    for (const std::string& forged : { as_form, all_as_form, as_identity, as_feature }) {
        CAPTURE(forged);
        CHECK(disco(forged) == disco(honest));
        CHECK_FALSE(proves(forged));
    }
}

TEST_CASE("caps hash: proves the features of a client that also sends a form")
{
    const std::string client = "<identity category='client' type='phone' xml:lang='en' name='A/B 1.0'/>"
                               "<feature var='http://jabber.org/protocol/caps'/>";
    CHECK(proves(client + "<feature var='urn:xmpp:ping'/>" + software_info));
    // Here the FORM_TYPE could be a feature too.
    CHECK_FALSE(proves(client + software_info));
    CHECK_FALSE(proves("<identity category='client' type='pc'/>"));
    CHECK(proves(std::string(simple_example)
                     .substr(std::string(simple_example).find("<identity"),
                         std::string(simple_example).rfind("</query>")
                             - std::string(simple_example).find("<identity"))));
}

// XEP-0390 §4.1-1
TEST_CASE("capability hash: the simple example (XEP-0390 §4.5.1)")
{
    const Element query = parsed(simple_example);
    CHECK(capability_hash(query, "sha-256") == "kzBZbkqJ3ADrj7v08reD1qcWUwNGHaidNUgD7nHpiw8=");
    CHECK(capability_hash(query, "sha3-256") == "79mdYAfU9rEdTOcWDO7UEAt6E56SUzk/g6TnqUeuD9Q=");
    CHECK(capability_hash(query, "md5").empty());
}

// XEP-0390 §4.1-1
TEST_CASE("capability hash: the complex example (XEP-0390 §4.5.2)")
{
    const Element query = parsed(complex_example);
    CHECK(capability_hash(query, "sha-256") == "u79ZroNJbdSWhdSp311mddz44oHHPsEBntQ5b1jqBSY=");
    CHECK(capability_hash(query, "sha3-256") == "XpUJzLAc93258sMECZ3FJpebkzuyNXDzRNwQog8eycg=");
}

// XEP-0390 §4.1-2
TEST_CASE("capability hash: a language is inherited from the query and the stanza (XEP-0390 §4.1)")
{
    const std::string named = "<identity category='client' type='pc' xml:lang='en'/>";
    const std::string bare = "<identity category='client' type='pc'/>";
    CHECK(disco_2(bare, "en") == disco_2(named));
    CHECK(disco_2(bare, "de") != disco_2(named));
    CHECK(disco_2(named, "de") == disco_2(named));
    CHECK(disco_2("<identity category='client' type='pc' xml:lang=''/>", "de") == disco_2(bare));
    const Element query = parsed("<query xmlns='http://jabber.org/protocol/disco#info' xml:lang='en'>" + bare
        + "</query>");
    CHECK(capability_hash(query, "sha-256", "de") == disco_2(named));
}

// XEP-0390 §4.1-3
TEST_CASE("capability hash: the order on the wire means nothing; unknown elements and broken forms have none "
          "(XEP-0390 §4.1)")
{
    const std::string feature = "<feature var='a'/>";
    CHECK(disco_2(feature + "<feature var='b'/>" + software_info)
        == disco_2(software_info + "<feature var='b'/>" + feature));
    CHECK_FALSE(disco_2("").empty());
    CHECK(disco_2(feature + "<set xmlns='http://jabber.org/protocol/rsm'/>").empty());
    CHECK(disco_2("<feature xmlns='urn:example' var='a'/>").empty());
    const std::string type = "<field var='FORM_TYPE' type='hidden'><value>t</value></field>";
    for (const std::string& content : { std::string("<field var='a'/>"), type + type, type + "<reported/>",
             type + "<item/>", std::string("<field var='FORM_TYPE'><value>t</value></field>"),
             std::string("<field var='FORM_TYPE' type='hidden'/>") }) {
        CAPTURE(content);
        CHECK(disco_2(feature + "<x xmlns='jabber:x:data' type='result'>" + content + "</x>").empty());
    }
    CHECK_FALSE(disco_2(feature + "<x xmlns='jabber:x:data' type='result'>" + type + "</x>").empty());
}
