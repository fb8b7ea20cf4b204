// SPDX-License-Identifier: Apache-2.0
// Which mechanisms there are, and PLAIN (RFC 4616).
#include "sasl/mechanism.hpp"

#include <doctest/doctest.h>

using namespace stonechat;

namespace {

SaslContext context()
{
    SaslContext context;
    context.host = "example.org";
    context.mechanisms = mechanism_names(false, true);
    return context;
}

SaslFailure failure(const SaslMechanism::Step& step)
{
    REQUIRE(std::holds_alternative<SaslMechanism::Failed>(step));
    return std::get<SaslMechanism::Failed>(step).failure;
}

std::string plain(const std::string& authzid, const std::string& user, const std::string& password)
{
    return authzid + '\0' + user + '\0' + password;
}

} // namespace

// RFC 6120 §13.8.1-1
// RFC 5802 §4-1 §6-1
TEST_CASE("mechanisms: strongest first, -PLUS with channel binding, PLAIN where it is wanted")
{
    using Names = std::vector<std::string>;
    CHECK(mechanism_names(true, true)
        == Names { "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-1", "PLAIN" });
    CHECK(mechanism_names(false, false) == Names { "SCRAM-SHA-256", "SCRAM-SHA-1" });
}

TEST_CASE("mechanisms: only what was offered can be used (A33)")
{
    SaslContext on = context();
    for (const std::string& name : on.mechanisms) {
        CHECK(make_mechanism(name, on) != nullptr);
    }
    for (const char* const name :
        { "", "SCRAM-SHA-256-PLUS", "scram-sha-256", "EXTERNAL", "ANONYMOUS", "X" }) {
        CHECK(make_mechanism(name, on) == nullptr);
    }
    on.mechanisms = { "EXTERNAL" };
    CHECK(make_mechanism("EXTERNAL", on) == nullptr);
}

// RFC 6120 §6.5-1
TEST_CASE("mechanisms: failures have the names of RFC 6120 section 6.5")
{
    CHECK(to_text(SaslFailure::not_authorized) == "not-authorized");
    CHECK(to_text(SaslFailure::temporary_auth_failure) == "temporary-auth-failure");
    CHECK(to_text(SaslFailure::incorrect_encoding) == "incorrect-encoding");
}

TEST_CASE("plain: a name and a password are handed on to be checked, and the verdict decides")
{
    const auto machine = make_mechanism("PLAIN", context());
    const auto asked = machine->respond(plain("", "Juliet", "r0m30myr0m30"));
    REQUIRE(std::holds_alternative<SaslMechanism::CheckPassword>(asked));
    CHECK(std::get<SaslMechanism::CheckPassword>(asked).user == "juliet");
    CHECK(std::get<SaslMechanism::CheckPassword>(asked).password == "r0m30myr0m30");
    SUBCASE("right")
    {
        const auto end = machine->decide(true);
        REQUIRE(std::holds_alternative<SaslMechanism::Success>(end));
        CHECK(std::get<SaslMechanism::Success>(end).user == "juliet");
        CHECK(std::get<SaslMechanism::Success>(end).data.empty());
    }
    SUBCASE("wrong")
    {
        CHECK(failure(machine->decide(false)) == SaslFailure::not_authorized);
    }
}

// RFC 6120 §6.3.8-1
TEST_CASE("plain: an authorization identity has to be the user's own address (A34)")
{
    CHECK(std::holds_alternative<SaslMechanism::CheckPassword>(
        make_mechanism("PLAIN", context())->respond(plain("juliet@example.org", "juliet", "x"))));
    for (const char* const other :
        { "romeo@example.org", "juliet@example.com", "juliet", "juliet@example.org/orchard" }) {
        CAPTURE(other);
        CHECK(failure(make_mechanism("PLAIN", context())->respond(plain(other, "juliet", "x")))
            == SaslFailure::invalid_authzid);
    }
}

TEST_CASE("plain: messages with parts missing or too many are malformed (A33)")
{
    const std::string broken[] = { "", "juliet", std::string("\0juliet", 7), plain("", "", "x"),
        plain("", "juliet", ""), plain("", "juliet", "x") + '\0',
        plain("", "juliet", std::string(5000, 'x')) };
    for (const std::string& message : broken) {
        CHECK(failure(make_mechanism("PLAIN", context())->respond(message))
            == SaslFailure::malformed_request);
    }
}

TEST_CASE("plain: a name that no account can have is not authorized")
{
    CHECK(failure(make_mechanism("PLAIN", context())->respond(plain("", "a@b", "x")))
        == SaslFailure::not_authorized);
    CHECK(failure(make_mechanism("PLAIN", context())->respond(plain("", "\xff", "x")))
        == SaslFailure::not_authorized);
}

TEST_CASE("plain: a verdict without a question, or a second message, ends the exchange")
{
    CHECK(failure(make_mechanism("PLAIN", context())->decide(true)) == SaslFailure::malformed_request);
    const auto machine = make_mechanism("PLAIN", context());
    machine->respond(plain("", "juliet", "x"));
    CHECK(failure(machine->respond(plain("", "juliet", "x"))) == SaslFailure::malformed_request);
    CHECK(failure(machine->decide(true)) == SaslFailure::malformed_request);
}
