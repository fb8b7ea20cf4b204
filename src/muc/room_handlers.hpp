// SPDX-License-Identifier: Apache-2.0
// RoomHandlers: what the features of rooms have registered: requests, service discovery, ad-hoc commands,
// messages. It is to a room what Handlers is to a host. A feature registers in its attach function, which is
// in the table of room_features.cpp. One per MucService; immutable after start.
#pragma once

#include "base/function.hpp"
#include "base/task.hpp"
#include "router/disco_table.hpp"
#include "router/handlers.hpp"
#include "router/request_table.hpp"
#include "router/settlement.hpp"
#include "xmpp/data_form.hpp"
#include "xmpp/jid.hpp"
#include "xmpp/stanza.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stonechat {

class Room;

/// The answer to a request, and the announcement to the other occupants. That is sent after the asker has the
/// answer (XEP-0045 §8.2).
struct RoomAnswer {
    RoomAnswer(IqAnswer its_answer) : answer(std::move(its_answer)) {}
    RoomAnswer(StanzaError error) : answer(std::move(error)) {}
    RoomAnswer(IqAnswer its_answer, Function<void()> its_rest)
        : answer(std::move(its_answer)), afterwards(std::move(its_rest))
    {}

    IqAnswer answer;
    Function<void()> afterwards; ///< the announcement; may be empty
};

/// An ad-hoc command of a room (XEP-0050), with at most one form. The room's changes are serialised while it
/// runs (Room::change_mutex).
struct RoomCommand {
    /// The outcome of a command that ran: the form with the result, if any, and the announcement to others.
    struct Outcome {
        std::optional<DataForm> result;
        Function<void()> afterwards;
    };
    using Ended = Result<Outcome, StanzaError>;
    using Run = Task<Ended> (*)(std::shared_ptr<Room> room, Iq iq, DataForm form);

    std::string node;
    std::string name;
    std::function<bool(const Room& room, const Jid& asker)> may_run;
    /// FORM_TYPE of the form that is submitted.
    std::string form_type;
    /// Makes the form; null: the command has none, and `run` is called at once with an empty one.
    std::function<DataForm(const Room& room)> form;
    Run run;
};

class RoomHandlers {
public:
    /// Answers a request. The room and the request outlive the task.
    using OnRequest = Task<RoomAnswer> (*)(std::shared_ptr<Room> room, Iq iq);
    /// The payload is matched by namespace and element name; the element "*" matches any name.
    void iq_get(std::string_view ns, std::string_view element, OnRequest handler);
    void iq_set(std::string_view ns, std::string_view element, OnRequest handler);

    /// A feature in the room's disco#info, if `condition` holds for the room.
    using Condition = bool (*)(const Room& room);
    void feature(std::string_view var, Condition condition = nullptr);
    /// Features that depend on the room in another way than by being there or not.
    using Features = std::vector<std::string_view> (*)(const Room& room);
    void features(Features list);
    /// Adds fields to the form in the room's disco#info (XEP-0045 §6.4, XEP-0128).
    using OnInfoForm = void (*)(const Room& room, const Jid& asker, DataForm& form);
    void info_form(OnInfoForm handler);
    /// Adds to the disco#info or disco#items of a node; of the room itself with the empty one.
    using OnDisco = std::function<void(const Room& room, const Jid& asker, Element& query)>;
    void disco_info(std::string_view node, OnDisco handler);
    void disco_items(std::string_view node, OnDisco handler);

    void command(RoomCommand command);

    /// Takes messages to the room itself that `is_one` recognises, other than those to all occupants. The
    /// first that recognises a message gets it.
    using Recognises = bool (*)(const Stanza& message);
    using OnMessage = void (*)(Room& room, const Stanza& message, Settlement& settlement);
    void message(Recognises is_one, OnMessage handler);

    /// An account is being removed: whether the feature knows it in this room, and to forget that. For what
    /// is in memory only.
    using Knows = bool (*)(const Room& room, const Jid& account);
    using Forget = void (*)(Room& room, const Jid& account);
    void account_removed(Knows knows, Forget forget);

    // Used by the dispatch of requests, by service discovery and by the commands.
    const OnRequest* find(IqType type, const Element& payload) const { return requests_.find(type, payload); }
    const RoomCommand* find_command(std::string_view node) const;
    const std::vector<RoomCommand>& commands() const { return commands_; }
    void add_features(const Room& room, Element& query) const;
    void fill_info_form(const Room& room, const Jid& asker, DataForm& form) const;
    /// Returns the handler of the message, or null if no feature recognises it.
    OnMessage find_message_handler(const Stanza& message) const;
    /// Whether any feature knows the account in this room; and to forget it.
    bool knows(const Room& room, const Jid& account) const;
    void forget(Room& room, const Jid& account) const;
    /// Runs the handlers of the node. Returns false if there are none.
    bool disco(DiscoKind what, std::string_view node, const Room& room, const Jid& asker,
        Element& query) const;

    /// Sets the name of the feature that attaches now; print() shows it with what is registered.
    void attaching(std::string_view feature) { feature_ = feature; }
    /// Returns all requests and commands as text, for the test that compares them.
    std::string print() const;

private:
    struct FeatureRow {
        std::string var; ///< empty: `list` has the names
        Condition condition = nullptr;
        Features list = nullptr;
    };

    std::string feature_;
    RequestTable<OnRequest> requests_ { "request to a room" };
    DiscoTable<const Room&, const Jid&> disco_;
    std::vector<FeatureRow> features_;
    std::vector<OnInfoForm> info_form_;
    std::vector<RoomCommand> commands_;
    std::vector<std::pair<Recognises, OnMessage>> messages_;
    std::vector<std::pair<Knows, Forget>> accounts_;
};

} // namespace stonechat
