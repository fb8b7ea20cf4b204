// SPDX-License-Identifier: Apache-2.0
// Router: the middle of the house on one shard. Takes a stanza with both addresses set, finds the
// home of the addressee, and carries it there: by a plain call if that is this shard, by mail if it
// is another. Knows the hosts of its shard. Shard-bound; owned by Server.
#pragma once

#include "config/settings.hpp"
#include "net/timer_wheel.hpp"
#include "router/accounts.hpp"
#include "router/audience.hpp"
#include "router/dead_letters.hpp"
#include "router/host.hpp"
#include "router/message_log.hpp"
#include "router/settlement.hpp"
#include "storage/storage.hpp"
#include "xmpp/stanza.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stonechat {

class DomainService;
class Server;
class Shard;

class Router {
public:
    Router(Server& server, Shard& shard, std::unique_ptr<Storage> storage, SharedSettings settings);
    ~Router();

    Server& server() const { return server_; }
    Shard& shard() const { return shard_; }
    Storage& storage() const { return *storage_; }
    Accounts& accounts() { return accounts_; }
    /// The settings as this shard knows them; valid until the next turn of the loop.
    const Settings& settings() const { return *settings_; }
    const SharedSettings& shared_settings() const { return settings_; }
    void reconfigure(SharedSettings settings);

    /// The virtual host `domain` (prepared), or null.
    Host* host(std::string_view domain) const;
    const std::vector<std::unique_ptr<Host>>& hosts() const { return hosts_; }
    void add_host(std::string name);

    /// Who answers for `domain` (prepared) on this shard, if it is no virtual host; or null.
    DomainService* service(std::string_view domain) const;
    /// Gives it a domain. It stays until the router goes.
    void add_service(std::string domain, DomainService& service);
    const std::vector<std::pair<std::string, DomainService*>>& services() const { return services_; }

    /// Carries a stanza to its addressee. `from` and `to` are set; nothing is trusted to be local.
    void route(Stanza stanza, Settlement settlement = {});
    /// Answers `request` with `error`, unless it is one that must not be answered (RFC 6120 §8.3.1).
    void refuse(const Stanza& request, const StanzaError& error);
    /// RFC 6120 §8.3.1: an error is never answered, nor is an iq result.
    static bool is_answerable(const Stanza& stanza);
    /// The same stanza to many addressees (presence, a roster of contacts): one mail per shard, and
    /// one serialisation per shard. Users that nobody has loaded have no session and are passed over.
    void fan_out(std::shared_ptr<const Stanza> stanza, std::vector<Jid> targets);
    /// What a service says to many sessions at once: one mail per shard. `stanza` was serialised for many
    /// (Stanza::serialize_for_many), once for all shards. Who is not there any more is passed over.
    void multicast(const std::shared_ptr<const Stanza>& stanza, const AudiencePtr& audience,
        const Except& except = {});
    /// The other way round: much that was serialised for many, to one.
    void unicast(const RecipientPtr& recipient, WireForms stanzas, const Jid& from);

    /// Deliveries and refusals counted for metrics and `status`.
    struct Counters {
        std::uint64_t stanzas_in = 0;
        std::uint64_t delivered = 0;
        std::uint64_t refused = 0;
        std::uint64_t offline_stored = 0;
        std::uint64_t logins = 0;
        std::uint64_t login_failures = 0;
        std::uint64_t addressed = 0; ///< copies of what services said to many
        std::uint64_t addresses = 0; ///< how often they did: each time it was serialised once
    };
    Counters& counters() { return counters_; }
    /// A seal for a stanza that no other has, on whatever shard.
    Stanza::Seal new_seal();
    DeadLetters& dead_letters() { return dead_letters_; }
    MessageLog& tracks() { return tracks_; }

private:
    void deliver_here(Stanza stanza, Settlement settlement);
    void fan_out_here(const Stanza& stanza, const std::vector<Jid>& targets);
    void multicast_here(const Stanza& stanza, const Audience::Recipients& recipients, const Except& except);
    void sweep();

    Server& server_;
    Shard& shard_;
    std::unique_ptr<Storage> storage_;
    std::vector<std::unique_ptr<Host>> hosts_;
    std::vector<std::pair<std::string, DomainService*>> services_;
    Accounts accounts_;
    Counters counters_;
    DeadLetters dead_letters_;
    MessageLog tracks_;
    Stanza::Seal seals_ = 0; ///< how many were given out
    SharedSettings settings_;
    Timer sweep_timer_;
    std::uint64_t logins_swept_ = 0; ///< counted by the sweep before
};

} // namespace stonechat
