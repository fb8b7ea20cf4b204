// SPDX-License-Identifier: Apache-2.0
// StreamResumption: resumes an earlier session on a stream that has logged in (XEP-0198 section 5). The
// session is in memory, or only its record is in the store because the server was restarted. A part of
// ResourceBinding.
#pragma once

#include "base/task.hpp"
#include "c2s/login.hpp"
#include "storage/stream_store.hpp"
#include "xmpp/element.hpp"
#include "xmpp/stanza_error.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace stonechat {

class ClientSession;
class ClientStream;
class User;

class StreamResumption {
public:
    /// Both must outlive the resumption.
    StreamResumption(ClientStream& stream, const Login& login);

    /// Handles an element of stream management. Only <resume/> is allowed here.
    void receive(const Element& element);

private:
    struct Wanted {
        std::shared_ptr<User> user;
        std::string token;
        std::uint32_t h;
    };
    void resume_session(const Element& resume);
    void look_for_session(Wanted wanted);
    void look_again(Wanted wanted);
    void take_over_when_settled(const std::shared_ptr<ClientSession>& session, Wanted wanted);
    bool take_over(const std::shared_ptr<ClientSession>& session, const Wanted& wanted);
    void look_in_store(Wanted wanted);
    Task<Done> bring_back(Wanted wanted);
    bool is_free(const Wanted& wanted, const StreamRecord& record) const;
    void restore(const Wanted& wanted, const StreamBacklog& backlog, std::uint64_t client_has);
    void fail(StanzaError::Condition condition, std::optional<std::uint32_t> handled = {});

    ClientStream& stream_;
    const Login& login_;
};

} // namespace stonechat
