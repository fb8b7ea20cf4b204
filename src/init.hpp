// SPDX-License-Identifier: Apache-2.0
// `stonechat init DIR`: a new server's folder: a short configuration, keys, an empty database.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace stonechat {

struct InitOptions {
    std::string folder;
    std::vector<std::string> hosts;
    std::uint16_t port_base = 5222; ///< starttls; the next port has direct TLS
    std::string address;            ///< where to listen; empty: everywhere
    bool plain = false;             ///< and the one after it no TLS, on 127.0.0.1
};

/// Refuses a folder that has a configuration or data already. The exit code.
int init(const InitOptions& options);

} // namespace stonechat
