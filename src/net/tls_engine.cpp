// SPDX-License-Identifier: Apache-2.0
#include "net/tls_engine.hpp"

#include "net/host_contexts.hpp"
#include "net/openssl.hpp"
#include "xmpp/precis.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>

namespace stonechat {
namespace {

/// TLS 1.3 peers may update keys. No legitimate peer does it this often on one stream.
constexpr unsigned most_key_updates = 32;

/// Largest piece that is decrypted or encrypted at once: one TLS record.
constexpr std::size_t record_bytes = 16 * 1024;
constexpr std::size_t smallest_read = 1024;

enum class Role { server, client };

/// Returns the kind of an X509_V_ERR_* code.
CertificateProblem problem_of(int error)
{
    switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID: return CertificateProblem::not_valid_now;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return CertificateProblem::wrong_name;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_UNTRUSTED: return CertificateProblem::unknown_issuer;
    default: return CertificateProblem::unfit; // an int, not an enum
    }
}

std::string to_der(const X509* certificate)
{
    const int size = i2d_X509(certificate, nullptr);
    std::string der(static_cast<std::size_t>(std::max(size, 0)), '\0');
    auto* into = reinterpret_cast<unsigned char*>(der.data());
    i2d_X509(certificate, &into);
    return der;
}

class Engine final : public TlsEngine, private TlsSession {
public:
    Engine(Role role, SSL_CTX* context, std::shared_ptr<const HostContexts> hosts = nullptr,
        AlpnProtocols accepted = {});

    State receive(std::string_view encrypted, std::string& plain, std::string& out) override;
    State send(std::string_view plain, std::string& out) override;
    void close(std::string& out) override;
    std::string error() const override { return error_; }
    const TlsSession& session() const override { return *this; }

    const AlpnProtocols& accepted_protocols() const { return accepted_; }

    /// Prepares the client's hello, and the check of the certificate that answers it.
    void set_client_options(const TlsClientOptions& options);

private:
    std::string version() const override { return SSL_get_version(ssl_.get()); }
    std::string cipher() const override;
    std::string server_name() const override;
    std::string alpn() const override;
    std::optional<std::string> tls_exporter() const override;
    std::optional<std::string> tls_unique() const override;
    std::optional<std::string> tls_server_end_point() const override;
    std::optional<PeerCertificate> peer_certificate() const override;

    static const BIO_METHOD* bio_method();
    static int bio_read(BIO* bio, char* into, int size);
    static int bio_write(BIO* bio, const char* from, int size);
    static long bio_control(BIO* bio, int command, long number, void* pointer);
    static void watch_messages(int sent, int version, int type, const void* data, std::size_t size, SSL*,
        void* engine_itself);
    static int note_problem(int valid, X509_STORE_CTX* check);

    void shake_hands();
    void decrypt(std::string& plain);
    void fail(std::string reason);
    void note_result(int result);

    std::shared_ptr<const HostContexts> hosts_; ///< only on the server's side
    AlpnProtocols accepted_;                    ///< only on the server's side
    openssl::Session ssl_;
    std::string_view in_;        ///< during receive: bytes not read by OpenSSL yet
    std::string* out_ = nullptr; ///< during a call: receives OpenSSL's output
    State state_ = State::handshaking;
    std::uint16_t key_updates_ = 0;
    bool abused_ = false; ///< renegotiation or too many key updates: nothing more is read
    bool close_sent_ = false;
    TlsVerify verify_ = TlsVerify::report;
    std::string error_;
    std::vector<CertificateProblem> problems_; ///< of the peer's certificate
};

Engine::Engine(Role role, SSL_CTX* context, std::shared_ptr<const HostContexts> hosts, AlpnProtocols accepted)
    : hosts_(std::move(hosts)), accepted_(std::move(accepted)),
      ssl_(SSL_new(context)) // which keeps a reference to the context
{
    BIO* const bio = BIO_new(bio_method());
    if (!ssl_ || bio == nullptr) {
        throw std::bad_alloc();
    }
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_.get(), bio, bio);
    SSL_set_msg_callback(ssl_.get(), &Engine::watch_messages);
    SSL_set_msg_callback_arg(ssl_.get(), this);
    SSL_set_app_data(ssl_.get(), this);
    switch (role) {
    case Role::server: SSL_set_accept_state(ssl_.get()); return;
    case Role::client: SSL_set_connect_state(ssl_.get()); return;
    }
}

void Engine::set_client_options(const TlsClientOptions& options)
{
    const std::string name = ascii_domain(options.server_name);
    boost::system::error_code no_address;
    boost::asio::ip::make_address(name, no_address);
    if (!no_address) {
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), name.c_str()); // RFC 6066 §3: no SNI
    } else if (!name.empty()) {
        SSL_set_tlsext_host_name(ssl_.get(), name.c_str());
        SSL_set1_host(ssl_.get(), name.c_str());
        SSL_set_hostflags(ssl_.get(), openssl::name_flags);
    }
    const std::string_view wire = options.alpn.wire();
    if (!wire.empty()) {
        SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(wire.data()),
            static_cast<unsigned>(wire.size()));
    }
    verify_ = options.verify;
    SSL_set_verify(ssl_.get(), SSL_VERIFY_PEER, &Engine::note_problem);
    ERR_clear_error();
}

/// Called by OpenSSL for each certificate of the chain that is valid, and for each problem. Returns whether
/// to go on.
int Engine::note_problem(int valid, X509_STORE_CTX* check)
{
    if (valid == 1) {
        return 1;
    }
    auto* const ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(check,
        SSL_get_ex_data_X509_STORE_CTX_idx()));
    auto& engine = *static_cast<Engine*>(SSL_get_app_data(ssl));
    const CertificateProblem problem = problem_of(X509_STORE_CTX_get_error(check));
    if (std::find(engine.problems_.begin(), engine.problems_.end(), problem) == engine.problems_.end()) {
        engine.problems_.push_back(problem);
    }
    return engine.verify_ == TlsVerify::report ? 1 : 0;
}

const BIO_METHOD* Engine::bio_method()
{
    // A table of functions, immutable and shared by all engines.
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

void Engine::watch_messages(int sent, int version, int type, const void* data, std::size_t size, SSL*,
    void* engine_itself)
{
    const auto* const bytes = static_cast<const unsigned char*>(data);
    Engine& engine = *static_cast<Engine*>(engine_itself);
    if (sent == 0 && type == SSL3_RT_HANDSHAKE && size > 0) {
        if (bytes[0] == SSL3_MT_KEY_UPDATE && ++engine.key_updates_ > most_key_updates) {
            engine.abused_ = true;
        }
        if (bytes[0] == SSL3_MT_CLIENT_HELLO && version == TLS1_2_VERSION
            && engine.state_ == State::established) {
            engine.abused_ = true;
        }
    }
    // This alert is the only sign that the peer asked for renegotiation, which OpenSSL refuses.
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

/// Sets the state after an SSL_* call that returned `result`.
void Engine::note_result(int result)
{
    switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_NONE:
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return;
    case SSL_ERROR_ZERO_RETURN: state_ = State::closed; return;
    default: // an int, not an enum
        fail(openssl::reason());
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
            fail(openssl::reason());
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
    // In a full handshake the client's Finished message counts; sessions are never resumed here.
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
    const openssl::Certificate peer(SSL_get1_peer_certificate(ssl_.get()));
    return peer ? end_point_binding(peer.get()) : std::nullopt;
}

std::optional<PeerCertificate> Engine::peer_certificate() const
{
    const STACK_OF(X509)* const sent = SSL_get_peer_cert_chain(ssl_.get());
    if (hosts_ || sent == nullptr) {
        return std::nullopt;
    }
    PeerCertificate certificate;
    certificate.problems = problems_;
    for (int i = 0; i < sk_X509_num(sent); ++i) {
        certificate.chain.push_back(to_der(sk_X509_value(sent, i)));
    }
    return certificate;
}

} // namespace

const AlpnProtocols& accepted_protocols(const SSL* session)
{
    return static_cast<const Engine*>(SSL_get_app_data(session))->accepted_protocols();
}

std::unique_ptr<TlsEngine> TlsEngine::server(TlsContexts& contexts, std::string_view host,
    AlpnProtocols accepted)
{
    auto hosts = current_hosts(contexts);
    const HostContext* const wanted = hosts->find(host);
    SSL_CTX* const context = (wanted != nullptr ? *wanted : hosts->hosts.front()).context.get();
    return std::make_unique<Engine>(Role::server, context, std::move(hosts), std::move(accepted));
}

std::unique_ptr<TlsEngine> TlsEngine::client(const TlsClientContext& context, const TlsClientOptions& options)
{
    auto engine = std::make_unique<Engine>(Role::client, openssl_context(context));
    engine->set_client_options(options);
    return engine;
}

} // namespace stonechat
