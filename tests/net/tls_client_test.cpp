// SPDX-License-Identifier: Apache-2.0
// The client's side of TLS: what it finds out about a server's certificate, and what it does about that.
#include "net/tls_client_context.hpp"
#include "net/tls_engine.hpp"

#include "tls_files.hpp"

#include <doctest/doctest.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <functional>

using namespace stonechat;
using test::TlsFiles;
using State = TlsEngine::State;
using Problems = std::vector<CertificateProblem>;

namespace {

std::unique_ptr<TlsClientContext> trusting(const std::string& ca_file)
{
    auto context = TlsClientContext::load(ca_file);
    REQUIRE(context.has_value());
    return std::move(*context);
}

struct Ends {
    std::unique_ptr<TlsEngine> server;
    std::unique_ptr<TlsEngine> client;
    State at_client = State::handshaking;
};

/// Lets a client with these options talk to a server with this certificate.
Ends shake_hands(const TlsIdentity& served, const TlsClientContext& context, const TlsClientOptions& options)
{
    auto contexts = TlsContexts::load({ served });
    REQUIRE(contexts.has_value());
    Ends ends { TlsEngine::server(**contexts), TlsEngine::client(context, options) };
    std::string to_server;
    std::string to_client;
    std::string plain;
    ends.at_client = ends.client->receive("", plain, to_server);
    while (!to_server.empty() || !to_client.empty()) {
        ends.server->receive(std::exchange(to_server, {}), plain, to_client);
        ends.at_client = ends.client->receive(std::exchange(to_client, {}), plain, to_server);
    }
    return ends;
}

/// Changes a certificate and signs it again with its own key.
void change(const TlsIdentity& identity, const std::function<void(X509*)>& how)
{
    const auto opened = [](const std::string& path, const char* mode) {
        return std::unique_ptr<BIO, decltype(&BIO_free)>(BIO_new_file(path.c_str(), mode), BIO_free);
    };
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
        PEM_read_bio_PrivateKey(opened(identity.key_file, "r").get(), nullptr, nullptr, nullptr),
        EVP_PKEY_free);
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(
        PEM_read_bio_X509(opened(identity.certificate_file, "r").get(), nullptr, nullptr, nullptr),
        X509_free);
    REQUIRE(key);
    REQUIRE(certificate);
    how(certificate.get());
    REQUIRE(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);
    REQUIRE(PEM_write_bio_X509(opened(identity.certificate_file, "w").get(), certificate.get()) == 1);
}

} // namespace

TEST_CASE("tls client: a certificate without a fault is shown with its chain")
{
    const TlsFiles files;
    const auto identity = files.identity("example.org");
    const auto context = trusting(identity.certificate_file);
    const Ends ends = shake_hands(identity, *context, { "example.org", {}, TlsVerify::report });
    REQUIRE(ends.at_client == State::established);
    const auto certificate = ends.client->session().peer_certificate();
    REQUIRE(certificate);
    CHECK(certificate->is_valid());
    REQUIRE(certificate->chain.size() == 1);
    const auto* bytes = reinterpret_cast<const unsigned char*>(certificate->chain[0].data());
    X509* const parsed = d2i_X509(nullptr, &bytes, static_cast<long>(certificate->chain[0].size()));
    REQUIRE(parsed != nullptr);
    CHECK(X509_check_host(parsed, "example.org", 0, 0, nullptr) == 1);
    X509_free(parsed);
    CHECK_FALSE(ends.server->session().peer_certificate());
}

TEST_CASE("tls client: every fault of a certificate is reported, and by default none ends the handshake")
{
    const TlsFiles files;
    const auto identity = files.identity("example.org");
    const auto stranger = files.identity("stranger.example");
    const auto found = [&](const std::string& ca_file, const std::string& name) {
        const auto context = trusting(ca_file);
        const Ends ends = shake_hands(identity, *context, { name, {}, TlsVerify::report });
        REQUIRE(ends.at_client == State::established);
        const auto certificate = ends.client->session().peer_certificate();
        REQUIRE(certificate);
        CHECK(certificate->is_valid() == certificate->problems.empty());
        return certificate->problems;
    };
    SUBCASE("an issuer that is not trusted")
    {
        CHECK(found(stranger.certificate_file, "example.org")
            == Problems { CertificateProblem::unknown_issuer });
    }
    SUBCASE("another name")
    {
        CHECK(found(identity.certificate_file, "example.com") == Problems { CertificateProblem::wrong_name });
        CHECK(found(identity.certificate_file, "192.0.2.1") == Problems { CertificateProblem::wrong_name });
    }
    SUBCASE("no name to look for")
    {
        CHECK(found(identity.certificate_file, "").empty());
    }
    SUBCASE("expired")
    {
        change(identity, [](X509* certificate) { X509_gmtime_adj(X509_getm_notAfter(certificate), -3600); });
        CHECK(found(identity.certificate_file, "example.org")
            == Problems { CertificateProblem::not_valid_now });
    }
    SUBCASE("not valid yet, and more")
    {
        change(identity, [](X509* certificate) { X509_gmtime_adj(X509_getm_notBefore(certificate), 3600); });
        const Problems problems = found(stranger.certificate_file, "example.com");
        CHECK(problems.size() == 3);
        for (const auto problem : { CertificateProblem::unknown_issuer, CertificateProblem::wrong_name,
                 CertificateProblem::not_valid_now }) {
            CAPTURE(to_text(problem));
            CHECK(std::count(problems.begin(), problems.end(), problem) == 1);
        }
    }
    SUBCASE("made for clients only")
    {
        change(identity, [](X509* certificate) {
            X509_EXTENSION* const usage = X509V3_EXT_conf_nid(nullptr, nullptr, NID_ext_key_usage,
                "clientAuth");
            const int before = X509_get_ext_by_NID(certificate, NID_ext_key_usage, -1);
            if (before >= 0) {
                X509_EXTENSION_free(X509_delete_ext(certificate, before));
            }
            X509_add_ext(certificate, usage, -1);
            X509_EXTENSION_free(usage);
        });
        CHECK(found(identity.certificate_file, "example.org") == Problems { CertificateProblem::unfit });
    }
}

TEST_CASE("tls client: a name may be an address or have a U-label, and SNI is sent in the form of the DNS")
{
    const TlsFiles files;
    const auto identity = files.identity("example.org", { "127.0.0.1", "xn--bcher-kva.example" });
    const auto context = trusting(identity.certificate_file);
    const auto sni = [&](const std::string& name) {
        const Ends ends = shake_hands(identity, *context, { name, {}, TlsVerify::require });
        CAPTURE(ends.client->error());
        REQUIRE(ends.at_client == State::established);
        return ends.server->session().server_name();
    };
    CHECK(sni("b\xc3\xbc"
              "cher.example")
        == "xn--bcher-kva.example");
    CHECK(sni("127.0.0.1").empty()); // RFC 6066 section 3
}

TEST_CASE("tls client: where a valid certificate is required, another one ends the handshake with a reason")
{
    const TlsFiles files;
    const auto identity = files.identity("example.org");
    const auto context = trusting(identity.certificate_file);
    const Ends ends = shake_hands(identity, *context, { "example.com", {}, TlsVerify::require });
    CHECK(ends.at_client == State::failed);
    CHECK(ends.client->error().find("certificate verify failed") != std::string::npos);
}

TEST_CASE("tls client: a file of issuers that cannot be read is an error that names it")
{
    const TlsFiles files;
    const auto none = TlsClientContext::load(files.path("none.pem"));
    REQUIRE_FALSE(none.has_value());
    CHECK(none.error().message.find(files.path("none.pem")) == 0);
    files.write("empty.pem", "nothing here", 0644);
    CHECK_FALSE(TlsClientContext::load(files.path("empty.pem")).has_value());
    CHECK(TlsClientContext::load().has_value());
}
