// SPDX-License-Identifier: Apache-2.0
// A stream means the same however it is cut, whether or not memory is released in between, and whoever
// else uses the parsers that it borrows; and every element that came out is written so that it reads
// back equal. The first byte of the input chooses the sizes of the pieces, the rest is the stream.
#include "xmpp/ns.hpp"
#include "xmpp/parser_pool.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stream_parser.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace stonechat;

[[noreturn]] void report(const char* what)
{
    std::fprintf(stderr, "%s\n", what);
    std::abort();
}

ParserLimits tight()
{
    ParserLimits limits;
    limits.stanza_bytes = 1000;
    limits.depth = 8;
    limits.attributes = 8;
    limits.namespaces = 4;
    limits.elements = 32;
    return limits;
}

void check_fixpoint(const Element& element)
{
    ParserLimits wide; // what is written declares namespaces more often than what was read
    wide.stanza_bytes = wide.heap_bytes = 64 * 1024 * 1024;
    wide.depth = wide.attributes = wide.namespaces = wide.elements = 1'000'000;
    const std::string xml = to_xml(element);
    const auto read = parse_element(xml, wide);
    if (!read) {
        report("what was written cannot be read");
    }
    if (!(*read == element) || to_xml(*read) != xml) {
        report("what was written reads differently");
    }
}

class Trace final : public StreamParser::Receiver {
public:
    explicit Trace(ParserPool* pool = nullptr) : pool_(pool), parser_(limits_, *this) {}

    void on_stream_open(StreamParser::Opened opened) override
    {
        events.push_back("open " + opened.content_ns + " " + to_xml(opened.header));
    }
    void on_element(Element element) override
    {
        check_fixpoint(element);
        events.push_back(to_xml(element));
        if (element.name() == "restart") {
            parser_.restart();
        } else if (element.name() == "pause") {
            parser_.pause();
        }
    }
    void on_stream_close() override { events.push_back("close"); }

    bool feed(std::string_view bytes)
    {
        while (true) {
            const auto fed = parser_.feed(bytes, pool_);
            if (!fed) {
                events.push_back("error " + std::string(to_text(fed.error().condition())));
                return false;
            }
            if (!parser_.is_paused()) {
                return true;
            }
            parser_.resume();
            bytes = {};
        }
    }

    void release() { parser_.release_memory(); }

    std::vector<std::string> events;

private:
    const ParserLimits limits_ = tight();
    ParserPool* pool_;
    StreamParser parser_;
};

enum class Release { never, always };

std::vector<std::string> trace(std::string_view bytes, std::size_t piece, Release release)
{
    Trace trace;
    do {
        if (!trace.feed(bytes.substr(0, piece))) {
            break;
        }
        bytes.remove_prefix(std::min(piece, bytes.size()));
        if (release == Release::always) {
            trace.release();
        }
    } while (!bytes.empty());
    return trace.events;
}

/// Takes one piece off the front of `bytes`; false when the stream has ended or nothing is left.
bool feed_piece(Trace& trace, std::string_view& bytes, std::size_t piece)
{
    if (bytes.empty()) {
        return false;
    }
    const bool goes_on = trace.feed(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    return goes_on;
}

/// The same stream twice, in pieces of different sizes, and a neighbour whose elements hold the input in
/// turns; all borrow from one pool between the pieces of the others.
void check_shared(std::string_view stream, std::size_t piece, const std::vector<std::string>& whole)
{
    constexpr std::string_view root =
        "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";
    ParserPool pool;
    Trace first(&pool);
    Trace second(&pool);
    std::string_view rest_of_first = stream;
    std::string_view rest_of_second = stream;
    bool first_goes_on = true;
    bool second_goes_on = true;
    std::string_view noise = stream;
    while (first_goes_on || second_goes_on) {
        Trace neighbour(&pool);
        neighbour.feed(root);
        neighbour.feed("<message><body a='");
        first_goes_on = first_goes_on && feed_piece(first, rest_of_first, piece);
        if (neighbour.feed("'/></message>")) {
            feed_piece(neighbour, noise, piece + 3);
        }
        second_goes_on = second_goes_on && feed_piece(second, rest_of_second, 2 * piece + 1);
    }
    if (first.events != whole || second.events != whole) {
        report("what others do with a borrowed parser changes the meaning");
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0) {
        return 0;
    }
    const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto whole = trace(stream, SIZE_MAX, Release::never);
    if (trace(stream, 1, Release::never) != whole) {
        report("single bytes mean something else");
    }
    if (trace(stream, data[0] + 2u, Release::never) != whole) {
        report("pieces mean something else");
    }
    if (trace(stream, data[0] % 16 + 1u, Release::always) != whole) {
        report("releasing memory changes the meaning");
    }
    check_shared(stream, data[0] % 32 + 1u, whole);
    return 0;
}
