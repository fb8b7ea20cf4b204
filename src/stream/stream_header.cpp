// SPDX-License-Identifier: Apache-2.0
#include "stream/stream_header.hpp"

#include "xmpp/ns.hpp"

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

Result<StreamHeader, StreamError> read_header(const StreamParser::Opened& opened, std::string_view content_ns)
{
    if (!opened.header.is("stream", ns::streams) || opened.content_ns != content_ns) {
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

} // namespace stonechat
