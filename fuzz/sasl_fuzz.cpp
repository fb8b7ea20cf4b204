// SPDX-License-Identifier: Apache-2.0
// SASL messages from a client: the first byte chooses mechanism, channel binding and account, the
// rest are messages separated by 0xff. Nothing may crash, succeed without the right proof, or go on
// after an end.
#include "base/random.hpp"
#include "sasl/mechanism.hpp"
#include "sasl/scram.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace stonechat;

namespace {

std::optional<std::vector<ScramVerifier>> account(bool exists)
{
    if (!exists) {
        return std::nullopt;
    }
    ScramVerifier sha1;
    sha1.hash = ScramHash::sha1;
    sha1.salt = "salt of the user";
    sha1.iterations = 4096;
    sha1.stored_key = std::string(20, 'k');
    sha1.server_key = std::string(20, 's');
    ScramVerifier sha256 = sha1;
    sha256.hash = ScramHash::sha256;
    sha256.stored_key = std::string(32, 'k');
    sha256.server_key = std::string(32, 's');
    return std::vector { sha1, sha256 };
}

std::unique_ptr<SaslMechanism> machine(std::uint8_t choice)
{
    SaslContext context;
    context.host = "example.org";
    context.fake_secret = "secret";
    if ((choice & 8) != 0) {
        context.bindings = { { "tls-exporter", std::string(32, 'b') }, { "tls-server-end-point", "c" } };
    }
    context.mechanisms = mechanism_names((choice & 8) != 0, true);
    const bool plus = (choice & 4) != 0;
    switch (choice & 3) {
    case 0: return make_mechanism("PLAIN", std::move(context));
    case 1: return std::make_unique<Scram>(ScramHash::sha1, plus, std::move(context), "nonce");
    default: return std::make_unique<Scram>(ScramHash::sha256, plus, std::move(context), "nonce");
    }
}

void require(bool holds)
{
    if (!holds) {
        std::abort();
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0) {
        return 0;
    }
    const std::uint8_t choice = data[0];
    std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto sasl = machine(choice);
    bool ended = false;
    for (int round = 0; round < 4; ++round) {
        const std::size_t end = rest.find('\xff');
        SaslMechanism::Step step = sasl->respond(rest.substr(0, end));
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
        if (std::holds_alternative<SaslMechanism::NeedAccount>(step)) {
            require(!std::get<SaslMechanism::NeedAccount>(step).user.empty());
            step = sasl->supply(account((choice & 16) != 0));
        } else if (std::holds_alternative<SaslMechanism::CheckPassword>(step)) {
            require(!std::get<SaslMechanism::CheckPassword>(step).password.empty());
            step = sasl->decide(false);
        }
        // No preimage of these keys is known.
        require(!std::holds_alternative<SaslMechanism::Success>(step));
        require(!ended || std::holds_alternative<SaslMechanism::Failed>(step));
        ended = ended || std::holds_alternative<SaslMechanism::Failed>(step);
    }
    return 0;
}
