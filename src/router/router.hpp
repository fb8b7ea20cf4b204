// SPDX-License-Identifier: Apache-2.0
// Router: carries stanzas to the home of their addressee on one shard: by a plain call if that is this shard,
// by mail to another shard. Knows the hosts of its shard. Shard-bound; owned by Server.
#pragma once

#include "config/settings.hpp"
#include "net/timer_wheel.hpp"
#include "router/accounts.hpp"
#include "router/audience.hpp"
#include "router/dead_letters.hpp"
#include "router/host.hpp"
#include "router/mail.hpp"
#include "router/message_log.hpp"
#include "router/notifications.hpp"
#include "router/settlement.hpp"
#include "storage/storage.hpp"
#include "xmpp/stanza.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stonechat {

class Destination;
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

    /// Returns the service of `domain` (prepared) on this shard; null if there is none or it is a virtual
    /// host.
    DomainService* service(std::string_view domain) const;
    /// Registers `service` for `domain`. It must live as long as the router.
    void add_service(std::string domain, DomainService& service);
    const std::vector<std::pair<std::string, DomainService*>>& services() const { return services_; }

    /// Sets who takes the stanzas to all domains that are neither hosts nor services. It must live as long as
    /// the router. Until there is federation, the server sets none, and the sender gets an error.
    void set_remote(Destination& remote) { remote_ = &remote; }
    /// Who takes the stanzas to `domain` (prepared) on this shard; null: nobody, and the sender is told
    /// remote-server-not-found (RFC 6120 §10.4).
    Destination* destination(std::string_view domain) const;
    /// The shard on which the stanzas to `address` are taken.
    std::size_t shard_for(const Jid& address) const;

    /// Carries a stanza to its addressee. `from` and `to` are set; neither has to be local.
    void route(Stanza stanza, Settlement settlement = {});
    /// Answers `request` with `error`, unless `request` must not be answered (RFC 6120 §8.3.1).
    void refuse(const Stanza& request, const StanzaError& error);
    /// RFC 6120 §8.3.1: an error is never answered, nor is an iq result.
    static bool is_answerable(const Stanza& stanza);
    /// Sends one stanza to many accounts (presence to the contacts of a roster): one mail and one
    /// serialisation per shard. Users that are not loaded have no session and are skipped.
    void fan_out(std::shared_ptr<const Stanza> stanza, std::vector<Jid> targets);
    /// Sends a stanza of a service to many sessions: one mail per shard. `stanza` was serialised once for all
    /// shards (Stanza::serialize_for_many). Recipients without an open session are skipped.
    void multicast(const std::shared_ptr<const Stanza>& stanza, const AudiencePtr& audience,
        const Except& except = {});
    /// Sends many stanzas that were serialised for many to one session.
    void unicast(const RecipientPtr& recipient, WireForms stanzas, const Jid& from);
    /// Sends an event of a pubsub node to all its receivers: one mail and one serialisation per shard.
    /// Accounts without sessions are skipped.
    void notify(Notification notification);

    /// Deliveries and refusals counted for metrics and `status`.
    struct Counters {
        std::uint64_t stanzas_in = 0;
        std::uint64_t delivered = 0;
        std::uint64_t refused = 0;
        std::uint64_t offline_stored = 0;
        std::uint64_t logins = 0;
        std::uint64_t login_failures = 0;
        std::uint64_t addressed = 0; ///< stanzas delivered by multicast and unicast
        std::uint64_t addresses = 0; ///< multicasts: each was serialised once
    };
    Counters& counters() { return counters_; }
    /// Returns a new seal, which no other stanza on any shard has.
    Stanza::Seal new_seal();
    DeadLetters& dead_letters() { return dead_letters_; }
    MessageLog& tracks() { return tracks_; }

private:
    /// The shard on which `taker` takes the stanzas to `address`; `taker` may be null.
    std::size_t home_of(const Jid& address, const Destination* taker) const;
    /// Sends `mail` to the router of shard `home`. All that crosses for a stanza goes through here.
    void send_mail(std::size_t home, Mail mail);
    void take(DeliverStanza& mail);
    void take(FanOut& mail);
    void take(Multicast& mail);
    void take(Unicast& mail);
    void take(Notification& mail);
    void fan_out_here(const Stanza& stanza, const std::vector<Jid>& targets);
    void multicast_here(const Stanza& stanza, const Audience::Recipients& recipients, const Except& except);
    void sweep();

    Server& server_;
    Shard& shard_;
    std::unique_ptr<Storage> storage_;
    std::vector<std::unique_ptr<Host>> hosts_;
    std::vector<std::pair<std::string, DomainService*>> services_;
    Destination* remote_ = nullptr;
    Accounts accounts_;
    Notifications notifications_;
    Counters counters_;
    DeadLetters dead_letters_;
    MessageLog tracks_;
    Stanza::Seal seals_ = 0; ///< number of seals given out
    SharedSettings settings_;
    Timer sweep_timer_;
    std::uint64_t logins_swept_ = 0; ///< value of Counters::logins at the last sweep
};

} // namespace stonechat
