// SPDX-License-Identifier: Apache-2.0
// Recorder: feeds a StreamParser and writes down what comes out, one line for each event, so that a
// test compares two lists. Elements are written as they serialise.
#pragma once

#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stream_parser.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stonechat::test {

inline constexpr std::string_view header =
    "<?xml version='1.0'?><stream:stream to='example.org' version='1.0' "
    "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";

class Recorder final : public StreamParser::Receiver {
public:
    explicit Recorder(const ParserLimits& its_limits = {}, ParserPool* its_pool = nullptr)
        : limits(its_limits), pool(its_pool), parser(limits, *this)
    {}

    void on_stream_open(StreamParser::Opened opened) override
    {
        events.push_back("open " + std::string(opened.header.attribute_or("to")));
        this->opened = std::move(opened);
    }
    void on_element(Element element) override
    {
        events.push_back(to_xml(element, ns::client));
        last = std::move(element);
        if (after_element) {
            after_element();
        }
    }
    void on_stream_close() override { events.push_back("close"); }

    /// Feeds `bytes` in pieces; the error that ended the stream becomes the last event.
    bool feed(std::string_view bytes, std::size_t piece = SIZE_MAX)
    {
        do {
            const auto fed = parser.feed(bytes.substr(0, piece), pool);
            peak_memory = std::max(peak_memory, parser.memory());
            if (!fed) {
                error = fed.error();
                events.push_back("error " + std::string(to_text(error->condition())));
                return false;
            }
            bytes.remove_prefix(std::min(piece, bytes.size()));
        } while (!bytes.empty());
        return true;
    }

    /// The condition that ended the stream, or "none".
    std::string failure() const { return error ? std::string(to_text(error->condition())) : "none"; }

    std::vector<std::string> events;
    std::optional<StreamError> error;
    StreamParser::Opened opened;
    Element last;
    std::function<void()> after_element;
    std::size_t peak_memory = 0;
    ParserLimits limits;
    ParserPool* pool; ///< from which the parser borrows, or null
    StreamParser parser;
};

} // namespace stonechat::test
