// SPDX-License-Identifier: Apache-2.0
#include "storage/message_text.hpp"

#include "base/ascii.hpp"
#include "xmpp/jid.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/search_text.hpp"
#include "xmpp/stream_parser.hpp"

#include <utility>

namespace stonechat {

namespace {

constexpr std::size_t words_at_most = 32;
constexpr std::size_t shortest_prefix = 3; // bytes

bool is_part_of_word(char c)
{
    // Keep non-ASCII bytes: the tokenizer of the index knows Unicode.
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
        || static_cast<unsigned char>(c) >= 0x80;
}

std::vector<std::string> search_words(std::string_view text)
{
    std::vector<std::string> words;
    bool inside = false;
    for (const char c : text) {
        if (!is_part_of_word(c)) {
            inside = false;
            continue;
        }
        if (!inside) {
            if (words.size() == words_at_most) {
                break;
            }
            words.emplace_back();
            inside = true;
        }
        words.back().push_back(ascii_lower(c));
    }
    return words;
}

} // namespace

std::string body_of(std::string_view xml)
{
    std::string text;
    const auto stanza = parse_element(xml);
    if (!stanza) {
        return text;
    }
    for (const auto* body : stanza->children("body", stanza->ns().text())) {
        text.append(text.empty() ? "" : "\n").append(body->text());
    }
    return text;
}

std::string bare_sender_of(std::string_view xml)
{
    const auto stanza = parse_element(xml);
    if (!stanza) {
        return {};
    }
    const auto from = Jid::parse(stanza->attribute_or("from"));
    return from ? std::string(from->bare_text()) : std::string();
}

bool has_message_id(std::string_view xml, std::string_view id)
{
    // An id without characters to escape appears literally in the XML, so most stanzas need no parsing.
    const bool is_plain = id.find_first_of("&<>'\"\t\r\n") == std::string_view::npos;
    if (is_plain && xml.find(id) == std::string_view::npos) {
        return false;
    }
    const auto stanza = parse_element(xml);
    if (!stanza) {
        return false;
    }
    const auto* origin = stanza->child("origin-id", ns::stanza_id);
    return stanza->attribute("id") == id || (origin != nullptr && origin->attribute("id") == id);
}

std::vector<SearchTerm> search_terms(std::string_view text)
{
    std::vector<SearchTerm> terms;
    const auto words = search_words(text);
    for (const auto& word : words) {
        SearchTerm term { word, search_tokens(word, SearchSide::query), false };
        if (!term.tokens.empty()) {
            const bool is_last = &word == &words.back() && word.size() >= shortest_prefix;
            term.is_prefix = is_last || is_single_unspaced(term.tokens.back());
            terms.push_back(std::move(term));
        }
    }
    return terms;
}

} // namespace stonechat
