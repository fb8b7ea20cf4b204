// SPDX-License-Identifier: Apache-2.0
#include "xmpp/precis.hpp"

#include "xmpp/utf8.hpp"

#include <algorithm>
#include <initializer_list>
#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/uidna.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>
#include <unicode/usprep.h>
#include <vector>

namespace stonechat {
namespace {

using icu::UnicodeString;
using CodePoints = std::vector<UChar32>;

// RFC 8264 §8, the order of the sections of the RFC is the order of the tests below.
enum class Property {
    valid,      ///< PVALID
    freeform,   ///< ID_DIS or FREE_PVAL
    contextual, ///< CONTEXTJ, CONTEXTO
    disallowed,
    unassigned,
};

enum class StringClass { identifier, freeform };

bool is_any_of(UChar32 c, std::initializer_list<UChar32> set)
{
    return std::find(set.begin(), set.end(), c) != set.end();
}

bool is_arabic_indic_digit(UChar32 c)
{
    return c >= 0x0660 && c <= 0x0669;
}

bool is_extended_arabic_indic_digit(UChar32 c)
{
    return c >= 0x06f0 && c <= 0x06f9;
}

/// RFC 5892 §2.6, which RFC 8264 §9.6 adopts.
std::optional<Property> exception_for(UChar32 c)
{
    if (is_any_of(c, { 0x00df, 0x03c2, 0x06fd, 0x06fe, 0x0f0b, 0x3007 })) {
        return Property::valid;
    }
    if (is_any_of(c, { 0x00b7, 0x0375, 0x05f3, 0x05f4, 0x30fb }) || is_arabic_indic_digit(c)
        || is_extended_arabic_indic_digit(c)) {
        return Property::contextual;
    }
    if (is_any_of(c, { 0x0640, 0x07fa, 0x302e, 0x302f, 0x3031, 0x3032, 0x3033, 0x3034, 0x3035, 0x303b })) {
        return Property::disallowed;
    }
    return std::nullopt;
}

bool is_old_hangul_jamo(UChar32 c)
{
    const int type = u_getIntPropertyValue(c, UCHAR_HANGUL_SYLLABLE_TYPE);
    return type == U_HST_LEADING_JAMO || type == U_HST_VOWEL_JAMO || type == U_HST_TRAILING_JAMO;
}

/// Returns ICU's instance, which lives as long as ICU's data; a call costs an atomic read.
const icu::Normalizer2* normalizer(const icu::Normalizer2* (*get)(UErrorCode&))
{
    UErrorCode status = U_ZERO_ERROR;
    const icu::Normalizer2* found = get(status);
    return U_SUCCESS(status) ? found : nullptr;
}

bool has_compatibility_mapping(UChar32 c)
{
    const auto* nfkc = normalizer(&icu::Normalizer2::getNFKCInstance);
    UErrorCode status = U_ZERO_ERROR;
    const UnicodeString one(c);
    return nfkc == nullptr || nfkc->normalize(one, status) != one || U_FAILURE(status);
}

Property property_of(UChar32 c)
{
    if (const auto exception = exception_for(c)) {
        return *exception;
    }
    const bool noncharacter = u_hasBinaryProperty(c, UCHAR_NONCHARACTER_CODE_POINT) != 0;
    const int category = u_charType(c);
    if (category == U_UNASSIGNED && !noncharacter) {
        return Property::unassigned;
    }
    if (c >= 0x21 && c <= 0x7e) {
        return Property::valid;
    }
    if (u_hasBinaryProperty(c, UCHAR_JOIN_CONTROL)) {
        return Property::contextual;
    }
    if (is_old_hangul_jamo(c) || noncharacter || u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT)
        || category == U_CONTROL_CHAR) {
        return Property::disallowed;
    }
    if (has_compatibility_mapping(c)) {
        return Property::freeform;
    }
    constexpr std::uint32_t letter_digits = U_GC_LL_MASK | U_GC_LU_MASK | U_GC_LO_MASK | U_GC_ND_MASK
        | U_GC_LM_MASK | U_GC_MN_MASK | U_GC_MC_MASK;
    constexpr std::uint32_t freeform = U_GC_LT_MASK | U_GC_NL_MASK | U_GC_NO_MASK | U_GC_ME_MASK
        | U_GC_ZS_MASK | U_GC_S_MASK | U_GC_P_MASK;
    if ((U_MASK(category) & letter_digits) != 0) {
        return Property::valid;
    }
    return (U_MASK(category) & freeform) != 0 ? Property::freeform : Property::disallowed;
}

UScriptCode script_of(UChar32 c)
{
    UErrorCode status = U_ZERO_ERROR;
    const UScriptCode script = uscript_getScript(c, &status);
    return U_SUCCESS(status) ? script : USCRIPT_INVALID_CODE;
}

int joining_type(UChar32 c)
{
    return u_getIntPropertyValue(c, UCHAR_JOINING_TYPE);
}

/// RFC 5892 appendix A.1, the second half: the joiner stands between letters that join.
bool joins_letters(const CodePoints& text, std::size_t at)
{
    std::size_t left = at;
    do {
        if (left == 0) {
            return false;
        }
        --left;
    } while (joining_type(text[left]) == U_JT_TRANSPARENT);
    std::size_t right = at;
    do {
        if (++right == text.size()) {
            return false;
        }
    } while (joining_type(text[right]) == U_JT_TRANSPARENT);
    const int before = joining_type(text[left]);
    const int after = joining_type(text[right]);
    return (before == U_JT_LEFT_JOINING || before == U_JT_DUAL_JOINING)
        && (after == U_JT_RIGHT_JOINING || after == U_JT_DUAL_JOINING);
}

/// RFC 5892 appendix A.
bool context_allows(const CodePoints& text, std::size_t at)
{
    constexpr int virama = 9; // Canonical_Combining_Class
    const bool has_before = at > 0;
    const bool has_after = at + 1 < text.size();
    const UChar32 c = text[at];
    switch (c) {
    case 0x200c: // ZERO WIDTH NON-JOINER
        return (has_before && u_getCombiningClass(text[at - 1]) == virama) || joins_letters(text, at);
    case 0x200d: // ZERO WIDTH JOINER
        return has_before && u_getCombiningClass(text[at - 1]) == virama;
    case 0x00b7: // MIDDLE DOT, of Catalan
        return has_before && has_after && text[at - 1] == 'l' && text[at + 1] == 'l';
    case 0x0375: // GREEK LOWER NUMERAL SIGN
        return has_after && script_of(text[at + 1]) == USCRIPT_GREEK;
    case 0x05f3: // HEBREW PUNCTUATION GERESH
    case 0x05f4: // HEBREW PUNCTUATION GERSHAYIM
        return has_before && script_of(text[at - 1]) == USCRIPT_HEBREW;
    case 0x30fb: // KATAKANA MIDDLE DOT
        return std::any_of(text.begin(), text.end(), [](UChar32 other) {
            const UScriptCode script = script_of(other);
            return script == USCRIPT_HIRAGANA || script == USCRIPT_KATAKANA || script == USCRIPT_HAN;
        });
    }
    if (is_arabic_indic_digit(c)) {
        return std::none_of(text.begin(), text.end(), is_extended_arabic_indic_digit);
    }
    if (is_extended_arabic_indic_digit(c)) {
        return std::none_of(text.begin(), text.end(), is_arabic_indic_digit);
    }
    return false;
}

bool is_in_class(const CodePoints& text, StringClass string_class)
{
    for (std::size_t i = 0; i < text.size(); ++i) {
        switch (property_of(text[i])) {
        case Property::valid: break;
        case Property::freeform:
            if (string_class == StringClass::identifier) {
                return false;
            }
            break;
        case Property::contextual:
            if (!context_allows(text, i)) {
                return false;
            }
            break;
        case Property::disallowed:
        case Property::unassigned: return false;
        }
    }
    return true;
}

std::uint32_t direction_bit(UChar32 c)
{
    return 1u << u_charDirection(c);
}

/// Checks the bidi rule of RFC 5893 §2, for text that has a right-to-left character.
bool obeys_bidi_rule(const CodePoints& text)
{
    constexpr std::uint32_t left = 1u << U_LEFT_TO_RIGHT;
    constexpr std::uint32_t right = 1u << U_RIGHT_TO_LEFT | 1u << U_RIGHT_TO_LEFT_ARABIC;
    constexpr std::uint32_t arabic_number = 1u << U_ARABIC_NUMBER;
    constexpr std::uint32_t european_number = 1u << U_EUROPEAN_NUMBER;
    constexpr std::uint32_t mark = 1u << U_DIR_NON_SPACING_MARK;
    constexpr std::uint32_t neutral = 1u << U_EUROPEAN_NUMBER_SEPARATOR | 1u << U_COMMON_NUMBER_SEPARATOR
        | 1u << U_EUROPEAN_NUMBER_TERMINATOR | 1u << U_OTHER_NEUTRAL | 1u << U_BOUNDARY_NEUTRAL | mark;

    std::uint32_t present = 0;
    for (const UChar32 c : text) {
        present |= direction_bit(c);
    }
    if ((present & (right | arabic_number)) == 0) {
        return true;
    }
    std::size_t last = text.size() - 1;
    while (last > 0 && direction_bit(text[last]) == mark) {
        --last;
    }
    const std::uint32_t first_bit = direction_bit(text.front());
    const std::uint32_t last_bit = direction_bit(text[last]);
    if ((first_bit & right) != 0) {
        const bool mixes_numbers = (present & arabic_number) != 0 && (present & european_number) != 0;
        return (present & ~(right | arabic_number | european_number | neutral)) == 0
            && (last_bit & (right | arabic_number | european_number)) != 0 && !mixes_numbers;
    }
    return (first_bit & left) != 0 && (present & ~(left | european_number | neutral)) == 0
        && (last_bit & (left | european_number)) != 0;
}

CodePoints code_points(const UnicodeString& text)
{
    CodePoints points;
    points.reserve(static_cast<std::size_t>(text.length()));
    for (std::int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
        points.push_back(text.char32At(i));
    }
    return points;
}

UnicodeString from_code_points(const CodePoints& points)
{
    return UnicodeString::fromUTF32(points.data(), static_cast<std::int32_t>(points.size()));
}

UnicodeString from_utf8(std::string_view text)
{
    return UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())));
}

std::string to_utf8(const UnicodeString& text)
{
    std::string bytes;
    text.toUTF8String(bytes);
    return bytes;
}

/// Maps fullwidth and halfwidth characters to the characters of which they are variants (RFC 8264 §5.2.1).
UnicodeString map_width(const UnicodeString& text)
{
    const auto* nfkc = normalizer(&icu::Normalizer2::getNFKCInstance);
    UnicodeString mapped;
    for (const UChar32 c : code_points(text)) {
        const int type = u_getIntPropertyValue(c, UCHAR_DECOMPOSITION_TYPE);
        UnicodeString variant;
        const bool is_variant = type == U_DT_WIDE || type == U_DT_NARROW;
        if (is_variant && nfkc != nullptr && nfkc->getRawDecomposition(c, variant)) {
            mapped.append(variant);
        } else {
            mapped.append(c);
        }
    }
    return mapped;
}

UnicodeString map_spaces(const UnicodeString& text)
{
    CodePoints points = code_points(text);
    for (UChar32& c : points) {
        c = u_charType(c) == U_SPACE_SEPARATOR ? U' ' : c;
    }
    return from_code_points(points);
}

std::optional<UnicodeString> compose(const UnicodeString& text)
{
    const auto* nfc = normalizer(&icu::Normalizer2::getNFCInstance);
    if (nfc == nullptr) {
        return std::nullopt;
    }
    UErrorCode status = U_ZERO_ERROR;
    UnicodeString composed = nfc->normalize(text, status);
    if (U_FAILURE(status)) {
        return std::nullopt;
    }
    return composed;
}

using Mapping = std::optional<UnicodeString> (*)(const UnicodeString&);

std::optional<UnicodeString> map_username(const UnicodeString& text)
{
    UnicodeString mapped = map_width(text);
    mapped.toLower(icu::Locale::getRoot());
    return compose(mapped);
}

std::optional<UnicodeString> map_opaque(const UnicodeString& text)
{
    return compose(map_spaces(text));
}

/// Applies `mapping` until the text no longer changes; returns nothing if it never stops changing (RFC 8264
/// §7).
std::optional<UnicodeString> map_until_stable(const UnicodeString& text, Mapping mapping)
{
    UnicodeString current = text;
    for (int round = 0; round < 4; ++round) {
        const auto mapped = mapping(current);
        if (!mapped) {
            return std::nullopt;
        }
        if (*mapped == current) {
            return current;
        }
        current = *mapped;
    }
    return std::nullopt;
}

/// Returns the profile of SASLprep, opened once for the process.
const UStringPrepProfile* sasl_profile()
{
    struct Handle {
        UErrorCode status = U_ZERO_ERROR;
        UStringPrepProfile* profile = usprep_openByType(USPREP_RFC4013_SASLPREP, &status);
        Handle() = default;
        ~Handle() { usprep_close(profile); }
    };
    static const Handle handle;
    return U_SUCCESS(handle.status) ? handle.profile : nullptr;
}

/// Returns the handle of the process. It is immutable, and opening one is slow.
const UIDNA* idna()
{
    struct Handle {
        UErrorCode status = U_ZERO_ERROR;
        UIDNA* uidna = uidna_openUTS46(UIDNA_USE_STD3_RULES | UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ
                | UIDNA_CHECK_CONTEXTO | UIDNA_NONTRANSITIONAL_TO_ASCII | UIDNA_NONTRANSITIONAL_TO_UNICODE,
            &status);
        Handle() = default;
        ~Handle() { uidna_close(uidna); }
    };
    static const Handle handle;
    return U_SUCCESS(handle.status) ? handle.uidna : nullptr;
}

using Conversion = std::int32_t (*)(const UIDNA*, const char*, std::int32_t, char*, std::int32_t, UIDNAInfo*,
    UErrorCode*);

std::optional<std::string> convert(Conversion conversion, std::string_view domain, std::uint32_t forgiven)
{
    const UIDNA* handle = idna();
    if (handle == nullptr) {
        return std::nullopt;
    }
    std::string converted(domain.size() * 4 + 64, '\0');
    for (int attempt = 0; attempt < 2; ++attempt) {
        UIDNAInfo info = UIDNA_INFO_INITIALIZER;
        UErrorCode status = U_ZERO_ERROR;
        const std::int32_t length = conversion(handle, domain.data(),
            static_cast<std::int32_t>(domain.size()), converted.data(),
            static_cast<std::int32_t>(converted.size()), &info, &status);
        const bool fits = static_cast<std::size_t>(length) <= converted.size();
        converted.resize(static_cast<std::size_t>(length));
        if (status == U_BUFFER_OVERFLOW_ERROR && !fits) {
            continue;
        }
        if (U_FAILURE(status) || (info.errors & ~forgiven) != 0) {
            return std::nullopt;
        }
        return converted;
    }
    return std::nullopt;
}

/// UTS 46 accepts symbols and emoji; IDNA2008, which RFC 7622 §3.2 requires, does not.
bool labels_are_idna2008(std::string_view domain)
{
    std::size_t from = 0;
    while (from <= domain.size()) {
        const std::size_t dot = std::min(domain.find('.', from), domain.size());
        const CodePoints label = code_points(from_utf8(domain.substr(from, dot - from)));
        if (label.empty() || !is_in_class(label, StringClass::identifier)) {
            return false;
        }
        from = dot + 1;
    }
    return true;
}

} // namespace

std::optional<std::string> prepare_username(std::string_view text)
{
    if (!is_valid_utf8(text)) {
        return std::nullopt;
    }
    const auto mapped = map_until_stable(from_utf8(text), map_username);
    if (!mapped || mapped->isEmpty()) {
        return std::nullopt;
    }
    const CodePoints points = code_points(*mapped);
    if (!obeys_bidi_rule(points) || !is_in_class(points, StringClass::identifier)) {
        return std::nullopt;
    }
    return to_utf8(*mapped);
}

std::optional<std::string> prepare_opaque(std::string_view text)
{
    if (!is_valid_utf8(text)) {
        return std::nullopt;
    }
    const auto mapped = map_until_stable(from_utf8(text), map_opaque);
    if (!mapped || mapped->isEmpty() || !is_in_class(code_points(*mapped), StringClass::freeform)) {
        return std::nullopt;
    }
    return to_utf8(*mapped);
}

std::optional<std::string> prepare_sasl(std::string_view text)
{
    const UStringPrepProfile* profile = sasl_profile();
    if (profile == nullptr || !is_valid_utf8(text)) {
        return std::nullopt;
    }
    const UnicodeString source = from_utf8(text);
    UErrorCode status = U_ZERO_ERROR;
    // Compatibility mappings turn one character into at most 18.
    std::vector<UChar> prepared(static_cast<std::size_t>(source.length()) * 18 + 1);
    const std::int32_t length = usprep_prepare(profile, source.getBuffer(), source.length(), prepared.data(),
        static_cast<std::int32_t>(prepared.size()), USPREP_ALLOW_UNASSIGNED, nullptr, &status);
    if (U_FAILURE(status) || length == 0) {
        return std::nullopt;
    }
    return to_utf8(UnicodeString(prepared.data(), length));
}

bool is_prepared_alike(std::string_view text)
{
    const auto opaque = prepare_opaque(text);
    if (!opaque || prepare_sasl(text) != opaque) {
        return false;
    }
    const CodePoints points = code_points(from_utf8(*opaque));
    return std::none_of(points.begin(), points.end(), has_compatibility_mapping);
}

bool is_drawn(std::string_view text)
{
    const UnicodeString all = from_utf8(text);
    return !all.isEmpty() && u_isgraph(all.char32At(0)) != 0
        && u_hasBinaryProperty(all.char32At(0), UCHAR_DEFAULT_IGNORABLE_CODE_POINT) == 0;
}

std::optional<std::string> prepare_domain(std::string_view text)
{
    if (!is_valid_utf8(text)) {
        return std::nullopt;
    }
    auto unicode = convert(uidna_nameToUnicodeUTF8, text, 0);
    if (!unicode) {
        return std::nullopt;
    }
    if (unicode->ends_with('.')) {
        unicode->pop_back();
    }
    // Converting back shows whether each label fits into the DNS; the whole name need not (RFC 7622 §3.2).
    if (!labels_are_idna2008(*unicode)
        || !convert(uidna_nameToASCII_UTF8, *unicode, UIDNA_ERROR_DOMAIN_NAME_TOO_LONG)
        || convert(uidna_nameToUnicodeUTF8, *unicode, 0) != unicode) {
        return std::nullopt;
    }
    return unicode;
}

std::string ascii_domain(std::string_view domain)
{
    return convert(uidna_nameToASCII_UTF8, domain, 0).value_or(std::string(domain));
}

} // namespace stonechat
