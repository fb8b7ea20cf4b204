// SPDX-License-Identifier: Apache-2.0
#include "stream/tcp_framing.hpp"

#include "xmpp/serialize.hpp"

namespace stonechat {
namespace {

void append_part(std::string& out, std::string_view name, std::string_view value)
{
    if (!value.empty()) {
        out += "' ";
        out += name;
        out += "='";
        append_attribute_escaped(out, value);
    }
}

} // namespace

void TcpFraming::append_header(std::string& out, const OutgoingHeader& header) const
{
    out += "<?xml version='1.0'?><stream:stream xmlns='";
    out += content_ns_;
    out += "' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' xml:lang='en";
    append_part(out, "id", header.id);
    append_part(out, "from", header.from);
    append_part(out, "to", header.to);
    out += "'>";
}

void TcpFraming::append_features(std::string& out, const std::vector<Element>& features) const
{
    out += "<stream:features>";
    for (const Element& feature : features) {
        append_xml(out, feature, content_ns_);
    }
    out += "</stream:features>";
}

void TcpFraming::append_error(std::string& out, const StreamError& error) const
{
    out += "<stream:error>";
    const Element element = error.to_element();
    for (const Element* child : element.children()) {
        append_xml(out, *child, content_ns_);
    }
    out += "</stream:error>";
}

} // namespace stonechat
