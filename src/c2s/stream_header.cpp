// SPDX-License-Identifier: Apache-2.0
#include "c2s/stream_header.hpp"

#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"

namespace stonechat {
namespace {

/// RFC 6120 §4.7.5: returns whether the major version is 1 or more, since such a client also speaks 1.0. A
/// missing version means a protocol older than the RFC.
bool is_supported_version(std::string_view version)
{
    const auto dot = version.find('.');
    if (dot == std::string_view::npos || dot == 0) {
        return false;
    }
    const std::string_view major = version.substr(0, dot);
    return major.find_first_not_of("0123456789") == std::string_view::npos
        && major.find_first_not_of('0') != std::string_view::npos;
}

} // namespace

Result<StreamHeader, StreamError> read_header(const StreamParser::Opened& opened)
{
    if (!opened.header.is("stream", ns::streams) || opened.content_ns != ns::client) {
        return StreamError(StreamError::invalid_namespace);
    }
    if (!is_supported_version(opened.header.attribute_or("version"))) {
        return StreamError(StreamError::unsupported_version);
    }
    StreamHeader header;
    header.lang = opened.header.lang();
    if (const auto from = opened.header.attribute("from")) {
        auto jid = Jid::parse(*from);
        if (jid && jid->has_local()) {
            header.from = std::move(*jid);
        }
    }
    const auto to = opened.header.attribute("to");
    if (!to) {
        return StreamError(StreamError::improper_addressing, "The stream header needs a 'to'");
    }
    const auto domain = Jid::parse(*to);
    if (!domain || !domain->is_domain()) {
        return StreamError(StreamError::host_unknown);
    }
    header.to = domain->text();
    return header;
}

void append_header(std::string& out, std::string_view from, const Jid& to, std::string_view id)
{
    out += "<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
           "xmlns:stream='http://etherx.jabber.org/streams' version='1.0' xml:lang='en' id='";
    append_attribute_escaped(out, id);
    if (!from.empty()) {
        out += "' from='";
        append_attribute_escaped(out, from);
    }
    if (!to.empty()) {
        out += "' to='";
        append_attribute_escaped(out, to.text());
    }
    out += "'>";
}

void append_error(std::string& out, const StreamError& error)
{
    out += "<stream:error>";
    const Element element = error.to_element();
    for (const Element* child : element.children()) {
        append_xml(out, *child, ns::client);
    }
    out += "</stream:error>";
}

} // namespace stonechat
