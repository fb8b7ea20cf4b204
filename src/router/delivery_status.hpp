// SPDX-License-Identifier: Apache-2.0
// DeliveryStatus: what the sessions of one account that were given the same message share, so that the
// end of one knows that the client of another has it. Shard-bound; lives as long as somebody waits for
// an acknowledgement (XEP-0198).
#pragma once

#include <cstdint>
#include <memory>

namespace stonechat {

struct DeliveryStatus {
    std::uint64_t track = 0;   ///< MessageLog::key_of its id
    bool acknowledged = false; ///< a client has said that it got it
};

using DeliveryStatusPtr = std::shared_ptr<DeliveryStatus>;

} // namespace stonechat
