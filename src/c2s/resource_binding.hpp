// SPDX-License-Identifier: Apache-2.0
// ResourceBinding: the state of a client's stream between login and session (RFC 6120 section 7). The client
// binds a resource, or resumes a session (XEP-0198).
#pragma once

#include "c2s/login.hpp"
#include "c2s/stream_resumption.hpp"
#include "c2s/stream_state.hpp"
#include "xmpp/stanza_error.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

class ClientStream;
class Session;
class User;

class ResourceBinding final : public StreamState {
public:
    ResourceBinding(ClientStream& stream, Login login);

    Result<Done, StreamError> open(const StreamHeader& header, Host& host) override;
    std::vector<Element> features() const override;
    void receive(Element element) override;
    std::string_view user() const override { return login_.user; }

private:
    void bind(const Element& iq);
    void bind_to(const std::shared_ptr<User>& user, std::string_view id, const std::string& wanted);
    bool resolve_conflict(const User& user, Jid& jid);
    void make_room(User& user);
    void refuse(std::string_view id, const StanzaError& error);

    ClientStream& stream_;
    Login login_;
    StreamResumption resumption_;
    std::uint8_t refused_ = 0; ///< number of resources that were refused
};

} // namespace stonechat
