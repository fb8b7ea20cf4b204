// SPDX-License-Identifier: Apache-2.0
// OpenSSL for this folder: its headers, owning pointers for its objects, its error texts. Private to the
// files that implement TLS (pem_files, tls_*, self_signed); other code uses their interfaces. An OpenSSL
// object belongs to the object that holds its pointer, on that object's thread.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace stonechat::openssl {

template <auto free> struct Freeing {
    template <class T> void operator()(T* object) const { free(object); }
};
using Context = std::unique_ptr<SSL_CTX, Freeing<SSL_CTX_free>>;
using Session = std::unique_ptr<SSL, Freeing<SSL_free>>;
using Certificate = std::unique_ptr<X509, Freeing<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freeing<EVP_PKEY_free>>;
using Bio = std::unique_ptr<BIO, Freeing<BIO_free_all>>;
using Names = std::unique_ptr<GENERAL_NAMES, Freeing<GENERAL_NAMES_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freeing<X509_EXTENSION_free>>;

/// How a name is looked for in a certificate (RFC 9525 §6.3): never in its subject, and `*` stands for a
/// whole label only.
constexpr unsigned name_flags = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;

/// Returns the reason of the last failure on this thread and clears the error queue.
inline std::string reason()
{
    const unsigned long code = ERR_peek_error();
    const char* const reason = ERR_reason_error_string(code);
    ERR_clear_error();
    return reason ? reason : "unknown error";
}

} // namespace stonechat::openssl
