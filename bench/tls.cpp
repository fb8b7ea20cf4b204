// SPDX-License-Identifier: Apache-2.0
#include "tls.hpp"

#include <array>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdexcept>

namespace stonechat::bench {
namespace {

void set_common_options(SSL_CTX* context)
{
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_mode(context,
        SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_read_ahead(context, 1); // one read() per batch of records instead of two per record
}

void self_sign(SSL_CTX* context)
{
    EVP_PKEY* const key = EVP_EC_gen("P-256");
    X509* const certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 24 * 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME* const name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"),
        -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    const bool ok = X509_sign(certificate, key, EVP_sha256()) > 0
        && SSL_CTX_use_certificate(context, certificate) == 1 && SSL_CTX_use_PrivateKey(context, key) == 1;
    X509_free(certificate);
    EVP_PKEY_free(key);
    if (!ok) {
        throw std::runtime_error("cannot make a certificate: " + ssl_error_text());
    }
}

} // namespace

SslContext make_client_context()
{
    SslContext context(SSL_CTX_new(TLS_client_method()));
    set_common_options(context.get());
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
    // Even unverified, the chain would be built and its signatures computed: time that is ours, not the
    // server's.
    SSL_CTX_set_cert_verify_callback(
        context.get(), [](X509_STORE_CTX*, void*) { return 1; }, nullptr);
    return context;
}

SslContext make_relay_context()
{
    SslContext context(SSL_CTX_new(TLS_server_method()));
    set_common_options(context.get());
    self_sign(context.get());
    return context;
}

Ssl make_client_ssl(SSL_CTX& context, int descriptor, const std::string& domain, bool alpn)
{
    Ssl ssl(SSL_new(&context));
    SSL_set_fd(ssl.get(), descriptor);
    SSL_set_tlsext_host_name(ssl.get(), domain.c_str());
    if (alpn) {
        constexpr std::array<unsigned char, 12> protocol { 11, 'x', 'm', 'p', 'p', '-', 'c', 'l', 'i', 'e',
            'n', 't' };
        SSL_set_alpn_protos(ssl.get(), protocol.data(), protocol.size());
    }
    SSL_set_connect_state(ssl.get());
    return ssl;
}

std::string ssl_error_text()
{
    std::array<char, 256> text {};
    const auto code = ERR_get_error();
    ERR_clear_error();
    if (code == 0) {
        return "closed by the peer";
    }
    ERR_error_string_n(code, text.data(), text.size());
    return text.data();
}

} // namespace stonechat::bench
