// SPDX-License-Identifier: Apache-2.0
#include "net/tls_contexts.hpp"

#include "net/host_contexts.hpp"
#include "net/pem_files.hpp"
#include "xmpp/precis.hpp"

#include <algorithm>
#include <ctime>
#include <mutex>
#include <new>
#include <stdexcept>

namespace stonechat {
namespace {

/// TLS 1.2: forward secrecy and authenticated encryption only (RFC 9325 §4.2). TLS 1.3 has nothing else.
constexpr const char* ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr const char* groups = "X25519:P-256";

std::string lower_case(std::string_view name)
{
    std::string lower(name);
    const auto lower_char = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    };
    std::transform(lower.begin(), lower.end(), lower.begin(), lower_char);
    return lower;
}

WallTime to_wall_time(const ASN1_TIME* time)
{
    std::tm when {};
    if (ASN1_TIME_to_tm(time, &when) != 1) {
        return WallTime();
    }
    return WallTime(std::chrono::seconds(::timegm(&when)));
}

/// Returns the DNS names of a certificate.
std::vector<std::string> names_in(X509* certificate)
{
    std::vector<std::string> names;
    const openssl::Names list(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name,
        nullptr, nullptr)));
    for (int i = 0; list && i < sk_GENERAL_NAME_num(list.get()); ++i) {
        const GENERAL_NAME* const name = sk_GENERAL_NAME_value(list.get(), i);
        if (name->type == GEN_DNS) {
            const ASN1_STRING* const text = name->d.dNSName;
            names.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                static_cast<std::size_t>(ASN1_STRING_length(text)));
        }
    }
    ERR_clear_error();
    return names;
}

/// Matches names as clients do: only by alternative names, in their DNS form (RFC 9525 §6.3). The common name
/// is ignored.
bool is_certificate_for(X509* certificate, const std::string& host)
{
    const std::string name = ascii_domain(host);
    const bool matches = X509_check_host(certificate, name.data(), name.size(), openssl::name_flags, nullptr)
            == 1
        || X509_check_ip_asc(certificate, name.c_str(), 0) == 1;
    ERR_clear_error();
    return matches;
}

CertificateFacts facts_of(X509* certificate, const TlsIdentity& identity)
{
    CertificateFacts facts;
    facts.host = identity.host;
    facts.file = identity.certificate_file;
    facts.not_before = to_wall_time(X509_get0_notBefore(certificate));
    facts.not_after = to_wall_time(X509_get0_notAfter(certificate));
    facts.names = names_in(certificate);
    if (!is_certificate_for(certificate, identity.host)) {
        facts.missing.push_back(identity.host);
    }
    return facts;
}

// Handshake callbacks. The last argument of choose_host is the HostContexts of the context; it lives as long
// as any session that uses it.

int choose_host(SSL* ssl, int*, void* hosts)
{
    const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (name == nullptr) {
        return SSL_TLSEXT_ERR_OK;
    }
    if (const HostContext* const host = static_cast<const HostContexts*>(hosts)->find(name)) {
        SSL_set_SSL_CTX(ssl, host->context.get());
    }
    return SSL_TLSEXT_ERR_OK;
}

/// Refuses a client that offers only other protocols: it did not mean to reach this server (ALPACA; RFC 7301
/// §3.2).
int choose_alpn(SSL* ssl, const unsigned char** chosen, unsigned char* length, const unsigned char* offered,
    unsigned offered_length, void*)
{
    const std::string_view ours = accepted_protocols(ssl).wire();
    if (ours.empty()) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    unsigned char* selected = nullptr;
    const int result = SSL_select_next_proto(&selected, length,
        reinterpret_cast<const unsigned char*>(ours.data()), static_cast<unsigned>(ours.size()), offered,
        offered_length);
    if (result != OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *chosen = selected;
    return SSL_TLSEXT_ERR_OK;
}

Result<HostContext, TlsError> load_host(const TlsIdentity& identity, HostContexts& all)
{
    auto chain = read_chain(identity.certificate_file);
    if (!chain) {
        return chain.error();
    }
    auto key = read_key(identity.key_file);
    if (!key) {
        return key.error();
    }
    HostContext host;
    host.context.reset(SSL_CTX_new(TLS_server_method()));
    if (!host.context) {
        throw std::bad_alloc();
    }
    SSL_CTX* const context = host.context.get();
    set_tls_policy(context);
    SSL_CTX_set_tlsext_servername_callback(context, choose_host);
    SSL_CTX_set_tlsext_servername_arg(context, &all);
    SSL_CTX_set_alpn_select_cb(context, choose_alpn, nullptr);

    X509* const leaf = chain->front().get();
    if (SSL_CTX_use_certificate(context, leaf) != 1) {
        return TlsError { identity.certificate_file + ": " + openssl::reason() };
    }
    for (std::size_t i = 1; i < chain->size(); ++i) {
        SSL_CTX_add1_chain_cert(context, (*chain)[i].get());
    }
    if (X509_check_private_key(leaf, key->get()) != 1) {
        ERR_clear_error();
        return TlsError { identity.key_file + ": is not the key of the first certificate in "
            + identity.certificate_file };
    }
    if (SSL_CTX_use_PrivateKey(context, key->get()) != 1) {
        return TlsError { identity.key_file + ": " + openssl::reason() };
    }
    host.end_point = end_point_binding(leaf);
    host.facts = facts_of(leaf, identity);
    return host;
}

Result<std::shared_ptr<const HostContexts>, TlsError> load_all(const std::vector<TlsIdentity>& identities)
{
    if (identities.empty()) {
        return TlsError { "no certificate is configured" };
    }
    auto contexts = std::make_shared<HostContexts>();
    for (const TlsIdentity& identity : identities) {
        auto host = load_host(identity, *contexts);
        if (!host) {
            return host.error();
        }
        contexts->by_name.emplace(lower_case(identity.host), contexts->hosts.size());
        contexts->hosts.push_back(std::move(*host));
    }
    return std::shared_ptr<const HostContexts>(std::move(contexts));
}

class Contexts final : public TlsContexts {
public:
    explicit Contexts(std::shared_ptr<const HostContexts> hosts) : hosts_(std::move(hosts)) {}

    Result<Done, TlsError> reload(const std::vector<TlsIdentity>& identities) override
    {
        auto fresh = load_all(identities);
        if (!fresh) {
            return fresh.error();
        }
        const std::lock_guard lock(mutex_);
        hosts_ = std::move(*fresh);
        return Done {};
    }

    std::vector<CertificateFacts> certificates() const override
    {
        const auto hosts = current();
        std::vector<CertificateFacts> all;
        for (const HostContext& each : hosts->hosts) {
            all.push_back(each.facts);
        }
        return all;
    }

    std::shared_ptr<const HostContexts> current() const
    {
        const std::lock_guard lock(mutex_);
        return hosts_;
    }

private:
    mutable std::mutex mutex_; ///< locked once per handshake
    std::shared_ptr<const HostContexts> hosts_;
};

} // namespace

const HostContext* HostContexts::find(std::string_view name) const
{
    const auto found = by_name.find(lower_case(name));
    return found == by_name.end() ? nullptr : &hosts[found->second];
}

std::shared_ptr<const HostContexts> current_hosts(const TlsContexts& contexts)
{
    return static_cast<const Contexts&>(contexts).current();
}

void set_tls_policy(SSL_CTX* context)
{
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context,
        SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE
            | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(context,
        SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    // No TLS session resumption: no ticket keys, no cache and no early data. A full handshake with P-256
    // costs tens of microseconds.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_max_early_data(context, 0);
    SSL_CTX_set_recv_max_early_data(context, 0);
    if (SSL_CTX_set_cipher_list(context, ciphers) != 1 || SSL_CTX_set1_groups_list(context, groups) != 1) {
        throw std::runtime_error("OpenSSL does not know the ciphers that are needed");
    }
}

/// RFC 5929 §4.1: the hash function of the certificate's signature, with SHA-256 instead of MD5 and SHA-1.
/// Undefined for signatures without a single hash function (Ed25519).
std::optional<std::string> end_point_binding(X509* certificate)
{
    int digest_nid = NID_undef;
    if (X509_get_signature_info(certificate, &digest_nid, nullptr, nullptr, nullptr) != 1
        || digest_nid == NID_undef) {
        ERR_clear_error();
        return std::nullopt;
    }
    if (digest_nid == NID_md5 || digest_nid == NID_sha1) {
        digest_nid = NID_sha256;
    }
    const EVP_MD* const digest = EVP_get_digestbynid(digest_nid);
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (digest == nullptr || X509_digest(certificate, digest, hash, &length) != 1) {
        ERR_clear_error();
        return std::nullopt;
    }
    return std::string(reinterpret_cast<const char*>(hash), length);
}

Result<std::unique_ptr<TlsContexts>, TlsError> TlsContexts::load(const std::vector<TlsIdentity>& identities)
{
    auto hosts = load_all(identities);
    if (!hosts) {
        return hosts.error();
    }
    return std::unique_ptr<TlsContexts>(std::make_unique<Contexts>(std::move(*hosts)));
}

} // namespace stonechat
