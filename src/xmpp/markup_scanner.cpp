// SPDX-License-Identifier: Apache-2.0
#include "xmpp/markup_scanner.hpp"

#include "xmpp/byte_search.hpp"

#include <algorithm>

namespace stonechat {
namespace {

constexpr std::string_view bom_bytes = "\xef\xbb\xbf";
constexpr std::string_view cdata_word = "[CDATA[";

bool is_white(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool is_reference_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '#' || c == '_'
        || c == '.' || c == '-' || c == ':' || static_cast<unsigned char>(c) >= 0x80;
}

} // namespace

/// One call of scan(): a cursor, and one function for each state.
class MarkupScanner::Run {
public:
    Run(MarkupScanner& scanner, std::string_view bytes, std::size_t limit)
        : s_(scanner), begin_(bytes.data()), at_(begin_), real_end_(begin_ + bytes.size()), limit_(limit)
    {
        clamp(begin_);
    }

    Found run()
    {
        while (at_ != end_ && !stop_) {
            step();
        }
        if (!stop_ && end_ != real_end_) {
            stop_ = Stop::too_big;
        }
        if (s_.in_element_) {
            s_.counted_ += static_cast<std::size_t>(at_ - element_from_);
        }
        return { stop_.value_or(Stop::end_of_bytes), static_cast<std::size_t>(at_ - begin_), safe_ };
    }

private:
    void step()
    {
        switch (s_.state_) {
        case State::start: start(); break;
        case State::bom: bom(); break;
        case State::text: text(); break;
        case State::open: open(); break;
        case State::tag: tag(); break;
        case State::quote: quote(); break;
        case State::reference: reference(); break;
        case State::bang: bang(); break;
        case State::cdata: cdata(); break;
        case State::declaration: declaration(); break;
        }
    }

    void start()
    {
        const auto first = static_cast<unsigned char>(*at_);
        if (first == 0 || first >= 0xfe) { // UTF-32, UTF-16 with or without a byte order mark
            stop_ = Stop::encoding;
            return;
        }
        s_.matched_ = 0;
        s_.state_ = *at_ == bom_bytes[0] ? State::bom : State::text;
    }

    void bom()
    {
        if (*at_ != bom_bytes[s_.matched_]) {
            s_.started_ = true;
            s_.state_ = State::text;
            mark_safe();
            return;
        }
        ++at_;
        if (++s_.matched_ == bom_bytes.size()) {
            s_.state_ = State::text;
            mark_safe();
        }
    }

    void text()
    {
        if (s_.depth_ <= 1) {
            text_between_elements();
            return;
        }
        at_ = find_any(at_, end_, '<', '&');
        mark_safe();
        if (at_ == end_) {
            return;
        }
        s_.state_ = *at_ == '<' ? State::open : State::reference;
        ++at_;
    }

    /// Accepts only white space. expat would report an error only at the end of the word.
    void text_between_elements()
    {
        const char* from = at_;
        while (at_ != end_ && is_white(*at_)) {
            ++at_;
        }
        s_.started_ = s_.started_ || at_ != from;
        mark_safe();
        if (at_ == end_) {
            return;
        }
        if (*at_ != '<') {
            stop_ = s_.depth_ == 1 ? Stop::stray_text : Stop::malformed;
            return;
        }
        s_.in_element_ = true;
        s_.counted_ = 0;
        clamp(at_);
        if (at_ != end_) {
            s_.state_ = State::open;
            ++at_;
        }
    }

    void open()
    {
        const char c = *at_;
        s_.closing_ = false;
        s_.slash_ = false;
        s_.matched_ = 0;
        if (c == '\0' && !s_.started_) {
            stop_ = Stop::encoding; // `<` in UTF-16LE
            return;
        }
        if (c == '?') {
            if (s_.started_) {
                stop_ = Stop::restricted;
                return;
            }
            s_.state_ = State::declaration;
            ++at_;
            return;
        }
        s_.started_ = true;
        if (c == '!') {
            s_.state_ = State::bang;
            ++at_;
            return;
        }
        s_.closing_ = c == '/';
        s_.state_ = State::tag;
        at_ += s_.closing_ ? 1 : 0;
    }

    void tag()
    {
        const char* const from = at_;
        at_ = find_any(from, end_, '>', '\'', '"', '<');
        s_.slash_ = at_ == from ? s_.slash_ : at_[-1] == '/';
        if (at_ == end_) {
            return;
        }
        const char c = *at_;
        if (c == '<') {
            malformed();
            return;
        }
        ++at_;
        if (c == '>') {
            finish_tag();
            return;
        }
        s_.quote_ = c;
        s_.slash_ = false;
        s_.state_ = State::quote;
    }

    void quote()
    {
        at_ = find_any(at_, end_, s_.quote_, '<');
        if (at_ == end_) {
            return;
        }
        if (*at_ == '<') { // XML 1.0 §2.3: not in an attribute value
            malformed();
            return;
        }
        ++at_;
        s_.state_ = State::tag;
    }

    void finish_tag()
    {
        s_.state_ = State::text;
        mark_safe();
        if (s_.closing_ && s_.depth_ == 0) {
            stop_ = Stop::malformed;
            return;
        }
        const bool is_empty = s_.slash_ && !s_.closing_;
        const std::uint32_t before = s_.depth_;
        s_.depth_ += s_.closing_ ? -1u : is_empty ? 0u : 1u;
        if (s_.depth_ > 1 || (s_.depth_ == 1 && before == 1 && !is_empty)) {
            return;
        }
        if (s_.depth_ == 1) {
            stop_ = before == 0 ? Stop::opened : Stop::element;
        } else {
            stop_ = before == 0 ? Stop::opened_and_closed : Stop::closed;
        }
        s_.in_element_ = false;
    }

    void reference()
    {
        while (at_ != end_ && is_reference_character(*at_)) {
            ++at_;
        }
        if (at_ == end_) {
            return;
        }
        if (*at_ != ';') {
            malformed();
            return;
        }
        ++at_;
        s_.state_ = State::text;
        mark_safe();
    }

    void bang()
    {
        if (*at_ != cdata_word[s_.matched_]) {
            if (s_.matched_ == 0) {
                stop_ = Stop::restricted; // a comment or a DTD
            } else {
                malformed();
            }
            return;
        }
        if (s_.depth_ <= 1) {
            stop_ = s_.depth_ == 1 ? Stop::stray_text : Stop::malformed;
            return;
        }
        ++at_;
        if (++s_.matched_ == cdata_word.size()) {
            s_.state_ = State::cdata;
            s_.matched_ = 0;
            mark_safe();
        }
    }

    void cdata()
    {
        for (; at_ != end_; ++at_) {
            const char c = *at_;
            if (c == '>' && s_.matched_ == 2) {
                ++at_;
                s_.state_ = State::text;
                break;
            }
            s_.matched_ = c == ']' ? static_cast<std::uint8_t>(std::min(s_.matched_ + 1, 2)) : 0;
        }
        mark_safe();
    }

    void declaration()
    {
        for (; at_ != end_; ++at_) {
            if (*at_ == '>' && s_.matched_ == 1) {
                ++at_;
                s_.state_ = State::text;
                s_.started_ = true;
                s_.in_element_ = false;
                end_ = real_end_;
                mark_safe();
                return;
            }
            s_.matched_ = *at_ == '?' ? 1 : 0;
        }
    }

    void mark_safe() { safe_ = static_cast<std::size_t>(at_ - begin_); }

    /// Includes the wrong byte in the scanned bytes, so that expat reports the error.
    void malformed()
    {
        ++at_;
        mark_safe();
        stop_ = Stop::malformed;
    }

    /// Moves the end to where the element that continues at `from` becomes too big.
    void clamp(const char* from)
    {
        end_ = real_end_;
        element_from_ = from;
        if (!s_.in_element_) {
            return;
        }
        const std::size_t left = limit_ - std::min(limit_, s_.counted_);
        if (left < static_cast<std::size_t>(real_end_ - from)) {
            end_ = from + left;
        }
    }

    MarkupScanner& s_;
    const char* begin_;
    const char* at_;
    const char* end_ = nullptr;
    const char* real_end_;
    const char* element_from_ = nullptr;
    std::size_t limit_;
    std::optional<std::size_t> safe_;
    std::optional<Stop> stop_;
};

MarkupScanner::Found MarkupScanner::scan(std::string_view bytes, std::size_t limit)
{
    return Run(*this, bytes, limit).run();
}

MarkupScanner MarkupScanner::inside_root()
{
    MarkupScanner scanner;
    scanner.depth_ = 1;
    scanner.state_ = State::text;
    scanner.started_ = true;
    return scanner;
}

void MarkupScanner::forget_tag(std::size_t bytes)
{
    state_ = depth_ == 0 && !started_ ? State::start : State::text;
    counted_ -= std::min(counted_, bytes);
    in_element_ = in_element_ && depth_ > 1;
}

} // namespace stonechat
