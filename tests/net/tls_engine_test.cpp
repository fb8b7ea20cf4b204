// SPDX-License-Identifier: Apache-2.0
// TlsEngine, mostly against OpenSSL's own client, which can also be told to misbehave.
#include "net/tls_engine.hpp"

#include "tls_files.hpp"

#include <doctest/doctest.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <malloc.h>

#include <chrono>
#include <ctime>

using namespace stonechat;
using test::TlsFiles;
using State = TlsEngine::State;

namespace {

std::unique_ptr<TlsContexts> load(const std::vector<TlsIdentity>& identities)
{
    auto contexts = TlsContexts::load(identities);
    REQUIRE(contexts.has_value());
    return std::move(*contexts);
}

std::string load_error(const std::vector<TlsIdentity>& identities)
{
    const auto contexts = TlsContexts::load(identities);
    REQUIRE_FALSE(contexts.has_value());
    return contexts.error().message;
}

/// A raw client between memory buffers.
class RawClient {
public:
    explicit RawClient(const char* server_name = nullptr)
        : context_(SSL_CTX_new(TLS_client_method())), ssl_(SSL_new(context_)), in_(BIO_new(BIO_s_mem())),
          out_(BIO_new(BIO_s_mem()))
    {
        SSL_set_bio(ssl_, in_, out_);
        SSL_set_connect_state(ssl_);
        if (server_name) {
            SSL_set_tlsext_host_name(ssl_, server_name);
        }
    }
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;
    ~RawClient()
    {
        SSL_free(ssl_);
        SSL_CTX_free(context_);
        ERR_clear_error();
    }

    SSL* ssl() { return ssl_; }

    /// What is to be sent to the server.
    std::string take()
    {
        std::string bytes(BIO_ctrl_pending(out_), '\0');
        BIO_read(out_, bytes.data(), static_cast<int>(bytes.size()));
        return bytes;
    }

    /// Lets both talk until neither has anything to say.
    State talk(TlsEngine& server)
    {
        State state = State::handshaking;
        for (;;) {
            SSL_do_handshake(ssl_);
            read();
            const std::string sent = take();
            std::string answer;
            state = server.receive(sent, at_server, answer);
            give(answer);
            if (sent.empty() && answer.empty()) {
                return state;
            }
        }
    }

    void give(const std::string& bytes)
    {
        BIO_write(in_, bytes.data(), static_cast<int>(bytes.size()));
        read();
    }

    void write(const std::string& text) { SSL_write(ssl_, text.data(), static_cast<int>(text.size())); }

    std::string here;      ///< plain text from the server
    std::string at_server; ///< plain text that the server has read
    bool closed = false;
    int alert = -1;

private:
    void read()
    {
        char block[4096];
        for (;;) {
            const int count = SSL_read(ssl_, block, sizeof(block));
            if (count > 0) {
                here.append(block, static_cast<std::size_t>(count));
                continue;
            }
            closed = closed || SSL_get_error(ssl_, count) == SSL_ERROR_ZERO_RETURN;
            const int reason = ERR_GET_REASON(ERR_peek_error());
            if (reason >= 1000) {
                alert = reason - 1000; // SSL_R_*_ALERT_*: OpenSSL adds 1000 to the alert's number
            }
            ERR_clear_error();
            return;
        }
    }

    SSL_CTX* context_;
    SSL* ssl_;
    BIO* in_;
    BIO* out_;
};

std::string served_name(RawClient& client)
{
    X509* const certificate = SSL_get1_peer_certificate(client.ssl());
    char name[256] = {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof(name));
    X509_free(certificate);
    return name;
}

} // namespace

TEST_CASE("tls: our client and our server agree, and both ends bind to the same channel (RFC 9266)")
{
    const TlsFiles files;
    const auto identity = files.identity("example.org");
    const auto contexts = load({ identity });
    const auto server = TlsEngine::server(*contexts, {}, { "xmpp-client" });
    const auto client = test::client_engine("example.org", identity.certificate_file, { "xmpp-client" });
    std::string to_server;
    std::string to_client;
    std::string plain;
    State at_client = client->receive("", plain, to_server);
    while (!to_server.empty() || !to_client.empty()) {
        server->receive(std::exchange(to_server, {}), plain, to_client);
        at_client = client->receive(std::exchange(to_client, {}), plain, to_server);
    }
    CAPTURE(client->error());
    REQUIRE(at_client == State::established);
    CHECK(server->session().version() == "TLSv1.3");
    CHECK(server->session().cipher().starts_with("TLS_"));
    CHECK(server->session().server_name() == "example.org");
    CHECK(server->session().alpn() == "xmpp-client");
    REQUIRE(server->session().tls_exporter());
    CHECK(server->session().tls_exporter()->size() == 32);
    CHECK(server->session().tls_exporter() == client->session().tls_exporter());
    REQUIRE(server->session().tls_unique());
    CHECK(server->session().tls_unique() == client->session().tls_unique());
    REQUIRE(server->session().tls_server_end_point());
    CHECK(server->session().tls_server_end_point()->size() == 32);
    CHECK(server->session().tls_server_end_point() == client->session().tls_server_end_point());

    CHECK(client->send("<stream/>", to_server) == State::established);
    server->receive(to_server, plain, to_client);
    CHECK(plain == "<stream/>");
    client->close(to_server = {});
    CHECK(server->receive(to_server, plain, to_client) == State::closed);
}

TEST_CASE("tls: a certificate for another name, or of an unknown issuer, is refused by our client")
{
    const TlsFiles files;
    const auto identity = files.identity("example.org");
    const auto stranger = files.identity("stranger.example");
    const auto contexts = load({ identity });
    const auto try_as = [&](const char* name, const std::string& ca) {
        const auto server = TlsEngine::server(*contexts);
        const auto client = test::client_engine(name, ca);
        std::string to_server;
        std::string to_client;
        std::string plain;
        client->receive("", plain, to_server);
        server->receive(to_server, plain, to_client);
        return client->receive(to_client, plain, to_server);
    };
    CHECK(try_as("example.org", identity.certificate_file) == State::established);
    CHECK(try_as("example.com", identity.certificate_file) == State::failed);
    CHECK(try_as("example.org", stranger.certificate_file) == State::failed);
    CHECK(try_as("example.org", "") == State::failed);
}

TEST_CASE("tls: bytes may come one at a time")
{
    const TlsFiles files;
    const auto contexts = load({ files.identity("example.org") });
    const auto server = TlsEngine::server(*contexts);
    RawClient client;
    State state = State::handshaking;
    for (int round = 0; round < 4; ++round) {
        SSL_do_handshake(client.ssl());
        std::string answer;
        for (const char c : client.take()) {
            state = server->receive(std::string_view(&c, 1), client.at_server, answer);
        }
        client.give(answer);
    }
    CHECK(state == State::established);
    client.write(std::string(40000, 'x'));
    std::string answer;
    for (const char c : client.take()) {
        state = server->receive(std::string_view(&c, 1), client.at_server, answer);
    }
    CHECK(state == State::established);
    CHECK(client.at_server == std::string(40000, 'x'));
}

TEST_CASE("tls: megabytes go both ways")
{
    const TlsFiles files;
    const auto contexts = load({ files.identity("example.org") });
    const auto server = TlsEngine::server(*contexts);
    RawClient client;
    REQUIRE(client.talk(*server) == State::established);
    const std::string text(3 * 1024 * 1024 + 7, 'y');
    std::string out;
    CHECK(server->send(text, out) == State::established);
    client.give(out);
    CHECK(client.here == text);
    client.write(text);
    client.talk(*server);
    CHECK(client.at_server == text);
}

TEST_CASE("tls: SNI chooses the certificate; no name or a foreign one gets the first (A10)")
{
    const TlsFiles files;
    const auto contexts = load({ files.identity("one.example"), files.identity("two.example") });
    const auto name_for = [&](const char* asked) {
        const auto server = TlsEngine::server(*contexts);
        RawClient client(asked);
        REQUIRE(client.talk(*server) == State::established);
        CHECK(server->session().server_name() == (asked ? asked : ""));
        return served_name(client);
    };
    CHECK(name_for("one.example") == "one.example");
    CHECK(name_for("two.example") == "two.example");
    CHECK(name_for("TWO.example") == "two.example");
    CHECK(name_for("three.example") == "one.example");
    CHECK(name_for(nullptr) == "one.example");
}

TEST_CASE(
    "tls: without SNI the certificate is that of the host which the stream was opened to, if it is served")
{
    const TlsFiles files;
    const auto contexts = load({ files.identity("one.example"), files.identity("two.example") });
    const auto name_for = [&](const char* asked, std::string_view host) {
        const auto server = TlsEngine::server(*contexts, host);
        RawClient client(asked);
        REQUIRE(client.talk(*server) == State::established);
        return served_name(client);
    };
    CHECK(name_for(nullptr, "two.example") == "two.example");
    CHECK(name_for("three.example", "two.example") == "two.example");
    CHECK(name_for("one.example", "two.example") == "one.example");
    CHECK(name_for(nullptr, "three.example") == "one.example");
}

TEST_CASE("tls: a client that offers other protocols only gets no_application_protocol (A10, RFC 7301)")
{
    const TlsFiles files;
    const auto contexts = load({ files.identity("example.org") });
    const auto server = TlsEngine::server(*contexts, {}, { "xmpp-client" });
    RawClient client;
    SUBCASE("foreign")
    {
        const std::string http("\x02h2\x08http/1.1", 12);
        SSL_set_alpn_protos(client.ssl(), reinterpret_cast<const unsigned char*>(http.data()), 12);
        CHECK(client.talk(*server) == State::failed);
        CHECK(client.alert == 120);
        CHECK_FALSE(server->error().empty());
    }
    SUBCASE("ours among others")
    {
        const std::string mixed("\x02h2\x0bxmpp-client", 15);
        SSL_set_alpn_protos(client.ssl(), reinterpret_cast<const unsigned char*>(mixed.data()), 15);
        CHECK(client.talk(*server) == State::established);
        CHECK(server->session().alpn() == "xmpp-client");
    }
    SUBCASE("none")
    {
        CHECK(client.talk(*server) == State::established);
        CHECK(server->session().alpn().empty());
    }
}

TEST_CASE("tls: of several protocols the server's first that the client offers too is taken (RFC 7301)")
{
    const TlsFiles files;
    const auto contexts = load({ files.identity("example.org"), files.identity("other.example") });
    const auto chosen = [&](AlpnProtocols accepted, const char* host) {
        const auto server = TlsEngine::server(*contexts, {}, std::move(accepted));
        RawClient client(host);
        const std::string offer("\x08http/1.1\x0bxmpp-server\x0bxmpp-client", 33);
        SSL_set_alpn_protos(client.ssl(), reinterpret_cast<const unsigned char*>(offer.data()), 33);
        const State state = client.talk(*server);
        return state == State::established ? server->session().alpn() : "refused";
    };
    for (const char* const host : { "example.org", "other.example" }) { // each has a context of its own
        CHECK(chosen({ "xmpp-client", "xmpp-server" }, host) == "xmpp-client");
        CHECK(chosen({ "xmpp-server" }, host) == "xmpp-server");
        CHECK(chosen({ "h2", "http/1.1" }, host) == "http/1.1");
        CHECK(chosen({ "h2" }, host) == "refused");
        CHECK(chosen({}, host).empty());
    }
}

TEST_CASE("tls: old versions, key transport and CBC are refused with an alert (A5)")
{
    const TlsFiles files;
    const auto contexts = load({ files.identity("example.org") });
    const auto server = TlsEngine::server(*contexts);
    RawClient client;
    SUBCASE("TLS 1.1")
    {
        SSL_set_security_level(client.ssl(), 0);
        SSL_set_min_proto_version(client.ssl(), TLS1_VERSION);
        SSL_set_max_proto_version(client.ssl(), TLS1_1_VERSION);
        SSL_set_cipher_list(client.ssl(), "ALL:@SECLEVEL=0");
        CHECK(client.talk(*server) == State::failed);
        CHECK(client.alert == 70);
    }
    SUBCASE("CBC only")
    {
        SSL_set_max_proto_version(client.ssl(), TLS1_2_VERSION);
        SSL_set_cipher_list(client.ssl(), "ECDHE-ECDSA-AES256-SHA:ECDHE-ECDSA-AES128-SHA256");
        CHECK(client.talk(*server) == State::failed);
        CHECK(client.alert == 40);
    }
    SUBCASE("TLS 1.2 with ECDHE and AEAD is fine")
    {
        SSL_set_max_proto_version(client.ssl(), TLS1_2_VERSION);
        CHECK(client.talk(*server) == State::established);
        CHECK(server->session().version() == "TLSv1.2");
    }
}

TEST_CASE("tls: what is not TLS fails without a byte of clear text")
{
    const TlsFiles files;
    const auto contexts = load({ files.identity("example.org") });
    for (const char* const bytes :
        { "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n", "<?xml version='1.0'?><stream:stream>" }) {
        const auto server = TlsEngine::server(*contexts);
        std::string plain;
        std::string out;
        CHECK(server->receive(bytes, plain, out) == State::failed);
        CHECK(plain.empty());
        CHECK_FALSE(server->error().empty());
        CHECK(server->receive(bytes, plain, out) == State::failed);
        CHECK(server->send("x", out) == State::failed);
    }
}

TEST_CASE("tls: a few key updates are served, a flood of them is not (A6)")
{
    const TlsFiles files;
    const auto contexts = load({ files.identity("example.org") });
    const auto server = TlsEngine::server(*contexts);
    RawClient client;
    REQUIRE(client.talk(*server) == State::established);
    for (int i = 0; i < 32; ++i) {
        SSL_key_update(client.ssl(), SSL_KEY_UPDATE_REQUESTED);
        client.write("x");
        REQUIRE(client.talk(*server) == State::established);
    }
    CHECK(client.at_server == std::string(32, 'x'));
    SSL_key_update(client.ssl(), SSL_KEY_UPDATE_NOT_REQUESTED);
    client.write("x");
    CHECK(client.talk(*server) == State::failed);
}

TEST_CASE("tls: a flood of key updates in one piece stops after the 32nd (A6)")
{
    const TlsFiles files;
    const auto contexts = load({ files.identity("example.org") });
    const auto server = TlsEngine::server(*contexts);
    RawClient client;
    REQUIRE(client.talk(*server) == State::established);
    for (int i = 0; i < 1000; ++i) {
        SSL_key_update(client.ssl(), SSL_KEY_UPDATE_NOT_REQUESTED);
        SSL_do_handshake(client.ssl());
    }
    CHECK(client.talk(*server) == State::failed);
}

// RFC 6120 §5.3.5-1
TEST_CASE("tls: TLS 1.2 renegotiation ends the session (A6)")
{
    const TlsFiles files;
    const auto contexts = load({ files.identity("example.org") });
    const auto server = TlsEngine::server(*contexts);
    RawClient client;
    SSL_set_max_proto_version(client.ssl(), TLS1_2_VERSION);
    REQUIRE(client.talk(*server) == State::established);
    SSL_renegotiate(client.ssl());
    CHECK(client.talk(*server) == State::failed);
}

TEST_CASE("tls: sessions are not resumed and early data is not taken (A9)")
{
    const TlsFiles files;
    const auto contexts = load({ files.identity("example.org") });
    for (const int version : { TLS1_2_VERSION, TLS1_3_VERSION }) {
        const auto server = TlsEngine::server(*contexts);
        RawClient client;
        SSL_set_max_proto_version(client.ssl(), version);
        REQUIRE(client.talk(*server) == State::established);
        SSL_SESSION* const session = SSL_get1_session(client.ssl());
        CHECK_FALSE((version == TLS1_3_VERSION && SSL_SESSION_is_resumable(session)));
        CHECK(SSL_SESSION_has_ticket(session) == 0);
        CHECK(SSL_SESSION_get_max_early_data(session) == 0);

        const auto second = TlsEngine::server(*contexts);
        RawClient again;
        SSL_set_max_proto_version(again.ssl(), version);
        SSL_set_session(again.ssl(), session);
        REQUIRE(again.talk(*second) == State::established);
        CHECK(SSL_session_reused(again.ssl()) == 0);
        SSL_SESSION_free(session);
    }
}

TEST_CASE("tls: tls-exporter in TLS 1.2 needs the extended master secret (RFC 9266 section 4.2)")
{
    const TlsFiles files;
    const auto contexts = load({ files.identity("example.org") });
    const auto server = TlsEngine::server(*contexts);
    RawClient client;
    SSL_set_max_proto_version(client.ssl(), TLS1_2_VERSION);
    SUBCASE("with")
    {
        REQUIRE(client.talk(*server) == State::established);
        std::string expected(32, '\0');
        const unsigned char none[1] = {};
        SSL_export_keying_material(client.ssl(), reinterpret_cast<unsigned char*>(expected.data()), 32,
            "EXPORTER-Channel-Binding", 24, none, 0, 1);
        CHECK(server->session().tls_exporter() == expected);
    }
    SUBCASE("without")
    {
        SSL_set_options(client.ssl(), SSL_OP_NO_EXTENDED_MASTER_SECRET);
        REQUIRE(client.talk(*server) == State::established);
        CHECK_FALSE(server->session().tls_exporter());
        CHECK(server->session().tls_server_end_point());
    }
}

TEST_CASE("tls: tls-server-end-point is the hash of the certificate by its signature's hash (RFC 5929)")
{
    const TlsFiles files;
    struct Case {
        const char* digest;
        const char* hash;
    };
    for (const Case& wanted :
        { Case { "SHA256", "SHA256" }, Case { "SHA384", "SHA384" }, Case { "SHA1", "SHA256" } }) {
        CAPTURE(wanted.digest);
        const SelfSigned made = make_self_signed({ "example.org" });
        BIO* const key_text = BIO_new_mem_buf(made.key.data(), static_cast<int>(made.key.size()));
        EVP_PKEY* const key = PEM_read_bio_PrivateKey(key_text, nullptr, nullptr, nullptr);
        BIO* const text = BIO_new_mem_buf(made.certificate.data(), static_cast<int>(made.certificate.size()));
        X509* const certificate = PEM_read_bio_X509(text, nullptr, nullptr, nullptr);
        REQUIRE(X509_sign(certificate, key, EVP_get_digestbyname(wanted.digest)) > 0);
        BIO* const signed_text = BIO_new(BIO_s_mem());
        PEM_write_bio_X509(signed_text, certificate);
        char* data = nullptr;
        const long length = BIO_get_mem_data(signed_text, &data);
        files.write("a.crt", std::string(data, static_cast<std::size_t>(length)), 0644);
        files.write("a.key", made.key, 0600);
        unsigned char hash[EVP_MAX_MD_SIZE];
        unsigned size = 0;
        X509_digest(certificate, EVP_get_digestbyname(wanted.hash), hash, &size);
        BIO_free(signed_text);
        BIO_free(text);
        BIO_free(key_text);
        X509_free(certificate);
        EVP_PKEY_free(key);

        const auto contexts = TlsContexts::load({ { "example.org", files.path("a.crt"),
            files.path("a.key") } });
        if (!contexts) {
            // The system's OpenSSL does not take SHA-1 certificates at all.
            CHECK(std::string(wanted.digest) == "SHA1");
            continue;
        }
        const auto server = TlsEngine::server(**contexts);
        RawClient client;
        client.talk(*server);
        CHECK(server->session().tls_server_end_point() == std::string(reinterpret_cast<char*>(hash), size));
    }
}

TEST_CASE("tls: certificates can be replaced while sessions live")
{
    const TlsFiles files;
    auto identity = files.identity("example.org", { "old.example" });
    const auto contexts = load({ identity });
    const auto before = TlsEngine::server(*contexts);
    RawClient old_client;
    REQUIRE(old_client.talk(*before) == State::established);
    const auto old_end_point = before->session().tls_server_end_point();

    identity = files.identity("example.org", { "new.example" });
    CHECK(contexts->reload({ identity }).has_value());
    const auto after = TlsEngine::server(*contexts);
    RawClient new_client;
    REQUIRE(new_client.talk(*after) == State::established);
    CHECK(served_name(new_client) == "new.example");
    old_client.write("still here");
    CHECK(old_client.talk(*before) == State::established);
    CHECK(old_client.at_server == "still here");
    CHECK(before->session().tls_server_end_point() == old_end_point);
    CHECK(after->session().tls_server_end_point() != old_end_point);

    files.write("example.org.key", "broken", 0600);
    CHECK_FALSE(contexts->reload({ identity }).has_value());
    const auto unchanged = TlsEngine::server(*contexts);
    RawClient third;
    CHECK(third.talk(*unchanged) == State::established);
}

TEST_CASE("tls: a reload refused says which file and why")
{
    const TlsFiles files;
    const auto identity = files.identity("example.org");
    const auto other = files.identity("other.example");
    SUBCASE("key readable by the group")
    {
        ::chmod(identity.key_file.c_str(), 0640);
        const std::string error = load_error({ identity });
        CHECK(error.find(identity.key_file) == 0);
        CHECK(error.find("0640") != std::string::npos);
    }
    SUBCASE("key readable by all")
    {
        ::chmod(identity.key_file.c_str(), 0604);
        CHECK(load_error({ identity }).find("can be read by others") != std::string::npos);
    }
    SUBCASE("key of another certificate")
    {
        CHECK(load_error({ { "example.org", identity.certificate_file, other.key_file } })
                  .find("is not the key")
            != std::string::npos);
    }
    SUBCASE("no file")
    {
        CHECK(
            load_error({ { "example.org", files.path("none.crt"), identity.key_file } }).find("No such file")
            != std::string::npos);
        CHECK(load_error({ { "example.org", identity.certificate_file, files.path("none.key") } })
                  .find(files.path("none.key"))
            == 0);
    }
    SUBCASE("no certificate in the file")
    {
        files.write("empty.crt", "nothing here", 0644);
        CHECK(load_error({ { "example.org", files.path("empty.crt"), identity.key_file } })
                  .find("contains no certificate")
            != std::string::npos);
    }
    SUBCASE("one bad identity among good ones")
    {
        CHECK(load_error({ identity, { "x", files.path("none.crt"), other.key_file } }).find("none.crt")
            != std::string::npos);
    }
    SUBCASE("none at all")
    {
        CHECK_FALSE(load_error({}).empty());
    }
}

// RFC 6120 §13.7.1.2.1-1
TEST_CASE("tls: a self-signed certificate names all hosts and lasts")
{
    const TlsFiles files;
    const auto identity = files.identity("localhost", { "localhost", "example.org", "127.0.0.1", "::1" });
    const auto contexts = load({ identity });
    const auto facts = contexts->certificates();
    REQUIRE(facts.size() == 1);
    const WallTime now = SystemClock().wall();
    CHECK(facts[0].not_after > now + std::chrono::days(9 * 365));
    CHECK(facts[0].names == std::vector<std::string> { "localhost", "example.org" });
    CHECK(flaws_of(facts, now).empty());
    std::ifstream file(identity.certificate_file);
    BIO* const bio = BIO_new_file(identity.certificate_file.c_str(), "r");
    X509* const certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
    CHECK(X509_check_host(certificate, "example.org", 0, 0, nullptr) == 1);
    CHECK(X509_check_ip_asc(certificate, "127.0.0.1", 0) == 1);
    CHECK(X509_check_ip_asc(certificate, "::1", 0) == 1);
    X509_free(certificate);
    BIO_free(bio);
}

TEST_CASE("tls: of two self-signed certificates for one host neither can be taken for the other's issuer")
{
    const auto parsed = [](const SelfSigned& made) {
        BIO* const bio = BIO_new_mem_buf(made.certificate.data(), static_cast<int>(made.certificate.size()));
        X509* const certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
        BIO_free(bio);
        return std::unique_ptr<X509, decltype(&X509_free)>(certificate, X509_free);
    };
    const auto one = parsed(make_self_signed({ "localhost" }));
    const auto other = parsed(make_self_signed({ "localhost" }));
    CHECK(X509_NAME_cmp(X509_get_subject_name(one.get()), X509_get_issuer_name(one.get())) == 0);
    CHECK(X509_check_issued(one.get(), other.get()) == X509_V_ERR_SUBJECT_ISSUER_MISMATCH);
    REQUIRE(X509_get0_subject_key_id(one.get()));
    REQUIRE(X509_get0_authority_key_id(one.get()));
    CHECK(ASN1_OCTET_STRING_cmp(X509_get0_authority_key_id(one.get()), X509_get0_subject_key_id(one.get()))
        == 0);
    CHECK(ASN1_OCTET_STRING_cmp(X509_get0_authority_key_id(one.get()), X509_get0_subject_key_id(other.get()))
        != 0);
}

TEST_CASE("tls: an idle session takes little memory, a handshake little time" * doctest::skip())
{
    const TlsFiles files;
    const auto contexts = load({ files.identity("example.org") });
    constexpr std::size_t sessions = 1000;
    std::vector<std::unique_ptr<TlsEngine>> servers;
    servers.reserve(sessions);
    std::size_t heap = 0;
    double cpu = 0;
    for (std::size_t i = 0; i <= sessions; ++i) {
        RawClient client("example.org");
        std::string plain;
        std::string out;
        // Only what the server does is measured.
        SSL_do_handshake(client.ssl());
        std::string flight = client.take();
        const std::size_t before = ::mallinfo2().uordblks;
        std::clock_t begin = std::clock();
        auto server = TlsEngine::server(*contexts);
        server->receive(flight, plain, out);
        cpu += static_cast<double>(std::clock() - begin);
        const std::size_t middle = ::mallinfo2().uordblks;
        client.give(out);
        SSL_do_handshake(client.ssl());
        flight = client.take();
        const std::size_t again = ::mallinfo2().uordblks;
        begin = std::clock();
        CHECK(server->receive(flight, plain, out) == State::established);
        std::string().swap(out);
        std::string text(400, 'x');
        server->send(text, out);
        cpu += static_cast<double>(std::clock() - begin);
        std::string().swap(out);
        std::string().swap(text);
        if (i > 0) {
            heap += ::mallinfo2().uordblks - again + middle - before;
        }
        servers.push_back(std::move(server));
    }
    MESSAGE("bytes per idle session: " << heap / sessions << ", us CPU per handshake: "
                                       << 1e6 * cpu / CLOCKS_PER_SEC / sessions);
}
