// SPDX-License-Identifier: Apache-2.0
// Handlers: which module answers which iq, and which handlers see a stanza on its way. Modules register here
// when they attach; the pipeline reads it. Handlers run in the order of the Stage, within a stage in the
// order of the table of modules. Shard-bound (one per host and shard), immutable after start.
#pragma once

#include "base/result.hpp"
#include "base/task.hpp"
#include "router/disco_table.hpp"
#include "router/request_table.hpp"
#include "router/session.hpp"
#include "router/settlement.hpp"
#include "router/slot.hpp"
#include "router/user.hpp"
#include "xmpp/data_form.hpp"
#include "xmpp/stanza.hpp"

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace stonechat {

class Host;
class DeliveryPlan;
struct RoomNotice;

/// The addressee of an iq.
enum class To {
    host,        ///< the domain itself
    own_account, ///< the sender's own bare JID, or no `to` at all
    account,     ///< a local bare JID, asked by anybody (own sessions included)
    nobody,      ///< a local bare JID without an account (or a disabled one); Context::user is null
};
inline constexpr std::size_t addressee_count = 4;

/// The direction of a stanza.
enum class Flow {
    from_client, ///< just received from a session of `Context::user`
    to_user,     ///< about to be delivered to `Context::user`
};

/// The stages, in the order in which they run. Exception: for a message to a user, `copy` runs after
/// `deliver`, when it is decided which sessions get the message itself.
enum class Stage { guard, stamp, archive, copy, deliver, fallback };
inline constexpr std::size_t stage_count = 6;

/// What a handler is told beside the stanza. The references are valid for the whole handler, also across
/// co_await; but a session may be closed meanwhile: ask `session->is_open()`.
struct Context {
    Host& host;
    /// from_client and To::own_account: the sender. to_user and To::account: the addressee.
    /// Null for To::host when the sender is not a local user.
    User* user = nullptr;
    /// The sending session, if the stanza comes from one of `user`'s own sessions; else null.
    Session* session = nullptr;
    /// The stanza's token. Give a share() to everything that has to finish before the stanza is acknowledged.
    const Settlement* settlement = nullptr;

    /// For a message: the DeliveryPlan of `user`'s part, which handlers add to; else null. Valid only while
    /// the stages run.
    DeliveryPlan* plan = nullptr;

    /// Returns another holder of the stanza's token, which has to say settle() or fail() in the end.
    Settlement hold() const { return settlement ? settlement->share() : Settlement(); }
};

/// The decision of a handler about a stanza.
class Verdict {
public:
    /// Go on with the next handler.
    static Verdict pass() { return Verdict(Kind::pass); }
    /// The handler took the stanza: no further handler sees it.
    static Verdict done() { return Verdict(Kind::done); }
    /// Answer the sender with this error; dropped silently if the stanza is one that must not be answered
    /// with an error.
    static Verdict bounce(StanzaError error) { return Verdict(std::move(error)); }

    bool is_pass() const { return kind_ == Kind::pass; }
    const StanzaError* error() const { return error_ ? &*error_ : nullptr; }

private:
    enum class Kind { pass, done, bounce };
    explicit Verdict(Kind kind) : kind_(kind) {}
    explicit Verdict(StanzaError error) : kind_(Kind::bounce), error_(std::move(error)) {}
    Kind kind_;
    std::optional<StanzaError> error_;
};

/// The answer to an iq: a payload (or none) for the result, or an error.
using IqAnswer = Result<std::optional<Element>, StanzaError>;

/// An ad-hoc command (XEP-0050) with at most one form and a result; the server's own commands need no more.
struct Command {
    enum class For { admins, local_users };
    /// The outcome of a command that ran.
    struct Outcome {
        std::string note;    ///< what was done
        std::string failure; ///< what could not be done and why (XEP-0050 §3.6: a note of type error)
        std::optional<DataForm> result;

        static Outcome of(std::string note, std::string failure = {})
        {
            return Outcome { std::move(note), std::move(failure), std::nullopt };
        }
    };
    using Run = std::function<Task<Result<Outcome, StanzaError>>(DataForm, Context)>;

    std::string node;
    std::string name;
    For access = For::admins;
    std::optional<DataForm> form; ///< none: `run` is called at once, with an empty form
    Run run;
};

class Handlers {
public:
    explicit Handlers(Host& host);

    /// The host to which the modules attach.
    Host& host() const { return host_; }

    // Iq. The payload is matched by namespace and element name; the element "*" matches any name.
    using Now = std::function<IqAnswer(const Iq&, const Context&)>;
    using Later = std::function<Task<IqAnswer>(Iq, Context)>; ///< the iq outlives the task
    void iq_get(To to, std::string_view ns, std::string_view element, Now handler);
    void iq_set(To to, std::string_view ns, std::string_view element, Now handler);
    void iq_get_later(To to, std::string_view ns, std::string_view element, Later handler);
    void iq_set_later(To to, std::string_view ns, std::string_view element, Later handler);

    using OnMessage = std::function<Verdict(Message, const Context&)>;
    using OnPresence = std::function<Verdict(Presence, const Context&)>;
    void message(Flow flow, Stage stage, OnMessage handler);
    void presence(Flow flow, Stage stage, OnPresence handler);
    /// Handles stanzas of every kind, in stage guard, before all other handlers.
    using OnStanza = std::function<Verdict(Stanza&, const Context&)>;
    void any(Flow flow, OnStanza handler);

    // Events of a session or an account. Context::user is set; Context::session too if the event is about a
    // session.
    using OnMoment = std::function<void(const Context&)>;
    void session_bound(OnMoment handler);     ///< a resource was bound
    void session_available(OnMoment handler); ///< its first available presence was broadcast
    /// An available presence was broadcast, the first one or another: session.presence(). After the moments
    /// that the same presence causes.
    void session_presence(OnMoment handler);
    /// session.capabilities() became known or changed, while the session is available. May be unknown again.
    /// After session_available, and again after each new session_available, also if the session was resumed
    /// after a restart.
    void session_capabilities(OnMoment handler);
    /// Its priority rose from negative to not negative, or its first one is not negative.
    void session_priority(OnMoment handler);
    void session_ended(OnMoment handler); ///< it ended, in any way; it is still in user.sessions()
    /// A session was resumed (XEP-0198): its client is connected again. session_bound is not called again,
    /// unless the server restarted meanwhile: then it is called first.
    void session_resumed(OnMoment handler);
    /// The connection was lost, and the session waits to be resumed. Stanzas already sent may not have
    /// arrived.
    void session_disconnected(OnMoment handler);
    /// The client became inactive or active (XEP-0352).
    void session_attention(OnMoment handler);
    /// Persists a module's state of a resumable session over a restart (XEP-0198). `save` returns it as an
    /// element in a namespace of the module, or nullopt; `restore` gets that element, before session_bound.
    /// Modules call Session::snapshot_changed when the state changes.
    using Save = std::function<std::optional<Element>(const Session&)>;
    using Restore = std::function<void(Session&, const Element&)>;
    void session_kept(std::string_view ns, Save save, Restore restore);
    /// Messages that a session left unacknowledged were moved into the mailbox. They do not pass the stages
    /// again.
    void mailbox_grown(OnMoment handler);
    /// A room has a message that may concern an account and that its sessions may not have. The message
    /// itself is not delivered, and the account need not be in memory.
    using OnNotice = std::function<void(const RoomNotice&)>;
    void room_notice(OnNotice handler);
    /// An account in memory is being removed. Its sessions are closed already. For module state that belongs
    /// to the User.
    void account_removed(OnMoment handler);
    /// An administrator changed stored data of an account that is in memory: what modules read before may be
    /// outdated.
    void account_changed(OnMoment handler);
    /// Removes what is stored elsewhere about an account that is being removed. The answer comes when that is
    /// safe. Rows of the account itself are removed afterwards without this. Called again after a restart if
    /// the removal was not finished. False: the store failed.
    using Forget = std::function<Task<bool>(Jid account)>;
    void account_forgotten(Forget handler);
    /// Another account of this server is being removed: drop what is in memory about it. Runs on every shard
    /// and host.
    using OnGone = std::function<void(const Jid& account)>;
    void other_account_removed(OnGone handler);
    /// Items of a node were removed because their time was over. Runs on the home shard of `service`, for the
    /// handlers of every host.
    using OnExpired =
        std::function<void(const Jid& service, const std::string& node, const std::vector<std::string>& ids)>;
    void items_expired(OnExpired handler);
    /// Loads a module's part of a user; the user becomes ready when all have finished. False: loading failed.
    using OnLoad = std::function<Task<bool>(User&)>;
    void user_load(OnLoad handler);

    // Service discovery.
    using DiscoItems = std::function<void(const Context&, const Iq&, Element& query)>;
    /// Adds to the disco#items of `to` at `node`; disco_info adds to disco#info, for dynamic parts and forms.
    void disco_items(To to, std::string_view node, DiscoItems handler);
    void disco_info(To to, std::string_view node, DiscoItems handler);

    /// Adds what is known only after a look into the store: nodes of pubsub. Runs last. False: it does not
    /// know the request's node. `query` is the answer so far.
    using DiscoLater = std::function<Task<Result<bool, StanzaError>>(DiscoKind, Iq, Context, Element& query)>;
    void disco_later(To to, DiscoLater handler);

    /// An ad-hoc command of the host (XEP-0050).
    void command(Command command);

    // Stream features (RFC 6120 §4.3.2).
    enum class Offer { before_login, after_login };
    /// Returns nullopt if there is nothing to offer.
    using StreamFeature = std::function<std::optional<Element>(bool encrypted)>;
    void stream_feature(Offer offer, StreamFeature feature);
    /// Handles an element that is no stanza and that a bound client may send (XEP-0198, XEP-0352).
    using OnStreamElement = std::function<void(const Element&, const Context&)>;
    void stream_element(std::string_view ns, std::string_view element, OnStreamElement handler);
    /// Handles an iq that a client may send before login, on an encrypted stream (XEP-0077 registration).
    using BeforeLogin = std::function<Task<IqAnswer>(Iq, std::string peer_address)>;
    void iq_before_login(std::string_view ns, std::string_view element, BeforeLogin handler);

    template <class T> SessionSlot<T> session_slot() { return SessionSlot<T>(session_slots_++); }
    template <class T> UserSlot<T> user_slot() { return UserSlot<T>(user_slots_++); }

    // Used by the pipeline, service discovery and the streams.
    struct IqHandler {
        Now now;
        Later later;
    };
    /// Returns the handler, or null if there is none. own_account falls back to account.
    const IqHandler* find_iq(To to, IqType type, const Element& payload) const;
    const BeforeLogin* find_before_login(const Element& payload) const;
    const OnStreamElement* find_stream_element(const Element& element) const;
    Verdict run(Flow flow, Stage from, Stage to, Stanza& stanza, const Context& context) const;
    void run_moment(const std::vector<OnMoment>& handlers, const Context& context) const;
    const std::vector<OnMoment>& on_bound() const { return bound_; }
    const std::vector<OnMoment>& on_available() const { return available_; }
    const std::vector<OnMoment>& on_presence() const { return presence_; }
    const std::vector<OnMoment>& on_capabilities() const { return capabilities_; }
    const std::vector<OnMoment>& on_priority() const { return priority_; }
    const std::vector<OnMoment>& on_ended() const { return ended_; }
    const std::vector<OnMoment>& on_removed() const { return removed_; }
    const std::vector<OnMoment>& on_changed() const { return changed_; }
    const std::vector<Forget>& on_forgotten() const { return forgotten_; }
    const std::vector<OnExpired>& on_items_expired() const { return items_expired_; }
    const std::vector<OnGone>& on_other_removed() const { return other_removed_; }
    const std::vector<OnMoment>& on_resumed() const { return resumed_; }
    const std::vector<OnMoment>& on_disconnected() const { return disconnected_; }
    const std::vector<OnMoment>& on_attention() const { return attention_; }
    const std::vector<OnMoment>& on_mailbox_grown() const { return mailbox_grown_; }
    const std::vector<OnNotice>& on_notice() const { return notice_; }
    /// The state of a session that all modules persist, in one element (session_kept); and its restoration.
    Element save(const Session& session) const;
    void restore(Session& session, const Element& kept) const;
    const std::vector<OnLoad>& on_load() const { return load_; }
    const std::vector<std::pair<Offer, StreamFeature>>& features() const { return features_; }
    const std::vector<Command>& commands() const { return commands_; }
    /// Runs the disco handlers registered for (to, node); false if there are none.
    bool disco(DiscoKind what, To to, std::string_view node, const Context& context, const Iq& iq,
        Element& query) const;

    /// Returns the handler of disco_later, or null.
    const DiscoLater* find_disco_later(To to) const;

    /// Sets the name of the module that attaches now; print() shows it with what is registered.
    void attaching(std::string_view module) { module_ = module; }
    /// Returns all handlers as text, for the test that compares them and for `stonechat check`.
    std::string print() const;

private:
    void add_iq(To to, IqType type, std::string_view ns, std::string_view element, IqHandler handler);

    template <class F> struct Step {
        std::string module;
        F run;
    };
    struct Chain {
        std::vector<Step<OnStanza>> any;
        std::array<std::vector<Step<OnMessage>>, stage_count> message;
        std::array<std::vector<Step<OnPresence>>, stage_count> presence;
    };

    Host& host_;
    std::string module_;
    std::array<RequestTable<IqHandler>, addressee_count> iq_; ///< by To
    std::array<Chain, 2> chains_;
    std::vector<OnMoment> bound_, available_, presence_, capabilities_, priority_, ended_, removed_, changed_,
        resumed_, attention_, disconnected_, mailbox_grown_;
    std::vector<OnNotice> notice_;
    struct Kept {
        std::string ns;
        Save save;
        Restore restore;
    };
    std::vector<Kept> kept_;
    std::vector<OnLoad> load_;
    std::vector<Forget> forgotten_;
    std::vector<OnGone> other_removed_;
    std::vector<OnExpired> items_expired_;
    std::vector<std::pair<Offer, StreamFeature>> features_;
    std::array<DiscoTable<const Context&, const Iq&>, addressee_count> disco_; ///< by To
    std::array<DiscoLater, addressee_count> disco_later_;                      ///< by To
    std::vector<Command> commands_;
    RequestTable<BeforeLogin> before_login_; ///< each handler under both get and set
    std::vector<std::pair<std::pair<std::string, std::string>, OnStreamElement>> stream_elements_;
    std::size_t session_slots_ = 0;
    std::size_t user_slots_ = 0;
};

} // namespace stonechat
