// SPDX-License-Identifier: Apache-2.0
#include "xmpp/stream_parser.hpp"

#include "base/prefetch.hpp"
#include "xmpp/markup_scanner.hpp"
#include "xmpp/parser_pool.hpp"
#include "xmpp/tree_builder.hpp"
#include "xmpp/utf8.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <utility>

namespace stonechat {
namespace {

using Stop = MarkupScanner::Stop;

// Maximum number of bytes given to expat at a time, to keep its buffer small; only a single tag may be
// longer.
constexpr std::size_t slice_bytes = 16 * 1024;

/// The tag that reopens a root. Nearly all streams share constant ones.
class RootTag {
public:
    std::string_view text() const { return text_; }
    std::size_t heap_bytes() const { return own_ ? text_.size() : 0; }
    /// Whether it is one of the constants.
    bool is_usual() const { return !own_ && !text_.empty(); }

    void set(std::string_view tag)
    {
        const auto same = std::find(usual.begin(), usual.end(), tag);
        own_.reset();
        if (same != usual.end()) {
            text_ = *same;
            return;
        }
        own_ = std::make_unique<char[]>(tag.size());
        std::memcpy(own_.get(), tag.data(), tag.size());
        text_ = std::string_view(own_.get(), tag.size());
    }
    void clear()
    {
        own_.reset();
        text_ = {};
    }

    /// The root that stands around elements which are documents of their own.
    static constexpr std::string_view of_documents = "<root>";

private:
    static constexpr std::array<std::string_view, 3> usual {
        "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
        "<stream:stream xmlns='jabber:server' xmlns:db='jabber:server:dialback' "
        "xmlns:stream='http://etherx.jabber.org/streams'>",
        of_documents,
    };

    std::string_view text_;
    std::unique_ptr<char[]> own_;
};

StreamError too_big()
{
    return StreamError(StreamError::policy_violation, "The stanza is too big.")
        .with(Element("stanza-too-big", "urn:xmpp:errors"));
}

} // namespace

struct StreamParser::State {
    const ParserLimits* limits;
    Receiver* receiver;
    std::unique_ptr<TreeBuilder> builder; ///< null while not needed, or returned to a pool
    RootTag root;
    MarkupScanner scanner;
    Utf8Validator utf8;
    bool paused = false;
    bool feeding = false;
    bool closed = false;
    bool close_follows = false; ///< the root was an empty tag
    bool failed = false;
    StreamError::Condition failure = StreamError::undefined_condition;

    // Bytes that were fed but not given to expat: a view of the caller's bytes during feed(), else in `kept`.
    std::string_view input;
    std::size_t scanned = 0; ///< bytes of it that were scanned: an unfinished tag
    std::string kept;
    std::size_t kept_at = 0; ///< where it begins in `kept`

    State(const ParserLimits& parser_limits, Receiver& its_receiver)
        : limits(&parser_limits), receiver(&its_receiver)
    {}

    std::optional<StreamError> feed(std::string_view bytes, ParserPool* pool);
    void keep(std::string_view bytes);
    void keep_rest(std::string&& joined);
    std::optional<StreamError> run(ParserPool* pool);
    void pass_over_white_space();
    MarkupScanner::Found scan(std::string_view bytes, bool& is_utf8);
    std::optional<StreamError> parse(std::string_view piece, ParserPool* pool);
    std::optional<StreamError> take_builder(ParserPool* pool);
    void give_builder_back(ParserPool& pool);
    std::optional<StreamError> deliver(Stop stop);
    std::optional<StreamError> deliver_opened();
    std::optional<StreamError> deliver_element();
    void deliver_closed();
};

std::optional<StreamError> StreamParser::State::feed(std::string_view bytes, ParserPool* pool)
{
    if (paused || !kept.empty()) {
        keep(bytes);
    }
    if (paused) {
        return std::nullopt;
    }
    std::string joined = std::exchange(kept, std::string());
    input = joined.empty() ? bytes : std::string_view(joined).substr(kept_at);
    kept_at = 0;
    feeding = true;
    auto error = run(pool);
    feeding = false;
    keep_rest(std::move(joined));
    if (pool != nullptr && !error) {
        give_builder_back(*pool);
    }
    return error;
}

void StreamParser::State::keep(std::string_view bytes)
{
    if (kept_at > kept.size() / 2) {
        kept.erase(0, kept_at);
        kept_at = 0;
    }
    if (kept.size() + bytes.size() > kept.capacity() && kept.size() > slice_bytes) {
        // Reserved at once; growth by doubling would hold two copies for a moment.
        kept.reserve(std::max(kept.size() + bytes.size(),
            std::min(limits->stanza_bytes + slice_bytes, 16 * kept.size())));
    }
    kept += bytes;
}

void StreamParser::State::keep_rest(std::string&& joined)
{
    const std::string_view rest = std::exchange(input, {});
    if (rest.empty() || closed) {
        return;
    }
    if (joined.empty()) {
        kept = rest;
        return;
    }
    kept_at = static_cast<std::size_t>(rest.data() - joined.data());
    kept = std::move(joined);
}

std::optional<StreamError> StreamParser::State::run(ParserPool* pool)
{
    if (close_follows && !paused) {
        deliver_closed();
    }
    while (!paused && !closed) {
        if (scanner.at_start()) {
            pass_over_white_space();
        }
        if (scanned == input.size()) {
            break;
        }
        bool is_utf8 = true;
        const MarkupScanner::Found found = scan(input.substr(scanned, slice_bytes), is_utf8);
        scanned += found.scanned;
        if (found.safe) {
            const std::string_view piece = input.substr(0, scanned - found.scanned + *found.safe);
            input.remove_prefix(piece.size());
            scanned -= piece.size();
            if (auto error = parse(piece, pool)) {
                return error;
            }
        }
        if (!is_utf8) {
            return StreamError(StreamError::not_well_formed, "This is not UTF-8.");
        }
        if (auto error = deliver(found.stop)) {
            return error;
        }
    }
    return std::nullopt;
}

/// Clients that write line by line end the last element of the previous stream with a line feed. It arrives
/// in the new stream, where XML 1.0 §2.8 allows nothing before the declaration. It is skipped, as it has no
/// meaning (RFC 6120 §4.6.1).
void StreamParser::State::pass_over_white_space()
{
    const std::size_t first = input.find_first_not_of(" \t\r\n");
    input.remove_prefix(std::min(first, input.size()));
}

/// Bytes before invalid UTF-8 are processed, as if the rest had not arrived yet.
MarkupScanner::Found StreamParser::State::scan(std::string_view bytes, bool& is_utf8)
{
    const MarkupScanner before = scanner;
    const MarkupScanner::Found found = scanner.scan(bytes, limits->stanza_bytes);
    const std::size_t valid = utf8.valid_prefix(bytes.substr(0, found.scanned));
    if (valid == found.scanned) {
        return found;
    }
    is_utf8 = false;
    scanner = before;
    return scanner.scan(bytes.substr(0, valid), limits->stanza_bytes);
}

std::optional<StreamError> StreamParser::State::parse(std::string_view piece, ParserPool* pool)
{
    if (piece.empty()) {
        return std::nullopt;
    }
    const bool is_between = builder ? builder->is_between_elements() : !root.text().empty();
    if (is_between && is_white(piece)) {
        return std::nullopt; // a keepalive, or a line end after an element: no parser is needed
    }
    if (!builder) {
        if (auto error = take_builder(pool)) {
            return error;
        }
    }
    return builder->parse(piece);
}

std::optional<StreamError> StreamParser::State::take_builder(ParserPool* pool)
{
    if (pool != nullptr && root.is_usual()) {
        builder = pool->borrow(root.text(), *limits);
    }
    if (builder) {
        return std::nullopt;
    }
    builder = std::make_unique<TreeBuilder>(*limits);
    return root.text().empty() ? std::nullopt : builder->replay_root(root.text());
}

/// A tag that is held back does not count: expat has seen nothing of it.
void StreamParser::State::give_builder_back(ParserPool& pool)
{
    if (builder && root.is_usual() && builder->is_between_elements()) {
        pool.give_back(root.text(), std::move(builder));
    }
}

std::optional<StreamError> StreamParser::State::deliver(Stop stop)
{
    switch (stop) {
    case Stop::end_of_bytes: return std::nullopt;
    case Stop::opened: return deliver_opened();
    case Stop::opened_and_closed: {
        close_follows = true;
        auto error = deliver_opened();
        if (!error && close_follows && !paused) {
            deliver_closed();
        }
        return error;
    }
    case Stop::element: return deliver_element();
    case Stop::closed: deliver_closed(); return std::nullopt;
    case Stop::too_big: return too_big();
    case Stop::restricted:
        return StreamError(StreamError::restricted_xml,
            "No comments, processing instructions or document types here.");
    case Stop::encoding: return StreamError(StreamError::unsupported_encoding, "Only UTF-8 is spoken here.");
    case Stop::stray_text: return StreamError(StreamError::bad_format, "There is text between stanzas.");
    case Stop::malformed: return StreamError(StreamError::not_well_formed);
    }
    return std::nullopt;
}

std::optional<StreamError> StreamParser::State::deliver_opened()
{
    auto opened = builder->take_opened();
    if (!opened) {
        return StreamError(StreamError::not_well_formed);
    }
    root.set(builder->take_root_tag());
    receiver->on_stream_open(std::move(*opened));
    return std::nullopt;
}

std::optional<StreamError> StreamParser::State::deliver_element()
{
    auto element = builder->take_element();
    if (!element) {
        return StreamError(StreamError::not_well_formed);
    }
    if (builder->expat_bytes() > limits->recycle_above_bytes) {
        builder.reset();
    }
    receiver->on_element(std::move(*element));
    return std::nullopt;
}

void StreamParser::State::deliver_closed()
{
    closed = true;
    close_follows = false;
    builder.reset();
    receiver->on_stream_close();
}

StreamParser::StreamParser(const ParserLimits& limits, Receiver& receiver)
    : state_(std::make_unique<State>(limits, receiver))
{}

StreamParser::~StreamParser() = default;

Result<Done, StreamError> StreamParser::feed(std::string_view bytes, ParserPool* pool)
{
    State& s = *state_;
    assert(!s.feeding);
    if (s.failed) {
        return StreamError(s.failure);
    }
    if (s.closed) {
        return Done();
    }
    if (auto error = s.feed(bytes, pool)) {
        s.failed = true;
        s.failure = error->condition();
        s.builder.reset();
        std::string().swap(s.kept); // assigning would keep the capacity
        s.kept_at = 0;
        return std::move(*error);
    }
    return Done();
}

void StreamParser::restart_without_root()
{
    restart();
    state_->root.set(RootTag::of_documents);
    state_->scanner = MarkupScanner::inside_root();
}

void StreamParser::restart()
{
    State& s = *state_;
    s.builder.reset();
    s.root.clear();
    s.scanner = MarkupScanner();
    s.utf8 = Utf8Validator();
    s.scanned = 0;
    s.closed = false;
    s.close_follows = false;
}

void StreamParser::pause()
{
    state_->paused = true;
}

bool StreamParser::is_paused() const
{
    return state_->paused;
}

void StreamParser::resume()
{
    state_->paused = false;
}

std::size_t StreamParser::unread() const
{
    return state_->feeding ? state_->input.size() : state_->kept.size() - state_->kept_at;
}

std::string StreamParser::take_unread()
{
    State& s = *state_;
    std::string bytes = s.feeding ? std::string(s.input) : std::exchange(s.kept, std::string());
    bytes.erase(0, std::exchange(s.kept_at, 0));
    s.input = {};
    if (s.scanned > 0) {
        s.scanner.forget_tag(s.scanned);
        s.utf8 = Utf8Validator();
        s.scanned = 0;
    }
    return bytes;
}

void StreamParser::set_limits(const ParserLimits& limits)
{
    state_->limits = &limits;
    if (state_->builder) {
        state_->builder->set_limits(limits);
    }
}

void StreamParser::prepare() const
{
    prefetch_lines(state_.get(), sizeof(State));
}

void StreamParser::release_memory()
{
    if (at_boundary() && unread() == 0) {
        state_->builder.reset();
        state_->kept.shrink_to_fit();
    }
}

std::size_t StreamParser::memory() const
{
    const State& s = *state_;
    const std::size_t on_heap = s.kept.capacity() > sizeof(std::string) ? s.kept.capacity() : 0;
    const std::size_t built = s.builder
        ? sizeof(TreeBuilder) + s.builder->expat_bytes() + s.builder->tree_bytes()
        : 0;
    return sizeof(StreamParser) + sizeof(State) + s.root.heap_bytes() + on_heap + built;
}

bool StreamParser::at_boundary() const
{
    return state_->scanner.between_elements() && state_->scanned == 0;
}

Result<Element, StreamError> parse_element(std::string_view xml, const ParserLimits& limits)
{
    struct Single final : StreamParser::Receiver {
        void on_stream_open(StreamParser::Opened) override {}
        void on_element(Element found) override
        {
            is_single = !element;
            element = std::move(found);
        }
        void on_stream_close() override { is_single = false; }

        std::optional<Element> element;
        bool is_single = false;
    };
    Single single;
    StreamParser parser(limits, single);
    parser.restart_without_root();
    if (const auto fed = parser.feed(xml); !fed) {
        return fed.error();
    }
    if (!single.is_single || !parser.at_boundary()) {
        return StreamError(StreamError::not_well_formed, "This is not exactly one element.");
    }
    return std::move(*single.element);
}

} // namespace stonechat
