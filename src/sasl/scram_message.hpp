// SPDX-License-Identifier: Apache-2.0
// Parses the messages of a SCRAM client (RFC 5802 §7) strictly: text that the grammar does not allow gives no
// result. The results hold copies. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stonechat::scram {

/// Longer messages are refused without parsing: names and nonces are short.
constexpr std::size_t longest_message = 4096;

enum class BindingFlag {
    none,        ///< n: the client does not support channel binding
    not_offered, ///< y: the client supports it, but thinks that we do not
    used,        ///< p
};

struct ClientFirst {
    BindingFlag flag = BindingFlag::none;
    std::string binding_type; ///< with BindingFlag::used
    std::string authzid;      ///< decoded; empty if there is none
    std::string user;         ///< decoded, not prepared
    std::string nonce;
    std::string gs2_header; ///< as received
    std::string bare;       ///< client-first-message-bare, as received
};

struct ClientFinal {
    std::string binding; ///< decoded: gs2 header and binding data
    std::string nonce;
    std::string proof;         ///< decoded
    std::string without_proof; ///< client-final-message-without-proof, as received
};

std::optional<ClientFirst> parse_client_first(std::string_view message);
std::optional<ClientFinal> parse_client_final(std::string_view message);

} // namespace stonechat::scram
