// SPDX-License-Identifier: Apache-2.0
#include "xmpp/avatar_hash.hpp"

#include "base/base64.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>
#include <array>
#include <openssl/evp.h>

namespace stonechat {
namespace {

bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

} // namespace

std::string avatar_hash(const Element& card)
{
    const Element* photo = card.child("PHOTO", ns::vcard_temp);
    std::string text = photo == nullptr ? std::string() : photo->child_text("BINVAL");
    std::erase_if(text, is_space); // clients insert line breaks
    const auto image = base64_decode(text);
    if (!image || image->empty()) {
        return {};
    }
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest {};
    unsigned length = 0;
    if (EVP_Digest(image->data(), image->size(), digest.data(), &length, EVP_sha1(), nullptr) != 1) {
        return {};
    }
    constexpr std::string_view digits = "0123456789abcdef";
    std::string hash;
    for (unsigned i = 0; i < length; ++i) {
        hash += digits[digest[i] >> 4U];
        hash += digits[digest[i] & 15U];
    }
    return hash;
}

} // namespace stonechat
