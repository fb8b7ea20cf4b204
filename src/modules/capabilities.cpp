// SPDX-License-Identifier: Apache-2.0
#include "modules/capabilities.hpp"

#include "base/string_hash.hpp"
#include "modules/announced_caps.hpp"
#include "modules/caps_cache.hpp"
#include "router/host.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <vector>

namespace stonechat {
namespace {

/// What is known of one session.
struct Announced {
    std::optional<AnnouncedCaps> caps; ///< the last ones in this presence session
    bool is_learned = false;           ///< Session::capabilities() belongs to `caps`
    bool was_asked = false;            ///< about `caps`: it is not asked twice
    bool is_restored = false;          ///< after a restart of the server, and not available again yet
    /// A request to the session is open, perhaps about what it announced earlier. A session is asked one
    /// thing at a time, so that many hashes in a row cost no more than one.
    bool is_being_asked = false;
    std::uint64_t request = 0; ///< the number of that request
};

/// The sessions that wait for the capabilities of one hash. The database is read for them, then one of them
/// is asked. After each answer that is of no use, two more are: many clients that do not answer, or whose
/// hash is wrong, hold up the others for a short time only.
struct Question {
    std::vector<std::weak_ptr<Session>> waiting; ///< each once, in order; those that are asked too
    std::set<std::uint64_t> requests;            ///< the open ones

    void add(const std::weak_ptr<Session>& session)
    {
        const auto is_same = [&session](const std::weak_ptr<Session>& other) {
            return !session.owner_before(other) && !other.owner_before(session);
        };
        if (std::none_of(waiting.begin(), waiting.end(), is_same)) {
            waiting.push_back(session);
        }
    }
};

class CapabilitiesModule final : public Module {
public:
    Manifest describe() const override
    {
        return Manifest("capabilities", "Learns what the clients of users can do.")
            .implements(Xep { 115, "1.6.0", "Entity Capabilities", "caps optimization, remote entities" })
            .implements(Xep { 390, "0.3.2", "Entity Capabilities 2.0",
                "the server's own hashes, query interception, gratuitous capabilities" })
            .feature(ns::caps_2)
            .setting(SettingSpec::integer("max_hashes", 1000, 2, 100'000,
                "Maximum number of different capabilities that are kept in memory, for each shard. The "
                "database keeps 2048 at most."))
            .setting(SettingSpec::integer("max_features", 1000, 1, 4000,
                "Maximum number of features of a client. The answer of a client with more is ignored."))
            .setting(SettingSpec::bytes("max_bytes", 16 * 1024, 1024, 128 * 1024,
                "Maximum total size of these features."))
            .needs("presence")
            .store(capabilities_store);
    }

    void attach(Handlers& on) override
    {
        host_ = &on.host();
        cache_.emplace(*host_, limit("max_hashes"));
        announced_ = on.session_slot<Announced>();
        on.session_available([this](const Context& c) { begin(*c.session); });
        on.session_presence([this](const Context& c) { look(*c.session); });
        on.session_resumed([this](const Context& c) { look_again(*c.session); });
        on.session_ended([this](const Context& c) { end(*c.session); });
        on.session_kept(
            ns::caps, [this](const Session& session) { return save(session); },
            [this](Session& session, const Element& kept) { restore(session, kept); });
    }

    void reconfigured() override { cache_->resize(limit("max_hashes")); }

private:
    std::size_t limit(std::string_view name) const
    {
        return static_cast<std::size_t>(host_->settings("capabilities").integer(name));
    }

    // What sessions announce --------------------------------------------------------------------------

    /// A new presence session has nothing of the one before it, unless the server was restarted within it.
    void begin(Session& session) const
    {
        Announced* state = announced_.find(session);
        if (state == nullptr) {
            return;
        }
        if (!state->is_restored) {
            state->caps.reset();
        }
        state->is_learned = state->was_asked = state->is_restored = false;
    }

    /// XEP-0115 §8.4: a presence without `<c/>` changes nothing.
    void look(Session& session)
    {
        auto caps = AnnouncedCaps::from_parent(session.presence()->element());
        if (caps) {
            Announced& state = announced_.of(session);
            if (state.caps != caps) {
                state.caps = std::move(caps);
                state.is_learned = state.was_asked = false;
                session.snapshot_changed();
            }
        }
        look_again(session);
    }

    void look_again(Session& session)
    {
        Announced* state = announced_.find(session);
        if (state != nullptr && state->caps && !state->is_learned && is_here(session)) {
            learn(session, *state);
        }
    }

    static bool is_here(const Session& session) { return session.is_open() && session.is_available(); }

    void learn(Session& session, Announced& state)
    {
        if (!state.caps->is_verifiable()) {
            if (!state.was_asked && !state.is_being_asked) {
                ask(session, state, {});
            }
            return;
        }
        const std::string key = state.caps->key();
        if (const auto known = cache_->find(key)) {
            state.is_learned = true;
            set(session, known);
            return;
        }
        const auto open = questions_.find(key);
        if (open != questions_.end()) {
            open->second.add(session.weak_from_this());
        } else if (!state.was_asked && !state.is_being_asked) {
            questions_[key].add(session.weak_from_this());
            cache_->read(key, [this, key](const CapabilitiesPtr& found) {
                if (found) {
                    answer_all(key, found);
                } else {
                    ask_next(key, 1);
                }
            });
        }
    }

    // Asking ------------------------------------------------------------------------------------------

    /// Asks up to `count` sessions that wait for this hash. If nobody is asked any more, the question is
    /// given up.
    void ask_next(const std::string& key, std::size_t count)
    {
        for (; count > 0 && questions_.contains(key); --count) {
            const auto session = find_candidate(questions_[key], key);
            if (session == nullptr || !ask(*session, *announced_.find(*session), key)) {
                break;
            }
        }
        const auto open = questions_.find(key);
        if (open != questions_.end() && open->second.requests.empty()) {
            questions_.erase(open);
        }
    }

    /// Returns a waiting session that can be asked, or null. Removes those that wait no longer.
    std::shared_ptr<Session> find_candidate(Question& question, const std::string& key) const
    {
        for (auto each = question.waiting.begin(); each != question.waiting.end();) {
            auto session = each->lock();
            if (session == nullptr || !announces(*session, key)) {
                each = question.waiting.erase(each);
                continue;
            }
            const Announced& state = *announced_.find(*session);
            if (!state.was_asked && !state.is_being_asked && session->is_connected()) {
                return session;
            }
            ++each;
        }
        return nullptr;
    }

    bool announces(const Session& session, const std::string& key) const
    {
        const Announced* state = announced_.find(session);
        return is_here(session) && state != nullptr && state->caps && state->caps->is_verifiable()
            && state->caps->key() == key;
    }

    /// Sends the request. `key`: the question that waits for the answer; empty if the answer is for this
    /// session alone.
    bool ask(Session& session, Announced& state, const std::string& key)
    {
        const std::uint64_t request = ++requests_;
        state.was_asked = state.is_being_asked = true;
        state.request = request;
        if (!key.empty()) {
            questions_[key].requests.insert(request);
        }
        const bool asked = host_->requests().ask(host_->jid(), session.jid(), IqType::get,
            state.caps->disco_request(),
            [this, key, request, caps = *state.caps, asked = session.weak_from_this()](const Stanza* answer) {
                const bool was_open = end_request(key, request);
                take(key, caps, asked.lock(), answer);
                if (was_open) {
                    ask_next(key, 2); // if the question is still open
                }
            });
        if (!asked) {
            state.was_asked = state.is_being_asked = false;
            end_request(key, request);
        }
        return asked;
    }

    /// Returns whether the question is open and was waiting for this request.
    bool end_request(const std::string& key, std::uint64_t request)
    {
        const auto open = questions_.find(key);
        return open != questions_.end() && open->second.requests.erase(request) > 0;
    }

    /// Takes what a session answered; null: nothing in time. `session` is null if it is gone.
    void take(const std::string& key, const AnnouncedCaps& caps, const std::shared_ptr<Session>& session,
        const Stanza* answer)
    {
        Announced* state = session ? announced_.find(*session) : nullptr;
        if (state != nullptr) {
            state->is_being_asked = false;
        }
        const CapabilitiesPtr said = answer ? read_answer(answer->element()) : nullptr;
        if (!key.empty() && said && caps.is_proven_by(answer->element())) {
            cache_->keep(key, said);
            answer_all(key, said);
        } else if (state != nullptr && is_here(*session) && state->caps == caps) {
            // It may not pass for the capabilities of others (XEP-0115 §5.4 3.9).
            state->is_learned = said != nullptr;
            set(*session, said);
        }
        if (session) {
            look_again(*session); // it may have announced something else meanwhile
        }
    }

    /// Returns null if this is not an answer to disco#info, or a too large one.
    CapabilitiesPtr read_answer(const Element& answer) const
    {
        const Element* query = answer.attribute_or("type") == "result" ? answer.child("query", ns::disco_info)
                                                                       : nullptr;
        if (query == nullptr) {
            return nullptr;
        }
        std::vector<std::string> features;
        std::size_t bytes = 0;
        for (const Element* feature : query->children("feature", ns::disco_info)) {
            features.emplace_back(feature->attribute_or("var"));
            bytes += features.back().size();
        }
        if (features.size() > limit("max_features") || bytes > limit("max_bytes")) {
            return nullptr;
        }
        return std::make_shared<const Capabilities>(std::move(features));
    }

    void answer_all(const std::string& key, const CapabilitiesPtr& capabilities)
    {
        const auto open = questions_.find(key);
        if (open == questions_.end()) {
            return;
        }
        const Question question = std::move(open->second);
        questions_.erase(open);
        for (const auto& each : question.waiting) {
            const auto session = each.lock();
            if (session != nullptr && announces(*session, key) && !announced_.find(*session)->is_learned) {
                announced_.find(*session)->is_learned = true;
                set(*session, capabilities);
            }
        }
    }

    void set(Session& session, const CapabilitiesPtr& capabilities) const
    {
        const CapabilitiesPtr before = session.capabilities();
        session.set_capabilities(capabilities);
        const bool is_same = before && capabilities ? *before == *capabilities : before == capabilities;
        if (!is_same) {
            host_->handlers().run_moment(host_->handlers().on_capabilities(),
                Context { *host_, &session.user(), &session });
        }
    }

    // The end of a session, and its return --------------------------------------------------------------

    /// Its answer is waited for no longer.
    void end(const Session& session)
    {
        const Announced* state = announced_.find(session);
        if (state == nullptr || !state->is_being_asked) {
            return;
        }
        for (auto& [key, question] : questions_) {
            if (question.requests.erase(state->request) > 0) {
                ask_next(std::string(key), 1);
                return;
            }
        }
    }

    std::optional<Element> save(const Session& session) const
    {
        const Announced* state = announced_.find(session);
        if (state == nullptr || !state->caps || !session.is_available()) {
            return std::nullopt;
        }
        Element kept("announced", ns::caps);
        kept.add(state->caps->to_element());
        return kept;
    }

    /// The presence, which the client does not send again, may be one without `<c/>`.
    void restore(Session& session, const Element& kept) const
    {
        Announced& state = announced_.of(session);
        state.caps = AnnouncedCaps::from_parent(kept);
        state.is_restored = true;
    }

    Host* host_ = nullptr; ///< set in attach()
    std::optional<CapsCache> cache_;
    SessionSlot<Announced> announced_;
    StringMap<Question> questions_; ///< by AnnouncedCaps::key
    std::uint64_t requests_ = 0;    ///< number of requests so far
};

} // namespace

std::unique_ptr<Module> make_capabilities()
{
    return std::make_unique<CapabilitiesModule>();
}

} // namespace stonechat
