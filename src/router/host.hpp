// SPDX-License-Identifier: Apache-2.0
// Host: the part of one virtual host that lives on one shard: its modules, their handlers, and the
// users whose home this shard is. Owned by the shard's Router; shard-bound.
#pragma once

#include "base/string_hash.hpp"
#include "router/delivery.hpp"
#include "router/handlers.hpp"
#include "router/message_delivery.hpp"
#include "router/module.hpp"
#include "router/requests.hpp"
#include "router/user.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

class Accounts;
class Log;
class Router;
class Shard;
class Storage;

class Host {
public:
    Host(Router& router, std::string name);
    ~Host();

    const std::string& name() const { return jid_.text(); }
    const Jid& jid() const { return jid_; }
    Router& router() const { return router_; }
    Shard& shard() const;
    Storage& storage() const;
    Accounts& accounts() const;
    Log& log() const;
    const Clock& clock() const;

    /// This host's settings as of now; valid until the next turn of the loop.
    const HostSettings& settings() const;
    /// The section of a module that is on.
    const Section& settings(std::string_view module) const;
    bool is_on(std::string_view module) const { return settings().modules.contains(module); }
    bool is_admin(const Jid& jid) const; ///< listed in the host's `admins`

    /// Makes and attaches the modules of `table` that the settings turn on. Once.
    void attach_modules(const std::vector<ModuleEntry>& table);
    const std::vector<Manifest>& manifests() const { return manifests_; }
    const Handlers& handlers() const { return handlers_; }
    /// What this host asks of others, in its own name or in that of an account.
    Requests& requests() { return requests_; }
    void reconfigured();

    /// The account in memory, or null if nobody has needed it lately. On its home shard only.
    User* find_user(std::string_view local);
    /// The same, loading it if need be: it may still be State::loading.
    std::shared_ptr<User> user(std::string_view local);
    const StringMap<std::shared_ptr<User>>& users() const { return users_; }
    /// Drops what is remembered of an account (it was made, disabled, removed): the next one to need it loads
    /// anew.
    void forget_user(std::string_view local);
    /// Unloads users without sessions that were idle for a while. How many.
    std::size_t sweep();

    /// A session was bound to its user (already ready). On the home shard.
    void bind(const std::shared_ptr<User>& user, const std::shared_ptr<Session>& session);
    /// A session is gone: tells the modules, broadcasts unavailable, lets the user go.
    void unbind(Session& session);
    /// What a session has left unacknowledged is in the user's mailbox now: tells the modules.
    void mailbox_grown(User& user);

    /// A stanza as a client sent it: `from` stamped, `to` as given. Runs from_client, then routes it
    /// or answers it.
    void from_client(Session& session, Stanza stanza, Settlement settlement);
    /// A stanza addressed to this host or one of its users, here on the addressee's home shard.
    void deliver(Stanza stanza, Settlement settlement);
    /// What a service says to many (Router::address): to the session `to`, if it is there and has not blocked
    /// the sender. It passes no stage. `stanza` is shared: only its `to` is changed.
    void deliver_directly(Stanza& stanza, const Jid& to);
    /// The same for many stanzas of one sender.
    void deliver_directly(WireForms stanzas, const Jid& to, const Jid& from);
    /// `from`, an occupant of a room, has said something there that concerns `user` (bare), whose sessions
    /// may not have it: tells the modules, unless he has blocked `from`.
    void notice(const Jid& user, const Jid& from);

    /// RFC 6121 §4.3.2: who has no right to know hears that he has no subscription, in the same way whether
    /// there is such an account or not.
    void refuse_probe(const Stanza& probe) const;

    // For what carries stanzas on (MessageDelivery).
    /// Runs handlers of the way; one that breaks refuses the stanza (see DeadLetters).
    Verdict run(Flow flow, Stage from, Stage to, Stanza& stanza, const Context& context);
    /// Does what a verdict that is not `pass` says.
    void apply(const Verdict& verdict, const Stanza& stanza);
    void trace(std::string_view what, const Stanza& stanza, std::string_view detail = {}) const;

private:
    void trace(const WireForms& stanzas, const Jid& from, const Jid& to) const;
    void load(const std::shared_ptr<User>& user);
    Task<User::State> read(std::shared_ptr<User> user);

    void deliver_to_host(Stanza stanza, Settlement settlement);
    void deliver_to_user(User& user, Stanza stanza, Settlement settlement);
    void deliver_to_nobody(Stanza stanza, User::State state);
    void deliver_now(User& user, Stanza stanza, Settlement settlement);
    void deliver_presence(Stanza& stanza, const Context& context);
    void deliver_iq(User& user, Stanza stanza, Settlement settlement);
    void carry_out(Delivery delivery, User& user, Stanza& iq);
    void answer_iq(To to, Stanza stanza, Context context, Settlement settlement);
    Task<Done> answer_later(const Handlers::Later& handler, Stanza stanza, std::shared_ptr<User> user,
        std::shared_ptr<Session> session, Context context, Settlement settlement);
    void send_answer(const Stanza& request, Session* session, IqAnswer answer);
    /// Gives a client its own stanza back, by no way on which its block list could swallow it.
    void bounce(Session& session, const Stanza& stanza, const StanzaError& error);

    Router& router_;
    Jid jid_;
    Handlers handlers_;
    MessageDelivery messages_;
    std::vector<std::unique_ptr<Module>> modules_;
    std::vector<Manifest> manifests_;
    StringMap<std::shared_ptr<User>> users_;
    Requests requests_;
};

} // namespace stonechat
