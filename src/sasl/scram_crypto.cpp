// SPDX-License-Identifier: Apache-2.0
#include "sasl/scram_crypto.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <cassert>
#include <stdexcept>

namespace stonechat::scram {
namespace {

void require(int success)
{
    if (success != 1) {
        throw std::runtime_error("OpenSSL cannot compute a digest");
    }
}

/// Cached, because the lookup of an algorithm costs more than its use on a short text.
class Algorithm {
public:
    explicit Algorithm(const char* name)
        : digest_(EVP_MD_fetch(nullptr, name, nullptr)), context_(EVP_MD_CTX_new())
    {
        EVP_MAC* const hmac = EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr);
        mac_ = EVP_MAC_CTX_new(hmac);
        EVP_MAC_free(hmac); // mac_ holds it
        OSSL_PARAM parameters[2] = {
            OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>(name), 0),
            OSSL_PARAM_construct_end(),
        };
        require(digest_ != nullptr && context_ != nullptr && mac_ != nullptr);
        require(EVP_MAC_CTX_set_params(mac_, parameters));
    }
    Algorithm(const Algorithm&) = delete;
    Algorithm& operator=(const Algorithm&) = delete;
    ~Algorithm()
    {
        EVP_MAC_CTX_free(mac_);
        EVP_MD_CTX_free(context_);
        EVP_MD_free(digest_);
    }

    const EVP_MD* get() const { return digest_; }

    std::string digest(std::string_view text)
    {
        std::string hash(static_cast<std::size_t>(EVP_MD_get_size(digest_)), '\0');
        require(EVP_DigestInit_ex(context_, digest_, nullptr));
        require(EVP_DigestUpdate(context_, text.data(), text.size()));
        require(EVP_DigestFinal_ex(context_, bytes(hash), nullptr));
        return hash;
    }

    std::string hmac(std::string_view key, std::initializer_list<std::string_view> pieces)
    {
        std::string code(static_cast<std::size_t>(EVP_MD_get_size(digest_)), '\0');
        require(EVP_MAC_init(mac_, reinterpret_cast<const unsigned char*>(key.data()), key.size(), nullptr));
        for (const std::string_view piece : pieces) {
            require(EVP_MAC_update(mac_, reinterpret_cast<const unsigned char*>(piece.data()), piece.size()));
        }
        std::size_t length = 0;
        require(EVP_MAC_final(mac_, bytes(code), &length, code.size()));
        return code;
    }

    static unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

private:
    EVP_MD* digest_;
    EVP_MD_CTX* context_;
    EVP_MAC_CTX* mac_ = nullptr;
};

Algorithm& algorithm(ScramHash hash)
{
    thread_local Algorithm sha1("SHA1");
    thread_local Algorithm sha256("SHA256");
    return hash == ScramHash::sha1 ? sha1 : sha256;
}

} // namespace

std::size_t hash_bytes(ScramHash hash)
{
    return hash == ScramHash::sha1 ? 20 : 32;
}

std::string digest(ScramHash hash, std::string_view text)
{
    return algorithm(hash).digest(text);
}

std::string hmac(ScramHash hash, std::string_view key, std::initializer_list<std::string_view> pieces)
{
    return algorithm(hash).hmac(key, pieces);
}

std::string salted_password(ScramHash hash, std::string_view password, std::string_view salt,
    std::uint32_t iterations)
{
    std::string salted(hash_bytes(hash), '\0');
    require(PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()),
        reinterpret_cast<const unsigned char*>(salt.data()), static_cast<int>(salt.size()),
        static_cast<int>(iterations), algorithm(hash).get(), static_cast<int>(salted.size()),
        Algorithm::bytes(salted)));
    return salted;
}

std::string exclusive_or(std::string_view a, std::string_view b)
{
    assert(a.size() == b.size());
    std::string result(a);
    for (std::size_t i = 0; i < result.size(); ++i) {
        result[i] = static_cast<char>(result[i] ^ b[i]);
    }
    return result;
}

void wipe(std::string& secret)
{
    OPENSSL_cleanse(secret.data(), secret.size());
    secret.clear();
}

} // namespace stonechat::scram
