// SPDX-License-Identifier: Apache-2.0
#include "xmpp/search_text.hpp"

#include "base/ascii.hpp"

#include <algorithm>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>
#include <unicode/utf8.h>
#include <utility>

namespace stonechat {
namespace {

enum class SearchKind { none, word, unspaced, emoji };

bool is_unspaced_script(UChar32 c)
{
    UErrorCode status = U_ZERO_ERROR;
    switch (uscript_getScript(c, &status)) {
    case USCRIPT_HAN:
    case USCRIPT_HIRAGANA:
    case USCRIPT_KATAKANA:
    case USCRIPT_THAI:
    case USCRIPT_LAO:
    case USCRIPT_KHMER:
    case USCRIPT_MYANMAR: return true;
    default: return c == 0x30fc; // the mark of a long vowel, which two scripts use
    }
}

SearchKind search_kind_of(UChar32 c)
{
    constexpr std::uint32_t in_words = U_GC_L_MASK | U_GC_N_MASK | U_GC_MN_MASK | U_GC_MC_MASK | U_GC_CO_MASK;
    if ((U_GET_GC_MASK(c) & in_words) != 0) {
        return is_unspaced_script(c) ? SearchKind::unspaced : SearchKind::word;
    }
    constexpr UChar32 unreadable = 0xfffd;
    const bool is_symbol = u_charType(c) == U_OTHER_SYMBOL
        || u_hasBinaryProperty(c, UCHAR_EXTENDED_PICTOGRAPHIC) != 0;
    return is_symbol && c != unreadable ? SearchKind::emoji : SearchKind::none;
}

bool is_accented_script(UChar32 c)
{
    UErrorCode status = U_ZERO_ERROR;
    const auto script = uscript_getScript(c, &status);
    return script == USCRIPT_LATIN || script == USCRIPT_GREEK;
}

/// Removes the accents of Latin and Greek letters only: in other scripts they make a different letter.
icu::UnicodeString without_accents(const icu::UnicodeString& word)
{
    UErrorCode status = U_ZERO_ERROR;
    const auto* nfd = icu::Normalizer2::getNFDInstance(status);
    if (U_FAILURE(status)) {
        return word;
    }
    const icu::UnicodeString apart = nfd->normalize(word, status);
    icu::UnicodeString bare;
    bool drops = false;
    bool dropped = false;
    for (std::int32_t at = 0; at < apart.length(); at = apart.moveIndex32(at, 1)) {
        const UChar32 c = apart.char32At(at);
        const bool is_accent = c >= 0x300 && c <= 0x36f;
        if (!is_accent) {
            drops = is_accented_script(c);
        }
        if (is_accent && drops) {
            dropped = true;
        } else {
            bare.append(c);
        }
    }
    return dropped ? bare : word;
}

/// Collects the tokens of one text.
class SearchTokens {
public:
    explicit SearchTokens(SearchSide side) : side_(side) {}

    void take(UChar32 c)
    {
        const SearchKind kind = search_kind_of(c);
        if (kind != kind_ || kind == SearchKind::emoji) {
            flush(false);
            kind_ = kind;
        }
        if (kind != SearchKind::none) {
            run_.append(c);
        }
    }

    std::vector<std::string> all()
    {
        flush(true);
        return std::move(tokens_);
    }

private:
    void flush(bool at_end)
    {
        if (run_.isEmpty()) {
            return;
        }
        if (kind_ == SearchKind::unspaced) {
            add_pairs(at_end);
        } else {
            add(kind_ == SearchKind::word ? without_accents(run_) : run_);
        }
        run_.remove();
    }

    void add_pairs(bool at_end)
    {
        std::int32_t at = 0;
        std::int32_t next = run_.moveIndex32(at, 1);
        for (; next < run_.length(); at = next, next = run_.moveIndex32(next, 1)) {
            add(run_.tempSubStringBetween(at, run_.moveIndex32(next, 1)));
        }
        const bool is_open = at_end && side_ == SearchSide::query && at > 0;
        if (!is_open) {
            add(run_.tempSubString(at));
        }
    }

    void add(const icu::UnicodeString& token)
    {
        if (!token.isEmpty()) {
            token.toUTF8String(tokens_.emplace_back());
        }
    }

    SearchSide side_;
    SearchKind kind_ = SearchKind::none;
    icu::UnicodeString run_;
    std::vector<std::string> tokens_;
};

bool is_all_ascii(std::string_view text)
{
    return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool is_ascii_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::vector<std::string> ascii_search_tokens(std::string_view text)
{
    std::vector<std::string> tokens;
    bool inside = false;
    for (const char c : text) {
        if (!is_ascii_letter_or_digit(c)) {
            inside = false;
            continue;
        }
        if (!inside) {
            tokens.emplace_back();
            inside = true;
        }
        tokens.back().push_back(ascii_lower(c));
    }
    return tokens;
}

} // namespace

std::vector<std::string> search_tokens(std::string_view text, SearchSide side)
{
    if (is_all_ascii(text)) {
        return ascii_search_tokens(text);
    }
    UErrorCode status = U_ZERO_ERROR;
    const auto* fold = icu::Normalizer2::getNFKCCasefoldInstance(status);
    auto folded = icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(),
        static_cast<std::int32_t>(text.size())));
    if (U_SUCCESS(status)) {
        folded = fold->normalize(folded, status);
    }
    SearchTokens tokens(side);
    for (std::int32_t at = 0; at < folded.length(); at = folded.moveIndex32(at, 1)) {
        tokens.take(folded.char32At(at));
    }
    return tokens.all();
}

bool is_single_unspaced(std::string_view token)
{
    std::int32_t at = 0;
    UChar32 c = 0;
    U8_NEXT(token.data(), at, static_cast<std::int32_t>(token.size()), c);
    return c >= 0x80 && static_cast<std::size_t>(at) == token.size() && is_unspaced_script(c);
}

} // namespace stonechat
