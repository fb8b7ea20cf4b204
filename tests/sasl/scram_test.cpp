// SPDX-License-Identifier: Apache-2.0
// SCRAM as RFC 5802 and RFC 7677 describe it, with their examples, and what has to be refused.
#include "sasl/scram.hpp"

#include "base/base64.hpp"
#include "base/random.hpp"
#include "sasl/scram_crypto.hpp"
#include "xmpp/precis.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <ctime>

using namespace stonechat;

namespace {

using Step = SaslMechanism::Step;

bool matches(const ScramVerifier& verifier, std::string_view password)
{
    return match(verifier, password) != PasswordMatch::no;
}

/// The examples' user, whose password is "pencil".
std::vector<ScramVerifier> verifiers(ScramHash hash, const std::string& salt, std::uint32_t iterations)
{
    ScramVerifier verifier;
    const std::string salted = scram::salted_password(hash, "pencil", salt, iterations);
    verifier.hash = hash;
    verifier.salt = salt;
    verifier.iterations = iterations;
    verifier.stored_key = scram::digest(hash, scram::hmac(hash, salted, { "Client Key" }));
    verifier.server_key = scram::hmac(hash, salted, { "Server Key" });
    return { verifier };
}

SaslContext context()
{
    SaslContext context;
    context.host = "example.org";
    context.fake_secret = "a secret of the server";
    return context;
}

SaslContext context_with_binding()
{
    SaslContext made = context();
    made.mechanisms = { "SCRAM-SHA-1-PLUS", "SCRAM-SHA-1" };
    made.bindings = { { "tls-exporter", "THIS IS FAKE CB DATA" }, { "tls-server-end-point", "end point" } };
    return made;
}

const std::string salt_of_rfc_5802 = *base64_decode("QSXCR+Q6sek8bf92");
const std::string salt_of_rfc_7677 = *base64_decode("W22ZaJ0SNY7soEsUEjb6gQ==");

SaslFailure failure(const Step& step)
{
    REQUIRE(std::holds_alternative<SaslMechanism::Failed>(step));
    return std::get<SaslMechanism::Failed>(step).failure;
}

std::string challenge(const Step& step)
{
    REQUIRE(std::holds_alternative<SaslMechanism::Challenge>(step));
    return std::get<SaslMechanism::Challenge>(step).data;
}

std::string attribute(const std::string& message, char name)
{
    const std::string key = { ',', name, '=' };
    const std::string padded = "," + message;
    const std::size_t at = padded.find(key);
    if (at == std::string::npos) {
        return "";
    }
    return padded.substr(at + 3, padded.find(',', at + 1) - at - 3);
}

/// A client that can also do everything wrong.
struct Client {
    std::string gs2 = "n,,";
    std::string user = "user";
    std::string nonce = "clientnonce";
    std::string password = "pencil";
    std::string binding;
    std::string extra; ///< before the proof, with a comma in front

    std::string first() const { return gs2 + bare(); }
    std::string bare() const { return "n=" + user + ",r=" + nonce; }
    std::string final(ScramHash hash, const std::string& server_first) const
    {
        const auto iterations = static_cast<std::uint32_t>(std::stoul(attribute(server_first, 'i')));
        const std::string salted = scram::salted_password(hash, password,
            *base64_decode(attribute(server_first, 's')), iterations);
        const std::string key = scram::hmac(hash, salted, { "Client Key" });
        const std::string without_proof = "c=" + base64_encode(gs2 + binding)
            + ",r=" + attribute(server_first, 'r') + extra;
        const std::string signature = scram::hmac(hash, scram::digest(hash, key),
            { bare(), ",", server_first, ",", without_proof });
        return without_proof + ",p=" + base64_encode(scram::exclusive_or(key, signature));
    }
};

Step run(Scram& machine, const Client& client, ScramHash hash = ScramHash::sha1)
{
    const Step asked = machine.respond(client.first());
    if (!std::holds_alternative<SaslMechanism::NeedAccount>(asked)) {
        return asked;
    }
    const std::string server_first = challenge(machine.supply(verifiers(hash, salt_of_rfc_5802, 4096)));
    return machine.respond(client.final(hash, server_first));
}

} // namespace

TEST_CASE("scram: the exchange of RFC 5802 section 5")
{
    Scram machine(ScramHash::sha1, false, context(), "3rfcNHYJY1ZVvWVs7j");
    const Step asked = machine.respond("n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL");
    REQUIRE(std::holds_alternative<SaslMechanism::NeedAccount>(asked));
    CHECK(std::get<SaslMechanism::NeedAccount>(asked).user == "user");
    CHECK(challenge(machine.supply(verifiers(ScramHash::sha1, salt_of_rfc_5802, 4096)))
        == "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096");
    const Step end =
        machine.respond("c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=");
    REQUIRE(std::holds_alternative<SaslMechanism::Success>(end));
    CHECK(std::get<SaslMechanism::Success>(end).user == "user");
    CHECK(std::get<SaslMechanism::Success>(end).data == "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=");
}

TEST_CASE("scram: the exchange of RFC 7677 section 3")
{
    Scram machine(ScramHash::sha256, false, context(), "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0");
    machine.respond("n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
    CHECK(challenge(machine.supply(verifiers(ScramHash::sha256, salt_of_rfc_7677, 4096)))
        == "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
    const Step end = machine.respond("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                                     "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
    REQUIRE(std::holds_alternative<SaslMechanism::Success>(end));
    CHECK(std::get<SaslMechanism::Success>(end).data == "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
}

// XEP-0474 §6.1-1
TEST_CASE("scram: the exchange of XEP-0474 section 6.3, with channel binding and downgrade protection")
{
    SaslContext offered = context_with_binding();
    Scram machine(ScramHash::sha1, true, offered, "a09117a6-ac50-4f2f-93f1-93799c2bddf6");
    machine.respond("p=tls-exporter,,n=user,r=12C4CD5C-E38E-4A98-8F6D-15C38F51CCC6");
    CHECK(challenge(machine.supply(verifiers(ScramHash::sha1, salt_of_rfc_5802, 4096)))
        == "r=12C4CD5C-E38E-4A98-8F6D-15C38F51CCC6a09117a6-ac50-4f2f-93f1-93799c2bddf6,s=QSXCR+Q6sek8bf92,i="
           "4096,"
           "h=G6k/rBLDqgOhRRaCuuatSDFkJ08=");
    const Step end = machine.respond(
        "c=cD10bHMtZXhwb3J0ZXIsLFRISVMgSVMgRkFLRSBDQiBEQVRB,r=12C4CD5C-E38E-4A98-8F6D-15C38F51CCC6a09117a6-"
        "ac50-4f2f-"
        "93f1-93799c2bddf6,x=19C6532F-1CF4-4A27-A18D-DC9CEA41BBB3,p=M/SIDjT+dfcxUh89jZEypRvFxB4=");
    REQUIRE(std::holds_alternative<SaslMechanism::Success>(end));
    CHECK(std::get<SaslMechanism::Success>(end).data == "v=MQrMPvv7yv4x4Cq4W4Ih25EqS2c=");
}

TEST_CASE("scram: without channel binding on this stream the downgrade hash covers mechanisms only")
{
    SaslContext offered = context();
    offered.mechanisms = { "SCRAM-SHA-256", "SCRAM-SHA-1" };
    Scram machine(ScramHash::sha256, false, offered);
    machine.respond(Client().first());
    const std::string sent = challenge(machine.supply(verifiers(ScramHash::sha256, salt_of_rfc_7677, 4096)));
    CHECK(attribute(sent, 'h')
        == base64_encode(scram::digest(ScramHash::sha256, "SCRAM-SHA-1\x1eSCRAM-SHA-256")));
}

// RFC 5802 §5.1-1
TEST_CASE("scram: names with commas and equals signs are decoded, and prepared")
{
    Client client;
    SUBCASE("case is folded")
    {
        client.user = "UsEr";
        Scram machine(ScramHash::sha1, false, context());
        const Step end = run(machine, client);
        REQUIRE(std::holds_alternative<SaslMechanism::Success>(end));
        CHECK(std::get<SaslMechanism::Success>(end).user == "user");
    }
    SUBCASE("=2C and =3D")
    {
        client.user = "a=2Cb=3Dc";
        Scram machine(ScramHash::sha1, false, context());
        const Step asked = machine.respond(client.first());
        REQUIRE(std::holds_alternative<SaslMechanism::NeedAccount>(asked));
        CHECK(std::get<SaslMechanism::NeedAccount>(asked).user == "a,b=c");
    }
}

// RFC 6120 §6.3.8-1
TEST_CASE("scram: the user's own address is accepted as authorization identity, any other is not (A34)")
{
    Client client;
    Scram machine(ScramHash::sha1, false, context());
    SUBCASE("own")
    {
        client.gs2 = "n,a=user@example.org,";
        CHECK(std::holds_alternative<SaslMechanism::Success>(run(machine, client)));
    }
    SUBCASE("other user")
    {
        client.gs2 = "n,a=admin@example.org,";
        CHECK(failure(run(machine, client)) == SaslFailure::invalid_authzid);
    }
    SUBCASE("other host")
    {
        client.gs2 = "n,a=user@example.com,";
        CHECK(failure(run(machine, client)) == SaslFailure::invalid_authzid);
    }
    SUBCASE("no address")
    {
        client.gs2 = "n,a=user,";
        CHECK(failure(run(machine, client)) == SaslFailure::invalid_authzid);
    }
}

// RFC 5802 §5-1 §5.1-1
// RFC 5802 §5.1-2
TEST_CASE("scram: a first message that the grammar does not allow is malformed (A33, A40)")
{
    const std::string broken[] = { "", "n", "n,", "n,,", "n,,n=user", "n,,n=user,", "n,,n=,r=abc",
        "n,,n=user,r=", "n,,r=abc,n=user", "n,,m=x,n=user,r=abc", "n,,n=user,r=abc,m=x", "x,,n=user,r=abc",
        "p,,n=user,r=abc", "p=,,n=user,r=abc", "p=a b,,n=user,r=abc", "n,b=user,n=user,r=abc",
        "n,a=,n=user,r=abc", "n,,n=us=er,r=abc", "n,,n=user=2,r=abc", "n,,n=user,r=a c",
        "n,,n=user,r=\xc3\xa9", "n,,n=user,r=abc,", "n,,n=user,r=abc,1=x",
        "n,,n=user,r=abc,x=", std::string("n,,n=us\0er,r=abc", 16), "n,,n=user,r=" + std::string(5000, 'r') };
    for (const std::string& message : broken) {
        CAPTURE(message);
        Scram machine(ScramHash::sha1, false, context());
        CHECK(failure(machine.respond(message)) == SaslFailure::malformed_request);
    }
}

TEST_CASE("scram: a name that no account can have is refused as wrong, not as malformed")
{
    for (const char* const name : { "user@example.org", "a b", "\xff" }) {
        CAPTURE(name);
        Client client;
        client.user = name;
        Scram machine(ScramHash::sha1, false, context());
        CHECK(failure(machine.respond(client.first())) == SaslFailure::not_authorized);
    }
}

// RFC 5802 §5.1-2
TEST_CASE("scram: unknown extensions are ignored on both messages (RFC 5802 section 5.1)")
{
    Client client;
    client.nonce = "abc,x=y";
    Scram machine(ScramHash::sha1, false, context());
    machine.respond(client.first());
    const std::string sent = challenge(machine.supply(verifiers(ScramHash::sha1, salt_of_rfc_5802, 4096)));
    CHECK(attribute(sent, 'r').starts_with("abc"));
    client.extra = ",y=z,z=0";
    CHECK(std::holds_alternative<SaslMechanism::Success>(machine.respond(client.final(ScramHash::sha1,
        sent))));
}

TEST_CASE("scram: a wrong password is not authorized, and the exchange is over")
{
    Client client;
    client.password = "pen";
    Scram machine(ScramHash::sha1, false, context());
    CHECK(failure(run(machine, client)) == SaslFailure::not_authorized);
    CHECK(failure(machine.respond(client.first())) == SaslFailure::malformed_request);
}

// RFC 5802 §6-2
TEST_CASE("scram: a client that claims we offer no channel binding is refused if we do (A38)")
{
    Client client;
    client.gs2 = "y,,";
    SUBCASE("offered")
    {
        Scram machine(ScramHash::sha1, false, context_with_binding());
        CHECK(failure(run(machine, client)) == SaslFailure::not_authorized);
    }
    SUBCASE("not offered")
    {
        Scram machine(ScramHash::sha1, false, context());
        CHECK(std::holds_alternative<SaslMechanism::Success>(run(machine, client)));
    }
    SUBCASE("with -PLUS itself it makes no sense")
    {
        Scram machine(ScramHash::sha1, true, context_with_binding());
        CHECK(failure(run(machine, client)) == SaslFailure::malformed_request);
    }
}

// RFC 5802 §6-3 §6-4
TEST_CASE("scram: channel binding holds only with the right type and the right data (A39)")
{
    Client client;
    client.gs2 = "p=tls-exporter,,";
    client.binding = "THIS IS FAKE CB DATA";
    SUBCASE("right")
    {
        Scram machine(ScramHash::sha1, true, context_with_binding());
        CHECK(std::holds_alternative<SaslMechanism::Success>(run(machine, client)));
    }
    SUBCASE("the other type, with its own data")
    {
        client.gs2 = "p=tls-server-end-point,,";
        client.binding = "end point";
        Scram machine(ScramHash::sha1, true, context_with_binding());
        CHECK(std::holds_alternative<SaslMechanism::Success>(run(machine, client)));
    }
    SUBCASE("wrong data")
    {
        client.binding = "of another channel";
        Scram machine(ScramHash::sha1, true, context_with_binding());
        CHECK(failure(run(machine, client)) == SaslFailure::not_authorized);
    }
    SUBCASE("no data")
    {
        client.binding = "";
        Scram machine(ScramHash::sha1, true, context_with_binding());
        CHECK(failure(run(machine, client)) == SaslFailure::not_authorized);
    }
    SUBCASE("a type we do not have")
    {
        client.gs2 = "p=tls-unique,,";
        Scram machine(ScramHash::sha1, true, context_with_binding());
        CHECK(failure(run(machine, client)) == SaslFailure::malformed_request);
    }
    SUBCASE("with a mechanism without -PLUS")
    {
        Scram machine(ScramHash::sha1, false, context_with_binding());
        CHECK(failure(run(machine, client)) == SaslFailure::malformed_request);
    }
    SUBCASE("-PLUS without binding")
    {
        client.gs2 = "n,,";
        Scram machine(ScramHash::sha1, true, context_with_binding());
        CHECK(failure(run(machine, client)) == SaslFailure::malformed_request);
    }
}

// RFC 5802 §5.1-3
TEST_CASE("scram: a final message that does not answer ours is refused (A40)")
{
    const std::string right = "c=biws,r=abcDEF";
    const std::string proof = base64_encode(std::string(20, 'x'));
    struct Case {
        std::string message;
        SaslFailure failure;
    };
    const Case cases[] = {
        { "c=biws,r=abcDE,p=" + proof, SaslFailure::not_authorized },
        { "c=biws,r=abcDEFG,p=" + proof, SaslFailure::not_authorized },
        { "c=biws,r=abc,p=" + proof, SaslFailure::not_authorized },
        { "c=eSws,r=abcDEF,p=" + proof, SaslFailure::not_authorized },
        { right + ",p=" + proof, SaslFailure::not_authorized },
        { right + ",p=" + base64_encode(std::string(19, 'x')), SaslFailure::malformed_request },
        { right + ",p=" + base64_encode(std::string(21, 'x')), SaslFailure::malformed_request },
        { right + ",p=" + base64_encode(std::string(32, 'x')), SaslFailure::malformed_request },
        { right + ",p=", SaslFailure::malformed_request },
        { right + ",p=!!!!", SaslFailure::malformed_request },
        { right, SaslFailure::malformed_request },
        { right + ",", SaslFailure::malformed_request },
        { right + ",m=1,p=" + proof, SaslFailure::malformed_request },
        { right + ",p=" + proof + ",x=y", SaslFailure::malformed_request },
        { right + ",p=" + proof + ",p=" + proof, SaslFailure::malformed_request },
        { "r=abcDEF,c=biws,p=" + proof, SaslFailure::malformed_request },
        { "c=biw,r=abcDEF,p=" + proof, SaslFailure::malformed_request },
        { "c=,r=abcDEF,p=" + proof, SaslFailure::not_authorized },
        { "m=x,c=biws,r=abcDEF,p=" + proof, SaslFailure::malformed_request },
        { "", SaslFailure::malformed_request },
    };
    for (const Case& wanted : cases) {
        CAPTURE(wanted.message);
        Scram machine(ScramHash::sha1, false, context(), "DEF");
        machine.respond("n,,n=user,r=abc");
        machine.supply(verifiers(ScramHash::sha1, salt_of_rfc_5802, 4096));
        CHECK(failure(machine.respond(wanted.message)) == wanted.failure);
    }
}

TEST_CASE("scram: a final message of another exchange is worth nothing (A40)")
{
    Client client;
    Scram first(ScramHash::sha1, false, context());
    first.respond(client.first());
    const std::string challenge_one = challenge(first.supply(verifiers(ScramHash::sha1, salt_of_rfc_5802,
        4096)));
    const std::string answer = client.final(ScramHash::sha1, challenge_one);
    REQUIRE(std::holds_alternative<SaslMechanism::Success>(first.respond(answer)));

    Scram second(ScramHash::sha1, false, context());
    second.respond(client.first());
    const std::string challenge_two = challenge(second.supply(verifiers(ScramHash::sha1, salt_of_rfc_5802,
        4096)));
    CHECK(attribute(challenge_one, 'r') != attribute(challenge_two, 'r'));
    CHECK(failure(second.respond(answer)) == SaslFailure::not_authorized);
}

TEST_CASE("scram: who does not exist gets the same challenge as who does, every time, and fails last (A35)")
{
    const auto challenge_for = [](const std::string& user, const SaslContext& on,
                                   std::optional<std::vector<ScramVerifier>> found) {
        Client client;
        client.user = user;
        Scram machine(ScramHash::sha256, false, on);
        machine.respond(client.first());
        const std::string sent = challenge(machine.supply(std::move(found)));
        CHECK(failure(machine.respond(client.final(ScramHash::sha256, sent))) == SaslFailure::not_authorized);
        return sent;
    };
    SaslContext on = context();
    on.iterations = 100;
    auto real = make_verifier(ScramHash::sha256, "other password", 100);
    REQUIRE(real);
    const std::string known = challenge_for("known", on, std::vector { *real });
    const std::string nobody = challenge_for("nobody", on, std::nullopt);
    CHECK(attribute(known, 's').size() == attribute(nobody, 's').size());
    CHECK(attribute(known, 'r').size() == attribute(nobody, 'r').size());
    CHECK(attribute(known, 'i') == attribute(nobody, 'i'));

    CHECK(attribute(nobody, 's') == attribute(challenge_for("NoBody", on, std::nullopt), 's'));
    CHECK(attribute(nobody, 's') != attribute(challenge_for("nobody2", on, std::nullopt), 's'));
    on.fake_secret = "another server";
    CHECK(attribute(nobody, 's') != attribute(challenge_for("nobody", on, std::nullopt), 's'));
    on = context();
    on.iterations = 100;
    on.host = "example.com";
    CHECK(attribute(nobody, 's') != attribute(challenge_for("nobody", on, std::nullopt), 's'));
}

TEST_CASE("scram: an account without a verifier for this hash looks like one that does not exist")
{
    SaslContext on = context();
    on.iterations = 100;
    Client client;
    Scram machine(ScramHash::sha256, false, on);
    machine.respond(client.first());
    const std::string sent = challenge(machine.supply(verifiers(ScramHash::sha1, salt_of_rfc_5802, 4096)));
    CHECK(attribute(sent, 'i') == "100");
    CHECK(failure(machine.respond(client.final(ScramHash::sha256, sent))) == SaslFailure::not_authorized);
}

TEST_CASE("scram: an all-zero key is nobody's proof")
{
    // The made-up account has a StoredKey of zeros; even who finds its preimage is not let in.
    SaslContext on = context();
    Scram machine(ScramHash::sha1, false, on, "DEF");
    machine.respond("n,,n=user,r=abc");
    machine.supply(std::nullopt);
    CHECK(failure(machine.respond("c=biws,r=abcDEF,p=" + base64_encode(std::string(20, '\0'))))
        == SaslFailure::not_authorized);
}

TEST_CASE("scram: calls out of order end the exchange")
{
    Scram machine(ScramHash::sha1, false, context());
    SUBCASE("supply first")
    {
        CHECK(failure(machine.supply(std::nullopt)) == SaslFailure::malformed_request);
    }
    SUBCASE("decide")
    {
        CHECK(failure(machine.decide(true)) == SaslFailure::malformed_request);
    }
    SUBCASE("respond twice")
    {
        machine.respond(Client().first());
        CHECK(failure(machine.respond(Client().first())) == SaslFailure::malformed_request);
    }
}

TEST_CASE("scram: a verifier is made with a salt of its own and knows its password only")
{
    const auto one = make_verifier(ScramHash::sha256, "pencil", 50);
    const auto two = make_verifier(ScramHash::sha256, "pencil", 50);
    REQUIRE((one && two));
    CHECK(one->salt.size() == 16);
    CHECK(one->salt != two->salt);
    CHECK(one->stored_key.size() == 32);
    CHECK(matches(*one, "pencil"));
    CHECK_FALSE(matches(*one, "Pencil"));
    CHECK_FALSE(matches(*one, ""));
    CHECK_FALSE(make_verifier(ScramHash::sha256, "", 50));
    CHECK_FALSE(make_verifier(ScramHash::sha256, "pen\x07", 50));
    CHECK_FALSE(make_verifier(ScramHash::sha256, std::string(1024, 'x'), 50));
}

// RFC 5802 §2.2-1
TEST_CASE("scram: passwords are prepared by SASLprep (RFC 5802 section 2.2)")
{
    const auto composed = make_verifier(ScramHash::sha1, "caf\xc3\xa9", 10);
    REQUIRE(composed);
    CHECK(matches(*composed, "cafe\xcc\x81")); // NFKC
    const auto spaced = make_verifier(ScramHash::sha1, "a b", 10);
    REQUIRE(spaced);
    CHECK(matches(*spaced,
        "a\xe2\x80\x83"
        "b")); // EM SPACE is a space
    const auto mapped = make_verifier(ScramHash::sha1, "m2", 10);
    CHECK(matches(*mapped, "m\u00b2")); // what a SCRAM client makes of m²
}

TEST_CASE("scram: a verifier that was made of a password's OpaqueString is known by it, as an old one")
{
    ScramVerifier old;
    old.hash = ScramHash::sha1;
    old.salt = "salt";
    old.iterations = 10;
    const std::string salted = scram::salted_password(old.hash, "m\u00b2", old.salt, old.iterations);
    old.stored_key = scram::digest(old.hash, scram::hmac(old.hash, salted, { "Client Key" }));
    CHECK(match(old, "m\u00b2") == PasswordMatch::old_form);
    CHECK(match(old, "m2") == PasswordMatch::no);
    CHECK(match(*make_verifier(ScramHash::sha1, "m\u00b2", 10), "m\u00b2") == PasswordMatch::yes);
}

TEST_CASE("scram: an exchange costs microseconds" * doctest::skip())
{
    // Run by hand: --no-skip. CPU time of the server's side alone.
    Client client;
    const auto account = verifiers(ScramHash::sha256, salt_of_rfc_7677, 4096);
    constexpr int rounds = 20000;
    std::clock_t spent = 0;
    for (int i = 0; i < rounds; ++i) {
        SaslContext on = context_with_binding();
        on.mechanisms = mechanism_names(true, true);
        const std::clock_t begin = std::clock();
        Scram machine(ScramHash::sha256, false, std::move(on), "DEF");
        machine.respond("n,,n=user,r=abc");
        machine.supply(account);
        machine.respond("c=biws,r=abcDEF,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        spent += std::clock() - begin;
    }
    MESSAGE("us per exchange: " << 1e6 * static_cast<double>(spent) / CLOCKS_PER_SEC / rounds);
}
