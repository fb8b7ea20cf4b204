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

std::optional<std::string> decode_image(std::string text)
{
    std::erase_if(text, is_space);
    return base64_decode(text);
}

std::string image_hash(std::string_view image)
{
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest {};
    unsigned length = 0;
    if (EVP_Digest(image.data(), image.size(), digest.data(), &length, EVP_sha1(), nullptr) != 1) {
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

std::string avatar_hash(const Element& card)
{
    const Element* photo = card.child("PHOTO", ns::vcard_temp);
    const auto image = photo == nullptr ? std::nullopt : decode_image(photo->child_text("BINVAL"));
    return image && !image->empty() ? image_hash(*image) : std::string();
}

} // namespace stonechat
