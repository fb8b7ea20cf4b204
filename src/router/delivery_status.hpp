// SPDX-License-Identifier: Apache-2.0
// DeliveryStatus: has any device acknowledged a message (XEP-0198)? The queues: c2s/stream_management.hpp.
// Shared by the sessions of one account that were given the same message. When one of these sessions ends, it
// tells whether the client of another has the message. Shard-bound; lives as long as a session waits for an
// acknowledgement.
#pragma once

#include <cstdint>
#include <memory>

namespace stonechat {

struct DeliveryStatus {
    std::uint64_t track = 0;   ///< MessageLog::key_of() of the message id
    bool acknowledged = false; ///< a client has acknowledged the message
};

using DeliveryStatusPtr = std::shared_ptr<DeliveryStatus>;

} // namespace stonechat
