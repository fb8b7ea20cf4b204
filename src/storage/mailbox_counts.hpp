// SPDX-License-Identifier: Apache-2.0
// MailboxCounts: message and byte counts of one mailbox, so that its limits can be checked without reading
// it. Both backends keep one for each mailbox in use. A value; pure.
#pragma once

#include "storage/storage.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <string>

namespace stonechat {

class MailboxCounts {
public:
    /// Returns whether one more message of `size` bytes fits. The sender's share is checked first, because
    /// that answer tells the sender more.
    MailboxAnswer admit(const std::string& sender, std::size_t size, const MailboxLimits& limits) const
    {
        const auto found = by_sender_.find(sender);
        if ((found == by_sender_.end() ? 0 : found->second) >= limits.messages_per_sender) {
            return MailboxAnswer::sender_share_full;
        }
        if (messages_ >= limits.messages || size > limits.bytes || bytes_ > limits.bytes - size) {
            return MailboxAnswer::mailbox_full;
        }
        return MailboxAnswer::stored;
    }

    void add(const std::string& sender, std::size_t size)
    {
        ++messages_;
        bytes_ += size;
        ++by_sender_[sender];
    }

    void remove(const std::string& sender, std::size_t size)
    {
        --messages_;
        bytes_ -= size;
        const auto found = by_sender_.find(sender);
        if (--found->second == 0) {
            by_sender_.erase(found);
        }
    }

private:
    std::size_t messages_ = 0;
    std::size_t bytes_ = 0;
    boost::unordered_flat_map<std::string, std::size_t> by_sender_;
};

} // namespace stonechat
