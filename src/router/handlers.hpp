// SPDX-License-Identifier: Apache-2.0
// Handlers: who on a host answers what, and who looks at what on its way. Modules fill it when they
// attach; the pipeline reads it. Order is by named Stage, and within one by the table of modules.
// Shard-bound (one per host and shard), unchanging after start.
#pragma once

#include "base/result.hpp"
#include "base/task.hpp"
#include "router/session.hpp"
#include "router/settlement.hpp"
#include "router/slot.hpp"
#include "router/user.hpp"
#include "xmpp/data_form.hpp"
#include "xmpp/stanza.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

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

/// Whom an iq is for.
enum class To {
    host,        ///< the domain itself
    own_account, ///< the sender's own bare JID, or no `to` at all
    account,     ///< a local bare JID, asked by anybody (own sessions included)
    nobody,      ///< a local bare JID without an account (or a disabled one); Context::user is null
};

/// Which way a stanza is going.
enum class Flow {
    from_client, ///< just received from a session of `Context::user`
    to_user,     ///< about to be delivered to `Context::user`
};

/// Where on the way: in this order; but of a message to a user, `copy` comes behind `deliver`, when it is
/// decided which sessions get the message itself.
enum class Stage { guard, stamp, archive, copy, deliver, fallback };
inline constexpr std::size_t stage_count = 6;

/// Where a handler stands. The references are valid for the whole handler, also across co_await; but
/// a session may be closed meanwhile: ask `session->is_open()`.
struct Context {
    Host& host;
    /// from_client and To::own_account: the sender. to_user and To::account: the addressee.
    /// Null for To::host when the sender is not a local user.
    User* user = nullptr;
    /// The sending session, if the stanza comes from one of `user`'s own sessions; else null.
    Session* session = nullptr;
    /// The stanza's token; share() it into whatever has to finish before the sender may be told.
    const Settlement* settlement = nullptr;

    /// Of a message: what its owner's side wants committed and delivered; else null. Valid while the stages
    /// run, not later.
    DeliveryPlan* plan = nullptr;

    /// A further holder of the stanza's token.
    Settlement hold() const { return settlement ? settlement->share() : Settlement(); }
};

/// What a handler on a stanza's way says.
class Verdict {
public:
    /// Go on with the next handler.
    static Verdict pass() { return Verdict(Kind::pass); }
    /// I have taken care of it; nobody else sees it.
    static Verdict done() { return Verdict(Kind::done); }
    /// Answer the sender with this error (silently dropped where an error must not be answered).
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

/// An ad-hoc command: one form to fill in, then a result (XEP-0050). Which is all the server's own need.
struct Command {
    enum class For { admins, local_users };
    /// How a command that was carried out ended.
    struct Outcome {
        std::string note;    ///< what was done
        std::string failure; ///< what could not be done, and why (XEP-0050 §3.6: a note of type error)
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

    /// The host that is being attached to.
    Host& host() const { return host_; }

    // Iq. The payload is matched by namespace and element name; `element` "*" takes any.
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
    /// Every stanza of any kind, in stage guard, before anything else sees it.
    using OnStanza = std::function<Verdict(Stanza&, const Context&)>;
    void any(Flow flow, OnStanza handler);

    // Moments in the life of a session and an account; context.user is set, and session where there is one.
    using OnMoment = std::function<void(const Context&)>;
    void session_bound(OnMoment handler);     ///< a resource was bound
    void session_available(OnMoment handler); ///< its first available presence was broadcast
    void session_priority(
        OnMoment handler);                ///< its priority rose from negative to not negative (also at first)
    void session_ended(OnMoment handler); ///< closed, however; the session is still in user.sessions()
    /// A session was resumed (XEP-0198): its client is connected again. `session_bound` does not come again,
    /// unless the server was started meanwhile: then it comes before this.
    void session_resumed(OnMoment handler);
    /// Its connection is gone, and it waits to be resumed; what it was sent may not have arrived.
    void session_disconnected(OnMoment handler);
    /// The client has said that nobody looks at it, or that somebody does again (XEP-0352).
    void session_attention(OnMoment handler);
    /// What a module keeps of a session so that it can be resumed after a restart (XEP-0198): `save` gives it
    /// as an element in a namespace of the module's, or nothing; `restore` is given that, before
    /// session_bound. Modules call Session::kept_state_changed when it changes.
    using Save = std::function<std::optional<Element>(const Session&)>;
    using Restore = std::function<void(Session&, const Element&)>;
    void session_kept(std::string_view ns, Save save, Restore restore);
    /// Messages that a session leaves unacknowledged have come into the mailbox; they pass no stage again.
    void mailbox_grown(OnMoment handler);
    /// A room has something for the user that his sessions may not have; nothing was delivered to him.
    void room_notice(OnMoment handler);
    /// The account is going, while it was in memory: sessions are closed already. For what hangs on the user.
    void account_removed(OnMoment handler);
    /// An administrator has changed what is kept for the account, while it is in memory: what was read of it
    /// before may not be so any more.
    void account_changed(OnMoment handler);
    /// Takes what others keep of an account that is being removed, and answers when that is safe; what is
    /// kept for the account itself goes afterwards, by itself. Called again after a restart if the removal
    /// has not come to its end. False: the store failed.
    using Forget = std::function<Task<bool>(Jid account)>;
    void account_forgotten(Forget handler);
    /// Reads a module's part of a user; the user becomes ready when all have finished. False: it failed.
    using OnLoad = std::function<Task<bool>(User&)>;
    void user_load(OnLoad handler);

    // Service discovery.
    using DiscoItems = std::function<void(const Context&, const Iq&, Element& query)>;
    /// Adds to disco#items (or #info, for dynamic parts and forms) of `to` for node `node`.
    void disco_items(To to, std::string_view node, DiscoItems handler);
    void disco_info(To to, std::string_view node, DiscoItems handler);

    /// An ad-hoc command of the host (XEP-0050).
    void command(Command command);

    // Stream features (RFC 6120 §4.3.2).
    enum class Offer { before_login, after_login };
    /// Null if there is nothing to offer.
    using StreamFeature = std::function<std::optional<Element>(bool encrypted)>;
    void stream_feature(Offer offer, StreamFeature feature);
    /// An element outside the stanzas that a bound client may send (XEP-0198, XEP-0352).
    using OnStreamElement = std::function<void(const Element&, const Context&)>;
    void stream_element(std::string_view ns, std::string_view element, OnStreamElement handler);
    /// An iq that a client may send before it has logged in, on an encrypted stream (XEP-0077 registration).
    using BeforeLogin = std::function<Task<IqAnswer>(Iq, std::string peer_address)>;
    void iq_before_login(std::string_view ns, std::string_view element, BeforeLogin handler);

    template <class T> SessionSlot<T> session_slot() { return SessionSlot<T>(session_slots_++); }
    template <class T> UserSlot<T> user_slot() { return UserSlot<T>(user_slots_++); }

    // The other side: the pipeline, discovery and the streams.
    struct IqHandler {
        Now now;
        Later later;
    };
    /// Null if nobody answers this. own_account falls back to account.
    const IqHandler* find_iq(To to, IqType type, const Element& payload) const;
    const BeforeLogin* find_before_login(const Element& payload) const;
    const OnStreamElement* find_stream_element(const Element& element) const;
    Verdict run(Flow flow, Stage from, Stage to, Stanza& stanza, const Context& context) const;
    void run_moment(const std::vector<OnMoment>& handlers, const Context& context) const;
    const std::vector<OnMoment>& on_bound() const { return bound_; }
    const std::vector<OnMoment>& on_available() const { return available_; }
    const std::vector<OnMoment>& on_priority() const { return priority_; }
    const std::vector<OnMoment>& on_ended() const { return ended_; }
    const std::vector<OnMoment>& on_removed() const { return removed_; }
    const std::vector<OnMoment>& on_changed() const { return changed_; }
    const std::vector<Forget>& on_forgotten() const { return forgotten_; }
    const std::vector<OnMoment>& on_resumed() const { return resumed_; }
    const std::vector<OnMoment>& on_disconnected() const { return disconnected_; }
    const std::vector<OnMoment>& on_attention() const { return attention_; }
    const std::vector<OnMoment>& on_mailbox_grown() const { return mailbox_grown_; }
    const std::vector<OnMoment>& on_notice() const { return notice_; }
    /// All that modules keep of a session, in one element; and its restoration.
    Element save(const Session& session) const;
    void restore(Session& session, const Element& kept) const;
    const std::vector<OnLoad>& on_load() const { return load_; }
    const std::vector<std::pair<Offer, StreamFeature>>& features() const { return features_; }
    const std::vector<Command>& commands() const { return commands_; }
    /// Runs what was registered for (to, node); false if nothing was.
    bool disco(bool info, To to, std::string_view node, const Context& context, const Iq& iq,
        Element& query) const;

    /// While a module attaches, its name goes with what it registers, for `print`.
    void attaching(std::string_view module) { module_ = module; }
    /// The whole chain in words, for the test that compares it and for `stonechat check`.
    std::string print() const;

private:
    static std::string iq_key(To to, IqType type, std::string_view ns, std::string_view element);
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
    boost::unordered_flat_map<std::string, IqHandler> iq_;
    std::vector<std::pair<std::string, std::string>> iq_print_;
    std::array<Chain, 2> chains_;
    std::vector<OnMoment> bound_, available_, priority_, ended_, removed_, changed_, resumed_, attention_,
        disconnected_, mailbox_grown_, notice_;
    struct Kept {
        std::string ns;
        Save save;
        Restore restore;
    };
    std::vector<Kept> kept_;
    std::vector<OnLoad> load_;
    std::vector<Forget> forgotten_;
    std::vector<std::pair<Offer, StreamFeature>> features_;
    struct DiscoEntry {
        bool info;
        To to;
        std::string node;
        DiscoItems run;
    };
    std::vector<DiscoEntry> disco_;
    std::vector<Command> commands_;
    std::vector<std::pair<std::pair<std::string, std::string>, BeforeLogin>> before_login_;
    std::vector<std::pair<std::pair<std::string, std::string>, OnStreamElement>> stream_elements_;
    std::size_t session_slots_ = 0;
    std::size_t user_slots_ = 0;
};

} // namespace stonechat
