// SPDX-License-Identifier: Apache-2.0
// Finds the next significant byte of a stanza, for loops over many bytes. Compares sixteen bytes at a time
// where the processor has SSE2 (every x86-64), else one by one. Pure.
#pragma once

#include <bit>
#include <cstddef>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace stonechat {

#ifdef __SSE2__
inline constexpr std::ptrdiff_t search_block = sizeof(__m128i);

inline __m128i load_block(const char* at)
{
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}

/// Returns a mask with 0xff where the block has one of `wanted`.
template <class... Chars> __m128i any_of_block(__m128i block, Chars... wanted)
{
    __m128i found = _mm_setzero_si128();
    ((found = _mm_or_si128(found, _mm_cmpeq_epi8(block, _mm_set1_epi8(wanted)))), ...);
    return found;
}
#endif

/// Returns the first byte from `at` on that is one of `wanted`, or `end`.
template <class... Chars> const char* find_any(const char* at, const char* end, Chars... wanted)
{
#ifdef __SSE2__
    for (; end - at >= search_block; at += search_block) {
        if (const int found = _mm_movemask_epi8(any_of_block(load_block(at), wanted...))) {
            return at + std::countr_zero(static_cast<unsigned>(found));
        }
    }
#endif
    while (at != end && ((*at != wanted) && ...)) {
        ++at;
    }
    return at;
}

/// Returns the first byte from `at` on that is one of `wanted`, a control character or not ASCII; else `end`.
template <class... Chars> const char* find_special(const char* at, const char* end, Chars... wanted)
{
    constexpr char first_printable = ' '; // bytes outside ASCII are negative, so they are less
#ifdef __SSE2__
    for (; end - at >= search_block; at += search_block) {
        const __m128i block = load_block(at);
        const __m128i special = _mm_or_si128(any_of_block(block, wanted...),
            _mm_cmplt_epi8(block, _mm_set1_epi8(first_printable)));
        if (const int found = _mm_movemask_epi8(special)) {
            return at + std::countr_zero(static_cast<unsigned>(found));
        }
    }
#endif
    while (at != end && static_cast<signed char>(*at) >= first_printable && ((*at != wanted) && ...)) {
        ++at;
    }
    return at;
}

/// Returns the first byte from `at` on that is NUL or not ASCII, or `end`.
inline const char* find_not_ascii(const char* at, const char* end)
{
#ifdef __SSE2__
    for (; end - at >= search_block; at += search_block) {
        const int plain = _mm_movemask_epi8(_mm_cmpgt_epi8(load_block(at), _mm_setzero_si128()));
        if (plain != 0xffff) {
            return at + std::countr_one(static_cast<unsigned>(plain));
        }
    }
#endif
    while (at != end && static_cast<signed char>(*at) > 0) {
        ++at;
    }
    return at;
}

} // namespace stonechat
