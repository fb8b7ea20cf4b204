// SPDX-License-Identifier: Apache-2.0
#include "scram.hpp"

#include <array>
#include <charconv>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

namespace stonechat::bench {
namespace {

const EVP_MD* digest_of(ScramHash hash)
{
    return hash == ScramHash::sha1 ? EVP_sha1() : EVP_sha256();
}

const unsigned char* bytes_of(std::string_view text)
{
    return reinterpret_cast<const unsigned char*>(text.data());
}

std::string hmac(ScramHash hash, std::string_view key, std::string_view data)
{
    std::array<unsigned char, EVP_MAX_MD_SIZE> out {};
    unsigned size = 0;
    HMAC(digest_of(hash), key.data(), static_cast<int>(key.size()), bytes_of(data), data.size(), out.data(),
        &size);
    return std::string(reinterpret_cast<const char*>(out.data()), size);
}

std::string digest(ScramHash hash, std::string_view data)
{
    std::array<unsigned char, EVP_MAX_MD_SIZE> out {};
    unsigned size = 0;
    EVP_Digest(data.data(), data.size(), out.data(), &size, digest_of(hash), nullptr);
    return std::string(reinterpret_cast<const char*>(out.data()), size);
}

std::string salted_password(ScramHash hash, std::string_view password, std::string_view salt, int iterations)
{
    std::string out(static_cast<std::size_t>(EVP_MD_get_size(digest_of(hash))), '\0');
    PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), bytes_of(salt),
        static_cast<int>(salt.size()), iterations, digest_of(hash), static_cast<int>(out.size()),
        reinterpret_cast<unsigned char*>(out.data()));
    return out;
}

std::string random_nonce()
{
    std::array<unsigned char, 18> raw {};
    RAND_bytes(raw.data(), raw.size());
    return base64_encode(std::string_view(reinterpret_cast<const char*>(raw.data()), raw.size()));
}

// The value of one `x=value` field of a SCRAM message.
std::string_view field(std::string_view message, char name)
{
    while (!message.empty()) {
        const auto comma = message.find(',');
        const auto part = message.substr(0, comma);
        if (part.size() >= 2 && part[0] == name && part[1] == '=') {
            return part.substr(2);
        }
        message = comma == std::string_view::npos ? std::string_view() : message.substr(comma + 1);
    }
    return {};
}

std::string exclusive_or(std::string left, std::string_view right)
{
    for (std::size_t i = 0; i < left.size(); ++i) {
        left[i] = static_cast<char>(left[i] ^ right[i]);
    }
    return left;
}

} // namespace

const ScramKeys& ScramCache::keys(ScramHash hash, std::string_view password, std::string_view salt,
    int iterations)
{
    const auto name = fmt::format("{}:{}:{}:{}", static_cast<int>(hash), iterations, salt, password);
    const auto [place, is_new] = keys_.try_emplace(name);
    if (is_new) {
        const auto salted = salted_password(hash, password, salt, iterations);
        place->second.client_key = hmac(hash, salted, "Client Key");
        place->second.stored_key = digest(hash, place->second.client_key);
        place->second.server_key = hmac(hash, salted, "Server Key");
    }
    return place->second;
}

ScramExchange::ScramExchange(ScramHash hash, std::string_view user, std::string_view password)
    : hash_(hash), password_(password), nonce_(random_nonce()),
      first_bare_(fmt::format("n={},r={}", user, nonce_))
{}

std::optional<std::string> ScramExchange::final_message(std::string_view server_first, ScramCache& cache)
{
    const auto nonce = field(server_first, 'r');
    const auto salt = base64_decode(field(server_first, 's'));
    const auto count = field(server_first, 'i');
    int iterations = 0;
    std::from_chars(count.data(), count.data() + count.size(), iterations);
    if (!salt || iterations < 1 || !nonce.starts_with(nonce_)) {
        return std::nullopt;
    }
    const auto& keys = cache.keys(hash_, password_, *salt, iterations);
    const auto without_proof = fmt::format("c=biws,r={}", nonce);
    const auto signed_text = fmt::format("{},{},{}", first_bare_, server_first, without_proof);
    const auto proof = exclusive_or(keys.client_key, hmac(hash_, keys.stored_key, signed_text));
    server_signature_ = hmac(hash_, keys.server_key, signed_text);
    return fmt::format("{},p={}", without_proof, base64_encode(proof));
}

bool ScramExchange::verify(std::string_view server_final) const
{
    return !server_signature_.empty() && base64_decode(field(server_final, 'v')) == server_signature_;
}

std::string base64_encode(std::string_view bytes)
{
    std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
    const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes_of(bytes),
        static_cast<int>(bytes.size()));
    out.resize(static_cast<std::size_t>(size));
    return out;
}

std::optional<std::string> base64_decode(std::string_view text)
{
    std::string out(text.size() / 4 * 3 + 3, '\0');
    const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes_of(text),
        static_cast<int>(text.size()));
    if (size < 0 || text.empty()) {
        return std::nullopt;
    }
    const std::size_t padding = text.ends_with("==") ? 2 : (text.ends_with('=') ? 1 : 0);
    out.resize(static_cast<std::size_t>(size) - padding);
    return out;
}

} // namespace stonechat::bench
