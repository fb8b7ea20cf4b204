// SPDX-License-Identifier: Apache-2.0
// World: a whole server in memory for tests of modules: one shard that turns when the test says so, a
// store in memory, a clock that stands still, and clients that write down what they are sent. A line
// per stanza (see `in_short`) keeps expectations readable; the elements are kept as well.
#pragma once

#include "base/clock.hpp"
#include "base/log.hpp"
#include "config/schema.hpp"
#include "net/blocking_pool.hpp"
#include "net/login_guard.hpp"
#include "net/shard.hpp"
#include "router/accounts.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "router/server.hpp"
#include "storage/memory_storage.hpp"
#include "support/uncertain_storage.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stream_parser.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stonechat::test {

using Lines = std::vector<std::string>;

/// Reads XML as it stands inside a client's stream.
inline Element parse_stanza(std::string_view xml)
{
    auto wrapped = parse_element("<x xmlns='jabber:client'>" + std::string(xml) + "</x>");
    if (!wrapped || wrapped->first_child() == nullptr) {
        throw std::invalid_argument("not XML: " + std::string(xml));
    }
    return *wrapped->first_child();
}

/// A stanza in one line:
///     presence subscribe from romeo@localhost         push juliet@localhost from ask approved
///     message m1 from romeo@localhost/orchard delayed  result r1      get ping      error not-allowed p1
inline std::string in_short(const Element& stanza)
{
    const std::string id(stanza.attribute_or("id"));
    const std::string type(stanza.attribute_or("type"));
    if (type == "error") {
        const Element* error = stanza.child("error");
        const Element* condition = error ? error->first_child() : nullptr;
        return "error " + (condition ? condition->name() : std::string("?")) + (id.empty() ? "" : " " + id);
    }
    const std::string from = stanza.has_attribute("from") ? " from " + std::string(*stanza.attribute("from"))
                                                          : "";
    if (stanza.name() == "presence") {
        return "presence " + (type.empty() ? std::string("available") : type) + from;
    }
    if (stanza.name() == "message") {
        return "message " + id + from + (stanza.child("delay", ns::delay) ? " delayed" : "");
    }
    const Element* payload = stanza.first_child();
    if (type == "set" && payload && payload->is("query", ns::roster)) {
        const Element& item = *payload->first_child();
        std::string line = "push " + std::string(item.attribute_or("jid")) + " "
            + std::string(item.attribute_or("subscription"));
        line += item.has_attribute("ask") ? " ask" : "";
        return line + (item.attribute_or("approved") == "true" ? " approved" : "");
    }
    return type == "result" ? "result " + id : type + " " + (payload ? payload->name() : std::string("?"));
}

class World;

/// A connected client. Owned by its user and the world.
class Client final : public Session {
public:
    Client(World& world, Jid jid);

    /// As it is on the wire: a tree may have parts that are text already.
    void send(const Stanza& stanza) override { receive(*parse_element(to_xml(stanza.element()))); }
    void send(const WireForms& stanzas, std::string_view to) override
    {
        for (const auto& stanza : stanzas) {
            std::string xml;
            stanza->append_to(xml, to);
            receive(parse_stanza(xml));
        }
    }
    void close(const StreamError& error) override;
    bool is_open() const override { return open_; }
    void after_next_stanza(Function<void()> f) override { after_next_.push_back(std::move(f)); }
    std::optional<UnackedEntry> reserve(CopyForm form) override;
    void commit(const UnackedEntry& entry, const Stanza& stanza, const DeliveryStatusPtr& message) override;
    void cancel(const UnackedEntry& entry) override;
    std::size_t room() const override { return room_; }
    Facts facts() const override { return { "127.0.0.1:1", "tcp", WallTime() }; }

    /// Sends a stanza; what follows from it has happened when this returns.
    void says(std::string_view xml);
    /// Sends it and leaves the shard standing.
    void says_in_haste(std::string_view xml);

    /// What has come since the last call, in short; `received` keeps the elements of that time.
    Lines hears()
    {
        Lines lines;
        received = std::exchange(inbox_, {});
        for (const Element& stanza : received) {
            lines.push_back(in_short(stanza));
        }
        return lines;
    }
    std::vector<Element> received;

    /// Whether everything this client has sent is safe.
    bool is_settled() const { return ledger_.open_count() == 0; }

    /// The condition with which the server has ended this client's stream, or empty.
    const std::string& ended_with() const { return ended_with_; }

    /// It can be resumed (XEP-0198): messages get places in its queue, and what it gets counts as unread
    /// until it `acknowledges` all of it. Its queue takes `room` stanzas more.
    void can_be_resumed(std::size_t room = SIZE_MAX);
    void acknowledges();

    /// The stream ends in good order, or the connection breaks, for good.
    void leaves();
    void is_cut_off();

private:
    void receive(const Element& stanza)
    {
        if (open_) {
            places_.emplace_back(stanza);
            read_places();
        }
    }
    void read_places()
    {
        while (!places_.empty() && places_.front()) {
            inbox_.push_back(*places_.front());
            places_.pop_front();
            ++read_;
        }
    }
    std::optional<Element>& place(const UnackedEntry& entry)
    {
        return places_.at(static_cast<std::size_t>(entry.sequence - read_ - 1));
    }
    void confirm()
    {
        for (auto& task : std::exchange(after_next_, {})) {
            task();
        }
    }

    World& world_;
    bool open_ = true;
    std::string ended_with_;
    std::vector<Element> inbox_;
    std::vector<Function<void()>> after_next_;
    std::uint64_t stream_ = 0; ///< its record, if it can be resumed
    std::size_t room_ = SIZE_MAX;
    std::deque<std::optional<Element>> places_; ///< behind those it has read
    std::uint64_t read_ = 0;
    Ledger ledger_;
};

using ClientPtr = std::shared_ptr<Client>;

class World {
public:
    explicit World(const std::vector<ModuleEntry>& modules)

        : storage(std::make_unique<UncertainStorage>(make_memory_storage(clock))), pool(1, 16),
          guard(LoginLimits(), clock), shard(0, clock), store_(storage->front(shard))
    {
        const Schema schema;
        for (const SectionSpec& section : schema.sections()) {
            settings_.sections[section.name] = defaults_of(section);
        }
        HostSettings host;
        host.name = "localhost";
        host.core.set("admins", std::vector<std::string> { "admin@localhost" });
        for (const ModuleEntry& entry : modules) {
            const Manifest manifest = entry.make()->describe();
            Section& section = host.modules[manifest.name()];
            for (const SettingSpec& setting : manifest.settings()) {
                section.set(setting.key, setting.default_value);
            }
        }
        settings_.hosts = { host };
        Server::Parts parts { clock, log, *storage, pool, guard, nullptr, { &shard }, "secret" };
        server = std::make_unique<Server>(std::move(parts), std::make_shared<const Settings>(settings_),
            modules);
        run();
    }

    ~World()
    {
        run();
        clients_.clear();
    }

    /// Runs the loop of the shard until nothing is left to do.
    void run()
    {
        while (shard.io().poll() > 0) {}
    }

    /// Runs the loop until `there` holds, for work that another thread does.
    template <class There> void run_until(There there)
    {
        run();
        while (!there()) {
            if (shard.io().run_one_for(std::chrono::seconds(60)) == 0) {
                throw std::runtime_error("what was waited for did not happen");
            }
            run();
        }
    }

    /// What a task or pending answer gives; accounts and passwords are worked on by other threads.
    template <class T> T result_of(Task<T> task)
    {
        std::optional<T> answer;
        start(
            std::move(task), [&answer](T value) { answer.emplace(std::move(value)); },
            [](const std::exception_ptr& failure) { std::rethrow_exception(failure); });
        run_until([&answer] { return answer.has_value(); });
        return std::move(*answer);
    }
    template <class T> T result_of(Pending<T> pending)
    {
        std::optional<T> answer;
        std::move(pending).then([&answer](T value) { answer.emplace(std::move(value)); });
        run_until([&answer] { return answer.has_value(); });
        return std::move(*answer);
    }

    void set(const std::string& module, const std::string& key, SettingSpec::Value value)
    {
        settings_.hosts.front().modules.at(module).set(key, std::move(value));
        server->reconfigure(std::make_shared<const Settings>(settings_));
        run();
    }

    /// A key of the server's core.
    void set_core(const std::string& section, const std::string& key, SettingSpec::Value value)
    {
        settings_.sections.at(section).set(key, std::move(value));
        server->reconfigure(std::make_shared<const Settings>(settings_));
        run();
    }

    void account(std::string_view name)
    {
        store_->accounts().create({ "localhost", std::string(name) }, {}).then([](const auto&) {});
        run();
        host().forget_user(name);
    }

    /// An account that can log in.
    void account(std::string_view name, std::string_view password)
    {
        const Jid jid = *Jid::from_parts(name, "localhost");
        const bool created = static_cast<bool>(result_of(accounts().create(jid, std::string(password))));
        REQUIRE(created);
    }

    /// What the store knows of an account's roster at this moment.
    RosterData stored_roster(std::string_view name)
    {
        RosterData data;
        store_->rosters().load({ "localhost", std::string(name) }).then([&data](auto loaded) {
            data = std::move(*loaded);
        });
        run();
        return data;
    }

    std::size_t stored_messages(std::string_view name)
    {
        std::size_t count = 0;
        store_->mailbox().count({ "localhost", std::string(name) }).then([&count](auto counted) {
            count = *counted;
        });
        run();
        return count;
    }

    /// Binds a resource and nothing more. The account has to exist.
    ClientPtr connects(std::string_view jid)
    {
        auto client = std::make_shared<Client>(*this, *Jid::parse(jid));
        clients_.push_back(client);
        auto user = host().user(client->jid().local());
        run();
        if (user->state() != User::State::ready) {
            throw std::invalid_argument("no such account: " + std::string(jid));
        }
        host().bind(user, client);
        return client;
    }

    /// Interested in the roster and available; what comes of that has been heard.
    ClientPtr comes_online(std::string_view jid, int priority = 0)
    {
        auto client = connects(jid);
        client->says("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>");
        client->says("<presence><priority>" + std::to_string(priority) + "</priority></presence>");
        client->hears();
        return client;
    }

    Host& host() { return *server->router(0).host("localhost"); }
    Router& router() { return server->router(0); }
    Accounts& accounts() { return router().accounts(); }
    Storage& store() { return *store_; }

    ManualClock clock;
    Log log;
    std::unique_ptr<UncertainStorage> storage;
    BlockingPool pool;
    LoginGuard guard;
    Shard shard;
    std::unique_ptr<Server> server;

private:
    Settings settings_;
    std::unique_ptr<Storage> store_;
    std::vector<ClientPtr> clients_;
};

inline Client::Client(World& world, Jid jid)
    : Session(std::move(jid)), world_(world), ledger_(
                                                  world.shard, [] {},
                                                  [this](Ledger::Failure how) {
                                                      CHECK(how == Ledger::Failure::said);
                                                      close(StreamError(StreamError::internal_server_error));
                                                  })
{}

inline void Client::can_be_resumed(std::size_t room)
{
    StreamRecord record;
    record.token = jid().text();
    record.owner = user().key();
    record.resource = jid().resource();
    stream_ = *world_.result_of(world_.store().streams().create(record));
    room_ = room;
    read_ = 0;
}

inline void Client::acknowledges()
{
    StreamNote note;
    note.row = stream_;
    note.acknowledged = read_;
    world_.result_of(world_.store().streams().note({ note }));
    confirm();
    world_.run();
}

inline std::optional<UnackedEntry> Client::reserve(CopyForm form)
{
    if (stream_ == 0 || !open_) {
        return std::nullopt;
    }
    places_.emplace_back(std::nullopt);
    return UnackedEntry { stream_, read_ + places_.size(), form };
}

inline void Client::commit(const UnackedEntry& entry, const Stanza& stanza, const DeliveryStatusPtr&)
{
    if (open_) {
        place(entry) = stanza.element();
        read_places();
    }
}

inline void Client::cancel(const UnackedEntry& entry)
{
    if (open_) {
        place(entry) = parse_stanza("<iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>");
        read_places();
    }
}

inline void Client::says_in_haste(std::string_view xml)
{
    if (stream_ == 0) {
        confirm();
    }
    Element element = parse_stanza(xml);
    auto stanza = Stanza::from_element(std::move(element));
    if (!stanza) {
        throw std::invalid_argument("not a stanza: " + std::string(xml));
    }
    stanza->set_from(jid());
    world_.host().from_client(*this, std::move(*stanza), ledger_.open());
}

inline void Client::says(std::string_view xml)
{
    says_in_haste(xml);
    world_.run();
}

inline void Client::close(const StreamError& error)
{
    if (!open_) {
        return;
    }
    open_ = false;
    ended_with_ = to_text(error.condition());
    world_.shard.post([held = shared_from_this(), &host = world_.host()] { host.unbind(*held); });
}

inline void Client::leaves()
{
    confirm();
    set_closed_in_good_order();
    is_cut_off();
}

inline void Client::is_cut_off()
{
    after_next_.clear();
    open_ = false;
    if (stream_ != 0) {
        world_.result_of(world_.store().streams().end(user().key(), stream_, {}));
    }
    world_.host().unbind(*this);
    world_.run();
}

} // namespace stonechat::test
