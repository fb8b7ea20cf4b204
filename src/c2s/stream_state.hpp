// SPDX-License-Identifier: Apache-2.0
// StreamState: what a client's stream waits for until it has a session: the login (Negotiation), then a
// resource or a session to resume (ResourceBinding). Owned by its ClientStream, which has one at a time.
#pragma once

#include "base/result.hpp"
#include "xmpp/element.hpp"
#include "xmpp/stream_error.hpp"

#include <string_view>
#include <vector>

namespace stonechat {

class Host;
struct StreamHeader;

class StreamState {
public:
    virtual ~StreamState() = default;

    /// Checks the header of a stream that the client opens to `host`. The error ends the stream.
    virtual Result<Done, StreamError> open(const StreamHeader& header, Host& host) = 0;
    /// Returns the features that answer the header.
    virtual std::vector<Element> features() const = 0;
    /// Handles an element of the client. May end the stream or go on to the next state; this one lives until
    /// the next turn of the event loop at least.
    virtual void receive(Element element) = 0;
    /// The stream has ended in this state. Called once.
    virtual void on_over() {}
    /// Returns the localpart of the account that has logged in, or nothing.
    virtual std::string_view user() const { return {}; }
};

} // namespace stonechat
