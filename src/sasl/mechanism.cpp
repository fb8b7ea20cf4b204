// SPDX-License-Identifier: Apache-2.0
#include "sasl/mechanism.hpp"

#include "base/random.hpp"
#include "sasl/password.hpp"
#include "sasl/plain.hpp"
#include "sasl/scram.hpp"
#include "sasl/scram_crypto.hpp"

#include <algorithm>

namespace stonechat {
namespace {

ScramVerifier verifier_with(ScramHash hash, std::string_view prepared, std::string salt,
    std::uint32_t iterations)
{
    std::string salted = scram::salted_password(hash, prepared, salt, iterations);
    std::string client_key = scram::hmac(hash, salted, { "Client Key" });
    ScramVerifier verifier;
    verifier.hash = hash;
    verifier.salt = std::move(salt);
    verifier.iterations = iterations;
    verifier.stored_key = scram::digest(hash, client_key);
    verifier.server_key = scram::hmac(hash, salted, { "Server Key" });
    scram::wipe(client_key);
    scram::wipe(salted);
    return verifier;
}

bool is_made_of(const ScramVerifier& verifier, const std::optional<std::string>& prepared)
{
    if (!prepared || verifier.iterations == 0) {
        return false;
    }
    const ScramVerifier made = verifier_with(verifier.hash, *prepared, verifier.salt, verifier.iterations);
    return equal_in_constant_time(made.stored_key, verifier.stored_key);
}

} // namespace

std::string_view to_text(SaslFailure failure)
{
    switch (failure) {
    case SaslFailure::aborted: return "aborted";
    case SaslFailure::account_disabled: return "account-disabled";
    case SaslFailure::credentials_expired: return "credentials-expired";
    case SaslFailure::encryption_required: return "encryption-required";
    case SaslFailure::incorrect_encoding: return "incorrect-encoding";
    case SaslFailure::invalid_authzid: return "invalid-authzid";
    case SaslFailure::invalid_mechanism: return "invalid-mechanism";
    case SaslFailure::malformed_request: return "malformed-request";
    case SaslFailure::mechanism_too_weak: return "mechanism-too-weak";
    case SaslFailure::not_authorized: return "not-authorized";
    case SaslFailure::temporary_auth_failure: return "temporary-auth-failure";
    }
    return "not-authorized";
}

std::vector<std::string> mechanism_names(bool channel_binding, bool plain)
{
    std::vector<std::string> names;
    for (const char* const name : { "SCRAM-SHA-256", "SCRAM-SHA-1" }) {
        if (channel_binding) {
            names.push_back(std::string(name) + "-PLUS");
        }
        names.emplace_back(name);
    }
    if (plain) {
        names.emplace_back("PLAIN");
    }
    return names;
}

std::unique_ptr<SaslMechanism> make_mechanism(std::string_view name, SaslContext context)
{
    const auto& offered = context.mechanisms;
    if (std::find(offered.begin(), offered.end(), name) == offered.end()) {
        return nullptr;
    }
    if (name == "PLAIN") {
        return std::make_unique<Plain>(std::move(context));
    }
    const bool plus = name.ends_with("-PLUS");
    if (plus) {
        name.remove_suffix(5);
    }
    if (name == "SCRAM-SHA-256") {
        return std::make_unique<Scram>(ScramHash::sha256, plus, std::move(context));
    }
    if (name == "SCRAM-SHA-1") {
        return std::make_unique<Scram>(ScramHash::sha1, plus, std::move(context));
    }
    return nullptr;
}

std::optional<ScramVerifier> make_verifier(ScramHash hash, std::string_view password,
    std::uint32_t iterations)
{
    auto prepared = prepare_password(password);
    if (!prepared || iterations == 0) {
        return std::nullopt;
    }
    ScramVerifier verifier = verifier_with(hash, *prepared, random_bytes(scram::salt_bytes), iterations);
    scram::wipe(*prepared);
    return verifier;
}

PasswordMatch match(const ScramVerifier& verifier, std::string_view password)
{
    auto prepared = prepare_password(password);
    auto old_form = prepare_password_old(password);
    PasswordMatch matched = PasswordMatch::no;
    if (is_made_of(verifier, prepared)) {
        matched = PasswordMatch::yes;
    } else if (old_form != prepared && is_made_of(verifier, old_form)) {
        matched = PasswordMatch::old_form;
    }
    for (auto* each : { &prepared, &old_form }) {
        if (*each) {
            scram::wipe(**each);
        }
    }
    return matched;
}

} // namespace stonechat
