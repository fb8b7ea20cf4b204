// SPDX-License-Identifier: Apache-2.0
#include "sasl/scram.hpp"

#include "base/base64.hpp"
#include "base/random.hpp"
#include "sasl/identity.hpp"
#include "sasl/scram_crypto.hpp"

#include <algorithm>
#include <array>

namespace stonechat {
namespace {

constexpr std::size_t nonce_bytes = 24;

bool is_plus(const std::string& mechanism)
{
    return mechanism.ends_with("-PLUS");
}

std::string sorted_and_joined(std::vector<std::string> names)
{
    std::sort(names.begin(), names.end());
    std::string joined;
    for (const std::string& name : names) {
        joined += joined.empty() ? "" : "\x1e";
        joined += name;
    }
    return joined;
}

} // namespace

Scram::Scram(ScramHash hash, bool plus, SaslContext context, std::string nonce)
    : hash_(hash), plus_(plus), context_(std::move(context)), nonce_(std::move(nonce))
{}

Scram::~Scram()
{
    scram::wipe(verifier_.server_key);
}

SaslMechanism::Step Scram::fail(SaslFailure failure)
{
    state_ = State::ended;
    return Failed { failure };
}

SaslMechanism::Step Scram::respond(std::string_view message)
{
    switch (state_) {
    case State::client_first: return first(message);
    case State::client_final: return final(message);
    case State::account:
    case State::ended: break;
    }
    return fail(SaslFailure::malformed_request);
}

/// RFC 5802 §6: checks what the client says about channel binding with this mechanism.
std::optional<SaslFailure> Scram::check_binding_flag()
{
    switch (first_.flag) {
    case scram::BindingFlag::none:
        return plus_ ? std::optional(SaslFailure::malformed_request) : std::nullopt;
    case scram::BindingFlag::not_offered: {
        if (plus_) {
            return SaslFailure::malformed_request;
        }
        // The client supports channel binding and thinks that we do not: somebody has changed the list that
        // we sent.
        const auto& offered = context_.mechanisms;
        const bool downgraded = std::any_of(offered.begin(), offered.end(), is_plus);
        return downgraded ? std::optional(SaslFailure::not_authorized) : std::nullopt;
    }
    case scram::BindingFlag::used: break;
    }
    if (!plus_) {
        return SaslFailure::malformed_request;
    }
    const auto same_type = [this](const ChannelBinding& binding) {
        return binding.type == first_.binding_type;
    };
    const auto binding = std::find_if(context_.bindings.begin(), context_.bindings.end(), same_type);
    if (binding == context_.bindings.end()) {
        return SaslFailure::malformed_request; // unsupported-channel-binding-type
    }
    binding_data_ = binding->data;
    return std::nullopt;
}

SaslMechanism::Step Scram::first(std::string_view message)
{
    auto parsed = scram::parse_client_first(message);
    if (!parsed) {
        return fail(SaslFailure::malformed_request);
    }
    first_ = std::move(*parsed);
    if (const auto failure = check_binding_flag()) {
        return fail(*failure);
    }
    user_ = first_.user;
    auto user = sasl::prepared_user(first_.user, context_.host);
    if (!user) {
        // No account can have this name, so the refusal reveals nothing about accounts.
        return fail(SaslFailure::not_authorized);
    }
    user_ = std::move(*user);
    if (!sasl::may_act_as(first_.authzid, user_, context_.host)) {
        return fail(SaslFailure::invalid_authzid);
    }
    state_ = State::account;
    return NeedAccount { user_ };
}

/// Makes a fake verifier for a user without an account. It is the same after every restart.
void Scram::pretend()
{
    constexpr std::string_view zero("\0", 1);
    const std::string_view name = hash_ == ScramHash::sha1 ? "SHA-1" : "SHA-256";
    const std::string noise = scram::hmac(ScramHash::sha256, context_.fake_secret,
        { context_.host, zero, user_, zero, name });
    verifier_.hash = hash_;
    verifier_.salt = noise.substr(0, scram::salt_bytes);
    verifier_.iterations = context_.iterations;
    verifier_.stored_key = std::string(scram::hash_bytes(hash_), '\0');
    verifier_.server_key = verifier_.stored_key;
}

/// XEP-0474 §6.1: returns the hash of what we have offered, so that the client can detect a change.
std::string Scram::downgrade_protection() const
{
    std::string offered = sorted_and_joined(context_.mechanisms);
    std::vector<std::string> types;
    for (const ChannelBinding& binding : context_.bindings) {
        if (binding.announced) {
            types.push_back(binding.type);
        }
    }
    if (!types.empty()) {
        offered += '\x1f';
        offered += sorted_and_joined(std::move(types));
    }
    return base64_encode(scram::digest(hash_, offered));
}

SaslMechanism::Step Scram::supply(std::optional<std::vector<ScramVerifier>> verifiers)
{
    if (state_ != State::account) {
        return fail(SaslFailure::malformed_request);
    }
    // Made for existing users too, so that both cases take the same time.
    pretend();
    if (verifiers) {
        for (ScramVerifier& verifier : *verifiers) {
            if (verifier.hash == hash_ && verifier.stored_key.size() == scram::hash_bytes(hash_)) {
                verifier_ = std::move(verifier);
                known_ = true;
                break;
            }
        }
    }
    nonce_ = first_.nonce + (nonce_.empty() ? base64_encode(random_bytes(nonce_bytes)) : nonce_);
    server_first_ = "r=" + nonce_ + ",s=" + base64_encode(verifier_.salt)
        + ",i=" + std::to_string(verifier_.iterations);
    if (!context_.mechanisms.empty()) {
        server_first_ += ",h=" + downgrade_protection();
    }
    state_ = State::client_final;
    return Challenge { server_first_ };
}

SaslMechanism::Step Scram::final(std::string_view message)
{
    const auto parsed = scram::parse_client_final(message);
    if (!parsed || parsed->proof.size() != scram::hash_bytes(hash_)) {
        return fail(SaslFailure::malformed_request);
    }
    const bool same_nonce = equal_in_constant_time(parsed->nonce, nonce_);
    const bool same_channel = equal_in_constant_time(parsed->binding, first_.gs2_header + binding_data_);
    // RFC 5802 §3: the proof is ClientKey XOR HMAC(StoredKey, AuthMessage), and StoredKey = H(ClientKey).
    const auto auth_message = { std::string_view(first_.bare), std::string_view(","),
        std::string_view(server_first_), std::string_view(","), std::string_view(parsed->without_proof) };
    const std::string signature = scram::hmac(hash_, verifier_.stored_key, auth_message);
    std::string client_key = scram::exclusive_or(parsed->proof, signature);
    const bool proven = equal_in_constant_time(scram::digest(hash_, client_key), verifier_.stored_key);
    scram::wipe(client_key);
    const std::string server_signature = scram::hmac(hash_, verifier_.server_key, auth_message);
    if (!known_ || !same_nonce || !same_channel || !proven) {
        return fail(SaslFailure::not_authorized);
    }
    state_ = State::ended;
    return Success { user_, "v=" + base64_encode(server_signature) };
}

SaslMechanism::Step Scram::decide(bool)
{
    return fail(SaslFailure::malformed_request);
}

} // namespace stonechat
