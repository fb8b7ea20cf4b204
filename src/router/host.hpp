// SPDX-License-Identifier: Apache-2.0
// Host: one virtual host on one shard: its modules, their handlers, and the users whose home is this shard.
// Owned by the shard's Router; shard-bound.
#pragma once

#include "base/string_hash.hpp"
#include "router/delivery.hpp"
#include "router/destination.hpp"
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
class DataView;
class Log;
class PersonalNodes;
class Router;
class Shard;
class Storage;

class Host final : public Destination {
public:
    Host(Router& router, std::string name);
    ~Host() override;

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
    /// The section of a module; the module must be on.
    const Section& settings(std::string_view module) const;
    bool is_on(std::string_view module) const { return settings().modules.contains(module); }
    bool is_admin(const Jid& jid) const; ///< listed in the host's `admins`

    /// Makes and attaches the modules of `table` that the settings turn on. Call once.
    void attach_modules(const std::vector<ModuleEntry>& table);
    const std::vector<Manifest>& manifests() const { return manifests_; }
    const Handlers& handlers() const { return handlers_; }
    /// Iq requests that this host sends to others, in its own name or in that of an account.
    Requests& requests() { return requests_; }
    /// The pubsub nodes of accounts; null if the module `pep` is off.
    PersonalNodes* personal_nodes() const { return personal_nodes_; }
    void set_personal_nodes(PersonalNodes& nodes) { personal_nodes_ = &nodes; }
    /// The view of accounts' data that is shown under the old name `name`, or null.
    DataView* data_view(std::string_view name) const;
    void add_data_view(std::string name, DataView& view);
    void reconfigured();

    /// Returns the user if it is loaded, else null. On its home shard only.
    User* find_user(std::string_view local);
    /// Returns the user and starts loading it if necessary: it may still be State::loading.
    std::shared_ptr<User> user(std::string_view local);
    const StringMap<std::shared_ptr<User>>& users() const { return users_; }
    /// Drops the user from memory, because the account was made, disabled or removed: the next user() loads
    /// it anew.
    void forget_user(std::string_view local);
    /// Unloads users without sessions that were idle in two sweeps in a row. Returns how many.
    std::size_t sweep();

    /// Adds a new session to its user, who is State::ready, and tells the modules. On the home shard.
    void bind(const std::shared_ptr<User>& user, const std::shared_ptr<Session>& session);
    /// Removes an ended session from its user and tells the modules, which broadcast unavailable. An absent
    /// user is dropped with its last session.
    void unbind(Session& session);
    /// Tells the modules that messages which a session left unacknowledged are now in the user's mailbox.
    void mailbox_grown(User& user);

    /// Takes a stanza as a client sent it: `from` stamped, `to` as given. Runs the stages of from_client,
    /// then answers or routes it.
    void from_client(Session& session, Stanza stanza, Settlement settlement);
    /// Delivers a stanza addressed to this host or one of its users, on the addressee's home shard.
    void deliver(Stanza stanza, Settlement settlement) override;
    /// Passes over users that are not loaded or have no sessions.
    void deliver_copy(Stanza& shared, const Jid& to) override;
    /// Delivers a stanza of Router::multicast to the session `to`, if that exists and its user has not
    /// blocked the sender. Skips all stages. `stanza` is shared: only its `to` is changed.
    void deliver_directly(Stanza& stanza, const Jid& to) override;
    /// The same for many stanzas of one sender (Router::unicast).
    void deliver_directly(WireForms stanzas, const Jid& to, const Jid& from) override;
    /// Delivers an event to the available sessions of `target` that want it, unless the account has blocked
    /// the sender. Skips all stages: an event is neither archived nor copied nor stored (XEP-0163 §4.3).
    void deliver_notification(Stanza& shared, const NotificationTarget& target,
        std::string_view feature) override;
    /// Tells the modules that a room has a message that may concern an account of this host. On the account's
    /// home shard.
    void notice(const RoomNotice& notice);

    /// Answers a probe of a sender without the right to see the presence. RFC 6121 §4.3.2: the answer is the
    /// same whether the account exists or not.
    void refuse_probe(const Stanza& probe) const;

    // For MessageDelivery.
    /// Runs the handlers of these stages. A handler that throws refuses the stanza (see DeadLetters).
    Verdict run(Flow flow, Stage from, Stage to, Stanza& stanza, const Context& context);
    /// Carries out a verdict that ends the way of a stanza: sends the error of a bounce, traces a `done`.
    void apply(const Verdict& verdict, const Stanza& stanza);
    void trace(std::string_view what, const Stanza& stanza, std::string_view detail = {}) const;

private:
    void trace(const WireForms& stanzas, const Jid& from, const Jid& to) const;
    void load(const std::shared_ptr<User>& user);
    Task<User::State> read(std::shared_ptr<User> user);

    /// Sends a stanza that skips all stages to one session, if that is open.
    void send_directly(Session& session, const Stanza& stanza);
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
    /// Answers a client's own stanza with an error, directly: on the usual way its block list could drop the
    /// answer.
    void bounce(Session& session, const Stanza& stanza, const StanzaError& error);

    Router& router_;
    Jid jid_;
    Handlers handlers_;
    MessageDelivery messages_;
    std::vector<std::unique_ptr<Module>> modules_;
    std::vector<Manifest> manifests_;
    StringMap<std::shared_ptr<User>> users_;
    Requests requests_;
    PersonalNodes* personal_nodes_ = nullptr;
    StringMap<DataView*> data_views_;
};

} // namespace stonechat
