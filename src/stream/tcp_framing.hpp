// SPDX-License-Identifier: Apache-2.0
// TcpFraming: the framing of RFC 6120 section 4: one XML document each way, whose root is <stream:stream>.
#pragma once

#include "stream/framing.hpp"

#include <utility>

namespace stonechat {

class TcpFraming final : public Framing {
public:
    /// `content_ns` must outlive the framing (a constant of xmpp/ns.hpp).
    explicit TcpFraming(std::string_view content_ns) : content_ns_(content_ns) {}

    std::string_view content_ns() const override { return content_ns_; }
    void append_header(std::string& out, const OutgoingHeader& header) const override;
    void complete_element(std::string&, std::size_t) const override {} // inherits the namespace of the root
    void append_features(std::string& out, const std::vector<Element>& features) const override;
    void append_error(std::string& out, const StreamError& error) const override;
    void append_end(std::string& out) const override { out += "</stream:stream>"; }
    std::string_view keepalive() const override { return " "; }
    bool has_root() const override { return true; }
    void read(Element element, Reader& reader) const override { reader.read_element(std::move(element)); }

private:
    std::string_view content_ns_;
};

} // namespace stonechat
