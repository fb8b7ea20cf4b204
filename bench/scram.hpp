// SPDX-License-Identifier: Apache-2.0
//
// The client's side of SCRAM-SHA-1 and SCRAM-SHA-256 without channel binding (RFC 5802, RFC 7677). The
// keys derived from a password are remembered per salt and iteration count, as RFC 5802 §5.1 allows, so
// that only the first login of an account pays PBKDF2 on the client's side.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace stonechat::bench {

enum class ScramHash { sha1, sha256 };

struct ScramKeys {
    std::string client_key;
    std::string stored_key;
    std::string server_key;
};

/// Shared by all clients of a run.
class ScramCache {
public:
    const ScramKeys& keys(ScramHash hash, std::string_view password, std::string_view salt, int iterations);

private:
    std::map<std::string, ScramKeys> keys_;
};

/// One exchange: first(), then final_message() with the server's first, then verify() with its last.
class ScramExchange {
public:
    ScramExchange(ScramHash hash, std::string_view user, std::string_view password);

    [[nodiscard]] std::string first() const { return "n,," + first_bare_; }
    [[nodiscard]] std::optional<std::string> final_message(std::string_view server_first, ScramCache& cache);
    [[nodiscard]] bool verify(std::string_view server_final) const;

private:
    ScramHash hash_;
    std::string password_;
    std::string nonce_;
    std::string first_bare_;
    std::string server_signature_;
};

std::string base64_encode(std::string_view bytes);
std::optional<std::string> base64_decode(std::string_view text);

} // namespace stonechat::bench
