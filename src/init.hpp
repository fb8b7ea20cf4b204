// SPDX-License-Identifier: Apache-2.0
// `stonechat init DIR`: makes the folder of a new server, with a short configuration, keys and an empty
// database.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace stonechat {

struct InitOptions {
    std::string folder;
    std::vector<std::string> hosts;
    std::uint16_t port_base = 5222; ///< starttls; the next port has direct TLS
    std::string address;            ///< where to listen; empty: on all addresses
    bool plain = false;             ///< the port after that has no TLS, on 127.0.0.1
};

/// Makes the folder. Refuses one that has a configuration or data already. Returns the exit code.
int init(const InitOptions& options);

} // namespace stonechat
