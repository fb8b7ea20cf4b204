// SPDX-License-Identifier: Apache-2.0
#include "net/self_signed.hpp"

#include "base/random.hpp"
#include "net/openssl.hpp"
#include "xmpp/precis.hpp"

#include <boost/asio/ip/address.hpp>

#include <stdexcept>
#include <string_view>

namespace stonechat {
namespace {

std::string alternative_names(const std::vector<std::string>& hosts)
{
    std::string names;
    for (const std::string& host : hosts) {
        boost::system::error_code error;
        boost::asio::ip::make_address(host, error);
        names += names.empty() ? "" : ",";
        names += error ? "DNS:" + ascii_domain(host) : "IP:" + host;
    }
    return names;
}

void add_extension(X509* certificate, int nid, const std::string& value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    const openssl::Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
    if (!extension) {
        throw std::runtime_error("a certificate cannot have " + value + ": " + openssl::reason());
    }
    X509_add_ext(certificate, extension.get(), -1);
}

void add_to_name(X509_NAME* name, int nid, std::string_view value)
{
    X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(value.data()),
        static_cast<int>(value.size()), -1, 0);
}

/// Returns a few hexadecimal digits that identify the key.
std::string key_mark(const X509* certificate)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (X509_pubkey_digest(certificate, EVP_sha256(), hash, &length) != 1) {
        throw std::runtime_error("a key has no digest: " + openssl::reason());
    }
    std::string mark;
    for (std::size_t i = 0; i < 8; ++i) {
        constexpr std::string_view digits = "0123456789abcdef";
        mark += digits[hash[i] >> 4];
        mark += digits[hash[i] & 15];
    }
    return mark;
}

/// Makes a name that is unique for each certificate, so that a search for the issuer by name does not find
/// another certificate made for the same host elsewhere or earlier.
void set_own_name(X509* certificate, std::string_view host)
{
    X509_NAME* const name = X509_get_subject_name(certificate);
    // A common name has 64 characters at most; clients use the alternative names (RFC 9525).
    add_to_name(name, NID_commonName, host.substr(0, 64));
    add_to_name(name, NID_organizationName, "Stonechat, signed by itself");
    add_to_name(name, NID_dnQualifier, key_mark(certificate));
    X509_set_issuer_name(certificate, name);
}

std::string pem_of(const auto& write)
{
    const openssl::Bio bio(BIO_new(BIO_s_mem()));
    write(bio.get());
    char* text = nullptr;
    const long length = BIO_get_mem_data(bio.get(), &text);
    return std::string(text, static_cast<std::size_t>(length));
}

} // namespace

SelfSigned make_self_signed(const std::vector<std::string>& hosts)
{
    const openssl::Key key(EVP_EC_gen("P-256"));
    const openssl::Certificate certificate(X509_new());
    X509* const x509 = certificate.get();
    X509_set_version(x509, X509_VERSION_3);
    std::string serial = random_bytes(16);
    serial[0] = static_cast<char>((serial[0] & 0x3f) | 0x40); // positive, of one length
    ASN1_STRING_set(X509_get_serialNumber(x509), serial.data(), static_cast<int>(serial.size()));
    X509_gmtime_adj(X509_getm_notBefore(x509), -24L * 3600); // allow for clocks that differ
    X509_time_adj_ex(X509_getm_notAfter(x509), 3650, 0, nullptr);
    X509_set_pubkey(x509, key.get());
    set_own_name(x509, hosts.at(0));
    add_extension(x509, NID_basic_constraints, "critical,CA:FALSE");
    add_extension(x509, NID_key_usage, "critical,digitalSignature");
    add_extension(x509, NID_ext_key_usage, "serverAuth,clientAuth");
    add_extension(x509, NID_subject_key_identifier, "hash");
    add_extension(x509, NID_authority_key_identifier, "keyid:always"); // needs the identifier above
    add_extension(x509, NID_subject_alt_name, alternative_names(hosts));
    if (!key || X509_sign(x509, key.get(), EVP_sha256()) == 0) {
        throw std::runtime_error("a certificate cannot be made: " + openssl::reason());
    }
    SelfSigned made;
    made.certificate = pem_of([x509](BIO* bio) { PEM_write_bio_X509(bio, x509); });
    made.key = pem_of([&key](BIO* bio) {
        PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
    return made;
}

} // namespace stonechat
