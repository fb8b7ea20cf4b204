// SPDX-License-Identifier: Apache-2.0
#include "xmpp/element.hpp"
#include "xmpp/ns.hpp"

#include <doctest/doctest.h>

using namespace stonechat;

namespace {

Element roster()
{
    Element query("query", ns::roster);
    query.add("item").set_attribute("jid", "romeo@example.net");
    query.add_text("between");
    query.add("item").set_attribute("jid", "mercutio@example.org");
    query.add("item", "urn:example:other");
    return query;
}

} // namespace

TEST_CASE("namespace: a known one is a constant, another a copy; both compare by their text")
{
    const std::string text = std::string("jabber:") + "client";
    const Namespace known(text);
    CHECK(known.text().data() == Namespace(ns::client).text().data());
    CHECK(known.heap_bytes() == 0);
    std::string foreign = "urn:example:foreign";
    Namespace other(foreign);
    foreign[0] = 'X';
    CHECK(other == "urn:example:foreign");
    CHECK(other.heap_bytes() == 19);
    CHECK_FALSE(other == known);
    Namespace copy = other;
    CHECK(copy == other);
    CHECK(copy.text().data() != other.text().data());
    const Namespace moved = std::move(copy);
    CHECK(moved == other);
    other = known;
    CHECK(other == known);
    other = moved;
    other = *&other;
    CHECK(other == moved);
    CHECK(Namespace().empty());
    CHECK(Namespace("") == Namespace());
    CHECK_FALSE(Namespace("jabber:clienT") == known);
    CHECK_FALSE(Namespace("jabber:client ") == known);
    CHECK(sizeof(Namespace) == 16);
}

TEST_CASE("element: attributes are found by name and namespace")
{
    Element element("message", ns::client);
    element.set_attribute("to", "a").set_attribute("to", "b", "urn:x").set_attribute("empty", "");
    element.set_lang("de");
    CHECK(element.attribute("to") == "a");
    CHECK(element.attribute("to", "urn:x") == "b");
    CHECK(element.attribute("empty") == "");
    CHECK_FALSE(element.attribute("lang"));
    CHECK(element.lang() == "de");
    CHECK(element.attribute_or("absent", "fallback") == "fallback");
    element.set_attribute("to", "c");
    CHECK(element.attributes().size() == 4);
    element.remove_attribute("to");
    CHECK_FALSE(element.has_attribute("to"));
    CHECK(element.attribute("to", "urn:x") == "b");
    element.remove_attribute("absent");
    CHECK(element.attributes().size() == 3);
}

TEST_CASE("element: children are found by name in their parent's namespace, or in one that is named")
{
    const Element query = roster();
    CHECK(query.child_count() == 3);
    CHECK(query.children().size() == 3);
    CHECK(query.children("item", ns::roster).size() == 2);
    CHECK(query.child("item")->attribute_or("jid") == "romeo@example.net");
    CHECK(query.child("item", "urn:example:other") == query.children().back());
    CHECK(query.child("item", "urn:absent") == nullptr);
    CHECK(query.first_child() == query.children().front());
    CHECK(Element("a", "b").first_child() == nullptr);
    CHECK(query.text() == "between");
    CHECK(query.child_text("absent").empty());
}

TEST_CASE("element: text is one run as long as nothing stands between")
{
    Element body("body", ns::client);
    body.add_text("a").add_text("").add_text("b");
    CHECK(body.nodes().size() == 1);
    body.add("br");
    body.add_text("c");
    CHECK(body.nodes().size() == 3);
    CHECK(body.text() == "abc");
}

TEST_CASE("element: children are removed by name or by what they are, text stays")
{
    Element query = roster();
    CHECK(query.remove_children("item", ns::roster) == 2);
    CHECK(query.remove_children("item", ns::roster) == 0);
    CHECK(query.child_count() == 1);
    CHECK(query.text() == "between");
    CHECK(query.remove_children_if([](const Element& child) { return child.name() == "item"; }) == 1);
    query.clear_children();
    CHECK(query.nodes().empty());
}

TEST_CASE("element: equality knows no order of attributes and no seams in text")
{
    Element a("a", "urn:x");
    a.set_attribute("b", "1").set_attribute("c", "2");
    a.add_text("xy");
    Element b("a", "urn:x");
    b.set_attribute("c", "2").set_attribute("b", "1");
    b.nodes().emplace_back("x");
    b.nodes().emplace_back("");
    b.nodes().emplace_back("y");
    CHECK(a == b);
    CHECK_FALSE(a == Element(b).with(Element("d", "urn:x")));
    CHECK_FALSE(a == Element("a", "urn:y"));
    b.set_attribute("c", "3");
    CHECK_FALSE(a == b);
    CHECK_FALSE(roster() == Element("query", ns::roster));
    CHECK(roster() == roster());
}

TEST_CASE("element: a copy is independent, also of a child of itself")
{
    Element original = roster();
    Element copy = original;
    copy.child("item")->set_attribute("jid", "changed");
    CHECK(original == roster());
    CHECK_FALSE(copy == original);
    original = *original.child("item");
    CHECK(original.attribute_or("jid") == "romeo@example.net");
    Element moved = std::move(copy);
    CHECK(moved.child_count() == 3);
}

TEST_CASE("element: a tree is written in one expression")
{
    const Element iq =
        Element("iq", ns::client)
            .with_attribute("type", "result")
            .with(Element("query", ns::roster).with(Element("item", ns::roster).with_text("t")));
    CHECK(iq.child("query", ns::roster)->child_text("item") == "t");
    Element holder("a", "b");
    CHECK(&holder.with(Element("c", "b")) == &holder);
    CHECK(holder.add_text_child("d", "text").name() == "d");
    CHECK(holder.child_text("d") == "text");
    holder.rename("e");
    holder.set_ns(ns::client);
    CHECK(holder.is("e", ns::client));
}
