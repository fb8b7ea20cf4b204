// SPDX-License-Identifier: Apache-2.0
#include "net/tls_engine.hpp"

#include "base/random.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <stdexcept>

namespace stonechat {
namespace {

template <auto free> struct Freeing {
    template <class T> void operator()(T* object) const { free(object); }
};
using Context = std::unique_ptr<SSL_CTX, Freeing<SSL_CTX_free>>;
using Session = std::unique_ptr<SSL, Freeing<SSL_free>>;
using Certificate = std::unique_ptr<X509, Freeing<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freeing<EVP_PKEY_free>>;
using Bio = std::unique_ptr<BIO, Freeing<BIO_free_all>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freeing<X509_EXTENSION_free>>;

/// TLS 1.2: forward secrecy and authenticated encryption only (RFC 9325 §4.2). TLS 1.3 has nothing else.
constexpr const char* ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr const char* groups = "X25519:P-256";

/// TLS 1.3 peers may renew keys; nobody has an honest reason to do it this often on one stream.
constexpr unsigned most_key_updates = 32;

/// Largest piece that is decrypted or encrypted at once: one TLS record.
constexpr std::size_t record_bytes = 16 * 1024;
constexpr std::size_t smallest_read = 1024;

std::string openssl_reason()
{
    const unsigned long code = ERR_peek_error();
    const char* const reason = ERR_reason_error_string(code);
    ERR_clear_error();
    return reason ? reason : "unknown error";
}

std::string lower_case(std::string_view name)
{
    std::string lower(name);
    const auto lower_char = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    };
    std::transform(lower.begin(), lower.end(), lower.begin(), lower_char);
    return lower;
}

// Files

struct PemFile {
    std::string text;
    unsigned mode = 0;
};

Result<PemFile, TlsError> read_file(const std::string& path)
{
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat status {};
    if (fd < 0 || ::fstat(fd, &status) != 0) {
        const std::string reason = std::strerror(errno);
        if (fd >= 0) {
            ::close(fd);
        }
        return TlsError { path + ": " + reason };
    }
    PemFile file;
    file.mode = status.st_mode & 07777;
    char block[4096];
    ssize_t count = 0;
    constexpr std::size_t longest = 1024 * 1024;
    while ((count = ::read(fd, block, sizeof(block))) > 0 && file.text.size() < longest) {
        file.text.append(block, static_cast<std::size_t>(count));
    }
    OPENSSL_cleanse(block, sizeof(block));
    ::close(fd);
    if (count != 0) {
        return TlsError { path + ": cannot be read, or is no PEM file" };
    }
    return file;
}

Bio open_text(const std::string& text)
{
    return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// A key with a passphrase cannot be used; without this OpenSSL would ask for it on the terminal.
int no_passphrase(char*, int, int, void*)
{
    return 0;
}

Result<std::vector<Certificate>, TlsError> read_chain(const std::string& path)
{
    const auto file = read_file(path);
    if (!file) {
        return file.error();
    }
    const Bio bio = open_text(file->text);
    std::vector<Certificate> chain;
    while (X509* const certificate = PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr)) {
        chain.emplace_back(certificate);
    }
    ERR_clear_error();
    if (chain.empty()) {
        return TlsError { path + ": contains no certificate" };
    }
    return chain;
}

Result<Key, TlsError> read_key(const std::string& path)
{
    auto file = read_file(path);
    if (!file) {
        return file.error();
    }
    if ((file->mode & 077) != 0) {
        char mode[16];
        std::snprintf(mode, sizeof(mode), "%04o", file->mode);
        return TlsError { path + ": the private key can be read by others (mode " + mode
            + "); give it to the server's user and make it chmod 600" };
    }
    const Bio bio = open_text(file->text);
    Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
    OPENSSL_cleanse(file->text.data(), file->text.size());
    if (!key) {
        return TlsError { path + ": contains no usable private key (" + openssl_reason() + ")" };
    }
    return key;
}

/// RFC 5929 §4.1: the hash of the certificate's own signature; SHA-256 instead of MD5 and SHA-1;
/// undefined for signatures without one hash (Ed25519).
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

long long end_of_validity(const X509* certificate)
{
    std::tm when {};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &when) != 1) {
        return 0;
    }
    return static_cast<long long>(::timegm(&when));
}

// Contexts

struct HostContext {
    Context context;
    std::optional<std::string> end_point;
    long long not_after = 0;
};

/// All hosts as they were at one reading of the files; immutable, shared by the sessions that began then.
struct HostContexts {
    std::vector<HostContext> hosts;
    boost::unordered_flat_map<std::string, std::size_t> by_name;
    std::string alpn; ///< as on the wire: each name behind its length

    const HostContext* find(std::string_view name) const
    {
        const auto found = by_name.find(lower_case(name));
        return found == by_name.end() ? nullptr : &hosts[found->second];
    }
};

std::string alpn_wire(const std::vector<std::string>& names)
{
    std::string wire;
    for (const std::string& name : names) {
        if (!name.empty() && name.size() < 256) {
            wire += static_cast<char>(name.size());
            wire += name;
        }
    }
    return wire;
}

void harden(SSL_CTX* context)
{
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context,
        SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE
            | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(context,
        SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    // No resumption of TLS sessions: no tickets to keep keys for, no cache to bound, no early data.
    // A full handshake with P-256 costs tens of microseconds.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_max_early_data(context, 0);
    SSL_CTX_set_recv_max_early_data(context, 0);
    if (SSL_CTX_set_cipher_list(context, ciphers) != 1 || SSL_CTX_set1_groups_list(context, groups) != 1) {
        throw std::runtime_error("OpenSSL does not know the ciphers that are needed");
    }
}

// The engine

class Engine final : public TlsEngine, private TlsSession {
public:
    Engine(std::shared_ptr<const HostContexts> hosts, Context own, SSL_CTX* context, bool is_server);

    State receive(std::string_view encrypted, std::string& plain, std::string& out) override;
    State send(std::string_view plain, std::string& out) override;
    void close(std::string& out) override;
    std::string error() const override { return error_; }
    const TlsSession& session() const override { return *this; }

    SSL* ssl() const { return ssl_.get(); }
    const HostContexts& hosts() const { return *hosts_; }

    static Engine& of(const SSL* ssl) { return *static_cast<Engine*>(SSL_get_app_data(ssl)); }
    static void watch_messages(int sent, int version, int type, const void* data, std::size_t size, SSL* ssl,
        void*);

private:
    std::string version() const override { return SSL_get_version(ssl_.get()); }
    std::string cipher() const override;
    std::string server_name() const override;
    std::string alpn() const override;
    std::optional<std::string> tls_exporter() const override;
    std::optional<std::string> tls_unique() const override;
    std::optional<std::string> tls_server_end_point() const override;

    static const BIO_METHOD* bio_method();
    static int bio_read(BIO* bio, char* into, int size);
    static int bio_write(BIO* bio, const char* from, int size);
    static long bio_control(BIO* bio, int command, long number, void* pointer);

    void shake_hands();
    void decrypt(std::string& plain);
    void fail(std::string reason);
    void note_result(int result);

    std::shared_ptr<const HostContexts> hosts_;
    Context own_; ///< a client's
    Session ssl_;
    std::string_view in_;        ///< during receive: not yet read by OpenSSL
    std::string* out_ = nullptr; ///< during a call: where OpenSSL's output goes
    State state_ = State::handshaking;
    std::uint16_t key_updates_ = 0;
    bool abused_ = false; ///< renegotiation or too many key updates: nothing more is read
    bool close_sent_ = false;
    std::string error_;
};

Engine::Engine(std::shared_ptr<const HostContexts> hosts, Context own, SSL_CTX* context, bool is_server)
    : hosts_(std::move(hosts)), own_(std::move(own)), ssl_(SSL_new(context))
{
    BIO* const bio = BIO_new(bio_method());
    if (!ssl_ || bio == nullptr) {
        throw std::bad_alloc();
    }
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_.get(), bio, bio);
    SSL_set_app_data(ssl_.get(), this);
    if (is_server) {
        SSL_set_accept_state(ssl_.get());
    } else {
        SSL_set_connect_state(ssl_.get());
    }
}

const BIO_METHOD* Engine::bio_method()
{
    // A table of functions: immutable, the same for all engines.
    struct Method {
        BIO_METHOD* table = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "stonechat");
        Method()
        {
            BIO_meth_set_read(table, &Engine::bio_read);
            BIO_meth_set_write(table, &Engine::bio_write);
            BIO_meth_set_ctrl(table, &Engine::bio_control);
        }
        ~Method() { BIO_meth_free(table); }
    };
    static const Method method;
    return method.table;
}

int Engine::bio_read(BIO* bio, char* into, int size)
{
    Engine& engine = *static_cast<Engine*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    if (engine.in_.empty() || engine.abused_) {
        BIO_set_retry_read(bio);
        return -1;
    }
    const std::size_t count = std::min(engine.in_.size(), static_cast<std::size_t>(size));
    std::memcpy(into, engine.in_.data(), count);
    engine.in_.remove_prefix(count);
    return static_cast<int>(count);
}

int Engine::bio_write(BIO* bio, const char* from, int size)
{
    Engine& engine = *static_cast<Engine*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    if (engine.out_ != nullptr) {
        engine.out_->append(from, static_cast<std::size_t>(size));
    }
    return size;
}

long Engine::bio_control(BIO*, int command, long, void*)
{
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

void Engine::watch_messages(int sent, int version, int type, const void* data, std::size_t size, SSL* ssl,
    void*)
{
    const auto* const bytes = static_cast<const unsigned char*>(data);
    Engine& engine = of(ssl);
    if (sent == 0 && type == SSL3_RT_HANDSHAKE && size > 0) {
        if (bytes[0] == SSL3_MT_KEY_UPDATE && ++engine.key_updates_ > most_key_updates) {
            engine.abused_ = true;
        }
        if (bytes[0] == SSL3_MT_CLIENT_HELLO && version == TLS1_2_VERSION
            && engine.state_ == State::established) {
            engine.abused_ = true;
        }
    }
    // How OpenSSL answers a wish to renegotiate, of which it tells in no other way.
    if (sent == 1 && type == SSL3_RT_ALERT && size == 2 && bytes[1] == SSL_AD_NO_RENEGOTIATION) {
        engine.abused_ = true;
    }
}

void Engine::fail(std::string reason)
{
    state_ = State::failed;
    error_ = std::move(reason);
    ERR_clear_error();
}

/// What an SSL_* call that gave `result` means for the state.
void Engine::note_result(int result)
{
    switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_NONE:
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return;
    case SSL_ERROR_ZERO_RETURN: state_ = State::closed; return;
    default: // an int, not an enum
        fail(openssl_reason());
    }
}

void Engine::shake_hands()
{
    const int result = SSL_do_handshake(ssl_.get());
    if (result == 1) {
        state_ = State::established;
        return;
    }
    note_result(result);
}

void Engine::decrypt(std::string& plain)
{
    for (;;) {
        const std::size_t before = plain.size();
        plain.resize(before + std::clamp(in_.size(), smallest_read, record_bytes));
        std::size_t count = 0;
        const int result = SSL_read_ex(ssl_.get(), plain.data() + before, plain.size() - before, &count);
        plain.resize(before + count);
        if (result != 1) {
            note_result(result);
            return;
        }
    }
}

TlsEngine::State Engine::receive(std::string_view encrypted, std::string& plain, std::string& out)
{
    if (state_ == State::closed || state_ == State::failed) {
        return state_;
    }
    ERR_clear_error();
    in_ = encrypted;
    out_ = &out;
    if (state_ == State::handshaking) {
        shake_hands();
    }
    if (state_ == State::established) {
        decrypt(plain);
    }
    if (abused_ && state_ != State::failed) {
        fail("too many key updates, or renegotiation");
    }
    in_ = {};
    out_ = nullptr;
    return state_;
}

TlsEngine::State Engine::send(std::string_view plain, std::string& out)
{
    if (state_ != State::established) {
        return state_;
    }
    ERR_clear_error();
    out_ = &out;
    while (!plain.empty() && state_ == State::established) {
        std::size_t count = 0;
        const int result = SSL_write_ex(ssl_.get(), plain.data(), plain.size(), &count);
        if (result != 1) {
            fail(openssl_reason());
        }
        plain.remove_prefix(count);
    }
    out_ = nullptr;
    return state_;
}

void Engine::close(std::string& out)
{
    if (close_sent_ || (state_ != State::established && state_ != State::closed)) {
        return;
    }
    close_sent_ = true;
    ERR_clear_error();
    out_ = &out;
    SSL_shutdown(ssl_.get());
    out_ = nullptr;
    ERR_clear_error();
}

std::string Engine::cipher() const
{
    const char* const name = SSL_get_cipher_name(ssl_.get());
    return name ? name : "";
}

std::string Engine::server_name() const
{
    const char* const name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
    return name ? name : "";
}

std::string Engine::alpn() const
{
    const unsigned char* name = nullptr;
    unsigned length = 0;
    SSL_get0_alpn_selected(ssl_.get(), &name, &length);
    return std::string(reinterpret_cast<const char*>(name), length);
}

std::optional<std::string> Engine::tls_exporter() const
{
    // RFC 9266 §4.2: below TLS 1.3 it is unique only with the extended master secret and without
    // renegotiation, which is always off here.
    const bool unique = SSL_version(ssl_.get()) >= TLS1_3_VERSION || SSL_get_extms_support(ssl_.get()) == 1;
    if (!SSL_is_init_finished(ssl_.get()) || !unique) {
        return std::nullopt;
    }
    constexpr std::string_view label = "EXPORTER-Channel-Binding";
    constexpr unsigned char no_context[1] = {};
    std::string secret(32, '\0');
    const int result = SSL_export_keying_material(ssl_.get(), reinterpret_cast<unsigned char*>(secret.data()),
        secret.size(), label.data(), label.size(), no_context, 0, 1);
    if (result != 1) {
        ERR_clear_error();
        return std::nullopt;
    }
    return secret;
}

std::optional<std::string> Engine::tls_unique() const
{
    // In a full handshake (sessions are never resumed here) the client's is the one that counts.
    std::string finished(EVP_MAX_MD_SIZE, '\0');
    const bool server = SSL_is_server(ssl_.get()) == 1;
    const std::size_t size = server ? SSL_get_peer_finished(ssl_.get(), finished.data(), finished.size())
                                    : SSL_get_finished(ssl_.get(), finished.data(), finished.size());
    if (!SSL_is_init_finished(ssl_.get()) || size == 0 || size > finished.size()) {
        return std::nullopt;
    }
    finished.resize(size);
    return finished;
}

std::optional<std::string> Engine::tls_server_end_point() const
{
    if (hosts_) {
        const SSL_CTX* const used = SSL_get_SSL_CTX(ssl_.get());
        for (const HostContext& host : hosts_->hosts) {
            if (host.context.get() == used) {
                return host.end_point;
            }
        }
        return std::nullopt;
    }
    const Certificate peer(SSL_get1_peer_certificate(ssl_.get()));
    return peer ? end_point_binding(peer.get()) : std::nullopt;
}

// Callbacks of the handshake

int choose_host(SSL* ssl, int*, void*)
{
    const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (name == nullptr) {
        return SSL_TLSEXT_ERR_OK;
    }
    if (const HostContext* const host = Engine::of(ssl).hosts().find(name)) {
        SSL_set_SSL_CTX(ssl, host->context.get());
    }
    return SSL_TLSEXT_ERR_OK;
}

/// A client that speaks other protocols only was not looking for us (ALPACA; RFC 7301 §3.2).
int choose_alpn(SSL* ssl, const unsigned char** chosen, unsigned char* length, const unsigned char* offered,
    unsigned offered_length, void*)
{
    const std::string& ours = Engine::of(ssl).hosts().alpn;
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

Result<HostContext, TlsError> load_host(const TlsIdentity& identity)
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
    harden(context);
    SSL_CTX_set_tlsext_servername_callback(context, choose_host);
    SSL_CTX_set_alpn_select_cb(context, choose_alpn, nullptr);
    SSL_CTX_set_msg_callback(context, &Engine::watch_messages);

    X509* const leaf = chain->front().get();
    if (SSL_CTX_use_certificate(context, leaf) != 1) {
        return TlsError { identity.certificate_file + ": " + openssl_reason() };
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
        return TlsError { identity.key_file + ": " + openssl_reason() };
    }
    host.end_point = end_point_binding(leaf);
    host.not_after = end_of_validity(leaf);
    return host;
}

Result<std::shared_ptr<const HostContexts>, TlsError> load_all(const std::vector<TlsIdentity>& identities,
    const std::string& alpn)
{
    if (identities.empty()) {
        return TlsError { "no certificate is configured" };
    }
    auto contexts = std::make_shared<HostContexts>();
    contexts->alpn = alpn;
    for (const TlsIdentity& identity : identities) {
        auto host = load_host(identity);
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
    Contexts(std::shared_ptr<const HostContexts> hosts, std::string alpn)
        : hosts_(std::move(hosts)), alpn_(std::move(alpn))
    {}

    Result<Done, TlsError> reload(const std::vector<TlsIdentity>& identities) override
    {
        auto fresh = load_all(identities, alpn_);
        if (!fresh) {
            return fresh.error();
        }
        const std::lock_guard lock(mutex_);
        hosts_ = std::move(*fresh);
        return Done {};
    }

    std::optional<long long> not_after(std::string_view host) const override
    {
        const auto hosts = current();
        const HostContext* const found = hosts->find(host);
        return found ? std::optional(found->not_after) : std::nullopt;
    }

    std::shared_ptr<const HostContexts> current() const
    {
        const std::lock_guard lock(mutex_);
        return hosts_;
    }

private:
    mutable std::mutex mutex_; ///< asked once per handshake
    std::shared_ptr<const HostContexts> hosts_;
    std::string alpn_;
};

} // namespace

Result<std::unique_ptr<TlsContexts>, TlsError> TlsContexts::load(const std::vector<TlsIdentity>& identities,
    std::vector<std::string> alpn)
{
    const std::string wire = alpn_wire(alpn);
    auto hosts = load_all(identities, wire);
    if (!hosts) {
        return hosts.error();
    }
    return std::unique_ptr<TlsContexts>(std::make_unique<Contexts>(std::move(*hosts), wire));
}

std::unique_ptr<TlsEngine> TlsEngine::server(TlsContexts& contexts)
{
    auto hosts = static_cast<Contexts&>(contexts).current();
    SSL_CTX* const first = hosts->hosts.front().context.get();
    return std::make_unique<Engine>(std::move(hosts), nullptr, first, true);
}

std::unique_ptr<TlsEngine> TlsEngine::client(std::string_view server_name, std::string_view ca_file,
    std::vector<std::string> alpn)
{
    Context context(SSL_CTX_new(TLS_client_method()));
    if (!context) {
        throw std::bad_alloc();
    }
    harden(context.get());
    SSL_CTX_set_msg_callback(context.get(), &Engine::watch_messages);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    if (ca_file.empty()) {
        SSL_CTX_set_default_verify_paths(context.get());
    } else {
        SSL_CTX_load_verify_file(context.get(), std::string(ca_file).c_str());
    }
    SSL_CTX* const raw = context.get();
    auto engine = std::make_unique<Engine>(nullptr, std::move(context), raw, false);
    const std::string name(server_name);
    SSL_set_tlsext_host_name(engine->ssl(), name.c_str());
    SSL_set1_host(engine->ssl(), name.c_str());
    const std::string wire = alpn_wire(alpn);
    if (!wire.empty()) {
        SSL_set_alpn_protos(engine->ssl(), reinterpret_cast<const unsigned char*>(wire.data()),
            static_cast<unsigned>(wire.size()));
    }
    ERR_clear_error();
    return engine;
}

// Certificates of our own

namespace {

std::string alternative_names(const std::vector<std::string>& hosts)
{
    std::string names;
    for (const std::string& host : hosts) {
        boost::system::error_code error;
        boost::asio::ip::make_address(host, error);
        names += names.empty() ? "" : ",";
        names += (error ? "DNS:" : "IP:") + host;
    }
    return names;
}

void add_extension(X509* certificate, int nid, const std::string& value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
    if (!extension) {
        throw std::runtime_error("a certificate cannot have " + value + ": " + openssl_reason());
    }
    X509_add_ext(certificate, extension.get(), -1);
}

std::string pem_of(const auto& write)
{
    const Bio bio(BIO_new(BIO_s_mem()));
    write(bio.get());
    char* text = nullptr;
    const long length = BIO_get_mem_data(bio.get(), &text);
    return std::string(text, static_cast<std::size_t>(length));
}

} // namespace

SelfSigned make_self_signed(const std::vector<std::string>& hosts)
{
    const Key key(EVP_EC_gen("P-256"));
    const Certificate certificate(X509_new());
    X509* const x509 = certificate.get();
    X509_set_version(x509, X509_VERSION_3);
    std::string serial = random_bytes(16);
    serial[0] = static_cast<char>((serial[0] & 0x3f) | 0x40); // positive, of one length
    ASN1_STRING_set(X509_get_serialNumber(x509), serial.data(), static_cast<int>(serial.size()));
    X509_gmtime_adj(X509_getm_notBefore(x509), -24L * 3600); // clocks differ
    X509_time_adj_ex(X509_getm_notAfter(x509), 3650, 0, nullptr);
    X509_set_pubkey(x509, key.get());
    X509_NAME* const name = X509_get_subject_name(x509);
    const std::string& first = hosts.at(0);
    // A common name has 64 characters at most; the names that count are the alternative ones (RFC 9525).
    X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
        reinterpret_cast<const unsigned char*>(first.data()),
        static_cast<int>(std::min<std::size_t>(first.size(), 64)), -1, 0);
    X509_set_issuer_name(x509, name);
    add_extension(x509, NID_basic_constraints, "critical,CA:FALSE");
    add_extension(x509, NID_key_usage, "critical,digitalSignature");
    add_extension(x509, NID_ext_key_usage, "serverAuth,clientAuth");
    add_extension(x509, NID_subject_key_identifier, "hash");
    add_extension(x509, NID_subject_alt_name, alternative_names(hosts));
    if (!key || X509_sign(x509, key.get(), EVP_sha256()) == 0) {
        throw std::runtime_error("a certificate cannot be made: " + openssl_reason());
    }
    SelfSigned made;
    made.certificate = pem_of([x509](BIO* bio) { PEM_write_bio_X509(bio, x509); });
    made.key = pem_of([&key](BIO* bio) {
        PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
    return made;
}

} // namespace stonechat
