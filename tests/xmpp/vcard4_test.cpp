// SPDX-License-Identifier: Apache-2.0
#include "xmpp/vcard4.hpp"

#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stream_parser.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

using namespace stonechat;

namespace {

Element temp(const std::string& fields)
{
    return *parse_element("<vCard xmlns='vcard-temp'>" + fields + "</vCard>");
}

Element vcard4(const std::string& fields)
{
    return *parse_element("<vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'>" + fields + "</vcard>");
}

/// XEP-0292 §12.2, without what has no text.
const std::string temp_of_peter = //
    "<FN>Peter Saint-Andre</FN><N><FAMILY>Saint-Andre</FAMILY><GIVEN>Peter</GIVEN></N>"
    "<NICKNAME>stpeter</NICKNAME><NICKNAME>psa</NICKNAME><BDAY>1966-08-06</BDAY>"
    "<ADR><WORK/><PREF/><EXTADD>Suite 600</EXTADD><STREET>1899 Wynkoop Street</STREET>"
    "<LOCALITY>Denver</LOCALITY><REGION>CO</REGION><PCODE>80202</PCODE><CTRY>USA</CTRY></ADR>"
    "<ADR><HOME/><LOCALITY>Parker</LOCALITY><REGION>CO</REGION><PCODE>80138</PCODE><CTRY>USA</CTRY></ADR>"
    "<TEL><WORK/><VOICE/><PREF/><NUMBER>+1-303-308-3282</NUMBER></TEL>"
    "<TEL><WORK/><FAX/><NUMBER>+1-303-308-3219</NUMBER></TEL>"
    "<TEL><TEXT/><VOICE/><CELL/><NUMBER>+1-720-256-6756</NUMBER></TEL>"
    "<EMAIL><INTERNET/><PREF/><USERID>stpeter@jabber.org</USERID></EMAIL>"
    "<EMAIL><INTERNET/><WORK/><USERID>psaintan@cisco.com</USERID></EMAIL>"
    "<JABBERID>stpeter@jabber.org</JABBERID><TZ>America/Denver</TZ>"
    "<GEO><LAT>39.59</LAT><LON>-105.01</LON></GEO><TITLE>Executive Director</TITLE>"
    "<ROLE>Patron Saint</ROLE><ORG><ORGNAME>XMPP Standards Foundation</ORGNAME></ORG>"
    "<URL>https://stpeter.im/</URL><URL>http://www.saint-andre.com/</URL>"
    "<DESC>\nMore information about me is located on my\npersonal website: https://stpeter.im/\n</DESC>";

/// XEP-0292 §12.3, with the empty parts that RFC 6351 wants.
const std::string vcard4_of_peter = //
    "<fn><text>Peter Saint-Andre</text></fn>"
    "<n><surname>Saint-Andre</surname><given>Peter</given><additional/><prefix/><suffix/></n>"
    "<nickname><text>stpeter</text></nickname><nickname><text>psa</text></nickname>"
    "<bday><date>1966-08-06</date></bday>"
    "<adr><parameters><type><text>work</text></type><pref><integer>1</integer></pref></parameters>"
    "<pobox/><ext>Suite 600</ext><street>1899 Wynkoop Street</street><locality>Denver</locality>"
    "<region>CO</region><code>80202</code><country>USA</country></adr>"
    "<adr><parameters><type><text>home</text></type></parameters><pobox/><ext/><street/>"
    "<locality>Parker</locality><region>CO</region><code>80138</code><country>USA</country></adr>"
    "<tel><parameters><type><text>work</text><text>voice</text></type><pref><integer>1</integer></pref>"
    "</parameters><uri>tel:+1-303-308-3282</uri></tel>"
    "<tel><parameters><type><text>work</text><text>fax</text></type></parameters>"
    "<uri>tel:+1-303-308-3219</uri></tel>"
    "<tel><parameters><type><text>text</text><text>voice</text><text>cell</text></type></parameters>"
    "<uri>tel:+1-720-256-6756</uri></tel>"
    "<email><parameters><pref><integer>1</integer></pref></parameters><text>stpeter@jabber.org</text></email>"
    "<email><parameters><type><text>work</text></type></parameters><text>psaintan@cisco.com</text></email>"
    "<impp><uri>xmpp:stpeter@jabber.org</uri></impp><tz><text>America/Denver</text></tz>"
    "<geo><uri>geo:39.59,-105.01</uri></geo><title><text>Executive Director</text></title>"
    "<role><text>Patron Saint</text></role><org><text>XMPP Standards Foundation</text></org>"
    "<url><uri>https://stpeter.im/</uri></url><url><uri>http://www.saint-andre.com/</uri></url>"
    "<note><text>\nMore information about me is located on my\npersonal website: https://stpeter.im/\n"
    "</text></note>";

/// The elements of a card.
std::string inside(const Element& card)
{
    std::string xml;
    for (const Element* each : card.children()) {
        xml += to_xml(*each, card.ns().text());
    }
    return xml;
}

std::string from_temp(const std::string& fields)
{
    return inside(to_vcard4(temp(fields)));
}

std::string from_vcard4(const std::string& fields)
{
    return inside(to_vcard_temp(vcard4(fields)));
}

const std::string no_name = "<fn><text/></fn>"; // RFC 6350 §6.2.1 wants one

} // namespace

TEST_CASE("vcard4: the example of a vcard-temp becomes the example of a vCard4, and back (XEP-0292 §12)")
{
    CHECK(from_temp(temp_of_peter) == vcard4_of_peter);
    CHECK(from_vcard4(vcard4_of_peter) == temp_of_peter);
}

TEST_CASE("vcard4: the card of the examples of XEP-0054 is converted without its empty parts")
{
    CHECK(
        from_temp("<FN>Peter Saint-Andre</FN><N><FAMILY>Saint-Andre</FAMILY><GIVEN>Peter</GIVEN><MIDDLE/></N>"
                  "<NICKNAME>stpeter</NICKNAME><ORG><ORGNAME>XSF</ORGNAME><ORGUNIT/></ORG>"
                  "<TEL><WORK/><VOICE/><NUMBER>303-308-3282</NUMBER></TEL><TEL><WORK/><FAX/><NUMBER/></TEL>"
                  "<TEL><WORK/><MSG/><NUMBER/></TEL>")
        == "<fn><text>Peter Saint-Andre</text></fn><n><surname>Saint-Andre</surname><given>Peter</given>"
           "<additional/><prefix/><suffix/></n><nickname><text>stpeter</text></nickname>"
           "<tel><parameters><type><text>work</text><text>voice</text></type></parameters>"
           "<text>303-308-3282</text></tel><org><text>XSF</text></org>");
}

TEST_CASE("vcard4: images, sounds and keys are not converted")
{
    const std::string image = "<TYPE>image/png</TYPE><BINVAL>YWJj</BINVAL>";
    CHECK(from_temp("<PHOTO>" + image + "</PHOTO><LOGO>" + image
        + "</LOGO><SOUND><BINVAL>YWJj</BINVAL></SOUND>"
        + "<KEY><CRED>YWJj</CRED></KEY><PHOTO><EXTVAL>http://a.example/a</EXTVAL></PHOTO>")
              .empty());
    CHECK(from_vcard4("<photo><uri>data:image/png;base64,YWJj</uri></photo><logo><uri>http://a.example/</uri>"
                      "</logo><key><text>YWJj</text></key><gender><sex>M</sex></gender>")
              .empty());
}

TEST_CASE("vcard4: forms of RFC 6351 that vcard-temp has not are understood")
{
    CHECK(from_vcard4("<nickname><text>a</text><text>b</text></nickname>")
        == "<NICKNAME>a</NICKNAME><NICKNAME>b</NICKNAME>");
    CHECK(from_vcard4("<n><prefix>Dr.</prefix><prefix>Prof.</prefix></n>")
        == "<N><PREFIX>Dr.,Prof.</PREFIX></N>");
    CHECK(from_vcard4("<bday><date>19660806</date></bday>") == "<BDAY>1966-08-06</BDAY>");
    CHECK(from_vcard4("<bday><date>--0806</date></bday>") == "<BDAY>--0806</BDAY>");
    CHECK(from_vcard4("<bday><text>in summer</text></bday>") == "<BDAY>in summer</BDAY>");
    CHECK(from_vcard4("<tel><parameters><type><text>HOME</text></type><type><text>cell</text></type>"
                      "</parameters><text>0 123</text></tel>")
        == "<TEL><HOME/><CELL/><NUMBER>0 123</NUMBER></TEL>");
    CHECK(from_vcard4("<tz><utc-offset>-0700</utc-offset></tz>") == "<TZ>-0700</TZ>");
    CHECK(from_vcard4("<geo><uri>geo:1,2,3;u=35</uri></geo>") == "<GEO><LAT>1</LAT><LON>2</LON></GEO>");
    CHECK(from_vcard4("<org><text>Montague</text><text>Swords</text><text>Rapiers</text></org>")
        == "<ORG><ORGNAME>Montague</ORGNAME><ORGUNIT>Swords</ORGUNIT><ORGUNIT>Rapiers</ORGUNIT></ORG>");
    CHECK(from_vcard4("<categories><text>a</text><text>b</text></categories>")
        == "<CATEGORIES><KEYWORD>a</KEYWORD><KEYWORD>b</KEYWORD></CATEGORIES>");
    CHECK(from_vcard4("<url><text>a.example</text></url>") == "<URL>a.example</URL>");
    CHECK(from_vcard4("<impp><uri>xmpp:o%60hara@a.example?message</uri></impp>")
        == "<JABBERID>o`hara@a.example</JABBERID>");
}

TEST_CASE("vcard4: values of vcard-temp get the type that fits")
{
    CHECK(from_temp("<BDAY>1966-08-06T06:00:00Z</BDAY>")
        == no_name + "<bday><date-time>1966-08-06T06:00:00Z</date-time></bday>");
    CHECK(from_temp("<BDAY>6.8.1966</BDAY>") == no_name + "<bday><text>6.8.1966</text></bday>");
    CHECK(from_temp("<TEL><NUMBER>+</NUMBER></TEL>") == no_name + "<tel><text>+</text></tel>");
    CHECK(from_temp("<NOTE>a</NOTE><DESC>b</DESC>")
        == no_name + "<note><text>a</text></note><note><text>b</text></note>");
    CHECK(from_temp("<JABBERID>o`hara@a.example</JABBERID>")
        == no_name + "<impp><uri>xmpp:o%60hara@a.example</uri></impp>");
    CHECK(from_temp("<ORG><ORGNAME/><ORGUNIT>Swords</ORGUNIT></ORG>")
        == no_name + "<org><text/><text>Swords</text></org>");
}

TEST_CASE("vcard4: what is empty, malformed or repeated against the rules is left out")
{
    CHECK(from_temp("<FN/><N/><N><FAMILY> </FAMILY></N><NICKNAME>\n</NICKNAME><BDAY/><ADR><HOME/></ADR>"
                    "<TEL>1</TEL><EMAIL>a@b</EMAIL><JABBERID>@</JABBERID><ORG>a</ORG><URL/><DESC/>"
                    "<CATEGORIES/><GEO><LAT>91</LAT><LON>0</LON></GEO><GEO><LAT>nan</LAT><LON>0</LON></GEO>"
                    "<GEO><LAT>1</LAT></GEO><fn>a</fn><FN xmlns='other'>a</FN>text")
              .empty());
    CHECK(from_vcard4("<fn/><fn>a</fn><fn><uri>a</uri></fn><n><surname/></n><bday><time>1</time></bday><adr/>"
                      "<tel/><tel><uri>tel:</uri></tel><email><uri>a</uri></email><org><text/></org><org/>"
                      "<impp><uri>xmpp:</uri></impp><impp><uri>xmpp:%4</uri></impp>"
                      "<impp><uri>xmpp:%00@a.example</uri></impp><impp><uri>sip:a@b</uri></impp>"
                      "<geo><uri>geo:</uri></geo><geo><uri>geo:1</uri></geo><geo><uri>geo:1e1,2</uri></geo>"
                      "<geo><uri>1,2</uri></geo><url/><FN><text>a</text></FN>text"
                      "<group name='a'><fn><text>a</text></fn></group><fn xmlns='other'><text>a</text></fn>")
              .empty());
    CHECK(from_temp("<FN>a</FN><FN>b</FN><BDAY>c</BDAY><BDAY>d</BDAY>")
        == "<fn><text>a</text></fn><bday><text>c</text></bday>");
    CHECK(from_vcard4("<fn/><fn><text>a</text></fn><fn><text>b</text></fn>") == "<FN>a</FN>");
}

TEST_CASE("vcard4: what was converted there and back is converted to the same again")
{
    const std::vector<std::string> cards { temp_of_peter, "<FN> a </FN><N><FAMILY> b</FAMILY></N>",
        "<BDAY>19660806</BDAY><URL> a </URL><TEL><NUMBER>tel:+1</NUMBER></TEL>",
        "<TEL><NUMBER> +1 2 </NUMBER></TEL><ORG><ORGUNIT>a</ORGUNIT><ORGNAME> </ORGNAME></ORG>",
        "<NOTE>a</NOTE><TZ> </TZ><JABBERID>Romeo@Montague.LIT/a b%20</JABBERID>",
        "<CATEGORIES><KEYWORD>a</KEYWORD></CATEGORIES><GEO><LAT>+1</LAT><LON>2</LON></GEO>" };
    for (const std::string& each : cards) {
        const Element once = to_vcard4(temp(each));
        CHECK(to_vcard4(to_vcard_temp(once)) == once);
        const Element back = to_vcard_temp(once);
        CHECK(to_vcard_temp(to_vcard4(back)) == back);
        CHECK(update_vcard_temp(temp(each), once) == temp(each));
    }
}

TEST_CASE("vcard4: an update replaces what has changed, and keeps the wording of all else")
{
    const Element full = vcard4("<fn><text>Romeo</text></fn><gender><sex>M</sex></gender>"
                                "<tel><parameters><pref><integer>7</integer></pref></parameters>"
                                "<uri>tel:+1;ext=5</uri></tel><impp><uri>sip:romeo@a.example</uri></impp>"
                                "<photo><uri>http://a.example/a</uri></photo>");
    const Element shown = to_vcard_temp(full);
    CHECK(update_vcard4(full, shown) == full);
    Element renamed = shown;
    renamed.child("FN")->clear_children();
    renamed.child("FN")->add_text("Romeo M.");
    renamed.add_text_child("JABBERID", "romeo@montague.lit");
    CHECK(to_xml(update_vcard4(full, renamed))
        == to_xml(
            vcard4("<gender><sex>M</sex></gender><tel><parameters><pref><integer>7</integer></pref>"
                   "</parameters><uri>tel:+1;ext=5</uri></tel><impp><uri>sip:romeo@a.example</uri></impp>"
                   "<photo><uri>http://a.example/a</uri></photo><fn><text>Romeo M.</text></fn>"
                   "<impp><uri>xmpp:romeo@montague.lit</uri></impp>")));
    CHECK(to_xml(update_vcard4(full, temp("")))
        == to_xml(vcard4("<gender><sex>M</sex></gender><impp><uri>sip:romeo@a.example</uri></impp>"
                         "<photo><uri>http://a.example/a</uri></photo>")));

    const Element card = temp("<FN>Romeo</FN><NOTE>sad</NOTE><MAILER>Exodus</MAILER>"
                              "<TEL><MSG/><NUMBER>1</NUMBER></TEL><PHOTO><EXTVAL>a</EXTVAL></PHOTO>");
    CHECK(to_xml(update_vcard_temp(card,
              vcard4("<fn><text>Romeo M.</text></fn><note><text>sad</text></note><tel><text>1</text></tel>")))
        == to_xml(temp("<NOTE>sad</NOTE><MAILER>Exodus</MAILER><TEL><MSG/><NUMBER>1</NUMBER></TEL>"
                       "<PHOTO><EXTVAL>a</EXTVAL></PHOTO><FN>Romeo M.</FN>")));
    CHECK(to_xml(update_vcard_temp(card, vcard4("<note><text>glad</text></note>")))
        == to_xml(temp("<MAILER>Exodus</MAILER><PHOTO><EXTVAL>a</EXTVAL></PHOTO><DESC>glad</DESC>")));
}

TEST_CASE("vcard4: without its fields, a vcard-temp has what no vCard4 can say")
{
    Element card = temp("<FN>a</FN><NOTE/><TEL/><JABBERID>@</JABBERID><MAILER>b</MAILER><KEY/>");
    CHECK(remove_fields(card));
    CHECK(to_xml(card) == to_xml(temp("<MAILER>b</MAILER><KEY/>")));
    CHECK_FALSE(remove_fields(card));
}
