// SPDX-License-Identifier: Apache-2.0
// A framing for transports that carry messages, in the manner of RFC 7395: each message is a document of its
// own, and <open/> and <close/> stand for the tags of the root. It is here to prove that a framing touches no
// other code.
#pragma once

#include "stream/framing.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"

#include <utility>

namespace stonechat::test {

class MessageFraming final : public Framing {
public:
    static constexpr std::string_view ns = "urn:ietf:params:xml:ns:xmpp-framing";

    std::string_view content_ns() const override { return ns::client; }

    void append_header(std::string& out, const OutgoingHeader& header) const override
    {
        Element open("open", ns);
        open.set_attribute("id", header.id)
            .set_attribute("from", header.from)
            .set_attribute("version", "1.0");
        append_xml(out, open);
    }

    void complete_element(std::string& out, std::size_t begin) const override
    {
        const std::size_t name_end = out.find_first_of(" />", begin);
        if (out.compare(name_end, 8, " xmlns='") != 0) {
            out.insert(name_end, " xmlns='jabber:client'");
        }
    }

    void append_features(std::string& out, const std::vector<Element>& features) const override
    {
        Element all("features", ns::streams);
        for (const Element& feature : features) {
            all.add(Element(feature));
        }
        append_xml(out, all);
    }

    void append_error(std::string& out, const StreamError& error) const override
    {
        append_xml(out, error.to_element());
    }

    void append_end(std::string& out) const override { append_xml(out, Element("close", ns)); }
    std::string_view keepalive() const override { return {}; }
    bool has_root() const override { return false; }

    void read(Element element, Reader& reader) const override
    {
        if (element.is("close", ns)) {
            reader.on_end();
        } else if (element.is("open", ns)) {
            StreamParser::Opened opened { Element("stream", ns::streams), std::string(ns::client) };
            for (const char* name : { "to", "from", "version" }) {
                if (const auto value = element.attribute(name)) {
                    opened.header.set_attribute(name, *value);
                }
            }
            reader.on_open(std::move(opened));
        } else {
            reader.read_element(std::move(element));
        }
    }
};

} // namespace stonechat::test
