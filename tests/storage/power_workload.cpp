// SPDX-License-Identifier: Apache-2.0
#include "power_workload.hpp"

#include <algorithm>
#include <exception>
#include <memory>
#include <random>
#include <stdexcept>
#include <thread>

namespace stonechat::test {

namespace {

constexpr unsigned people = 3; ///< accounts of a shard; the last one comes and goes
constexpr std::array<std::size_t, 4> under_way { 1, 2, 6,
    40 }; ///< writes at a time: small commits, and large
constexpr auto host = "power.example";
constexpr auto feature = "feature";
constexpr std::array<const char*, 4> names { "a", "b", "c", "d" };
constexpr std::size_t plenty = 1'000'000;
constexpr std::size_t items_kept = 5; ///< in the node of an account

AccountKey person(unsigned shard, unsigned number)
{
    return { host, "p" + std::to_string(number) + "of" + std::to_string(shard) };
}

Jid address(const AccountKey& key)
{
    return *Jid::parse(key.user + "@" + key.host);
}

Jid contact(std::uint64_t number)
{
    return *Jid::parse("c" + std::to_string(number) + "@friends.example");
}

/// `text<TAB>` and something to fill pages with.
std::string padded(const std::string& text, std::size_t size)
{
    return text + '\t' + std::string(size, 'x');
}

std::string without_padding(const std::string& text)
{
    return text.substr(0, text.find('\t'));
}

template <class T> T must(Result<T, StoreError> result)
{
    if (!result) {
        throw std::runtime_error("a call of the storage failed");
    }
    return std::move(*result);
}

/// One shard: chooses what to write, and keeps the history.
class Shard {
public:
    Shard(StorageBackend& backend, const PowerRecorder& recorder, unsigned number, std::uint64_t seed)
        : recorder_(recorder), home_(&recorder), random_(seed), storage_(backend.front(home_))
    {
        history_.shard = number;
    }

    void run(std::size_t steps)
    {
        history_.steps.reserve(steps + steps / 2);
        for (unsigned i = 0; i < people; ++i) {
            create_account(i);
        }
        while (history_.steps.size() < steps) {
            const auto most = under_way[history_.steps.size() / 50 % under_way.size()];
            choose();
            while (home_.run_if_any()) {}
            while (open_ >= most) {
                home_.run_one();
            }
        }
        while (open_ > 0) {
            home_.run_one();
        }
    }

    ShardHistory take() { return std::move(history_); }

private:
    struct Stream {
        std::optional<std::uint64_t> row; ///< when it was answered
        std::string token;
        std::uint64_t next = 1;
        std::vector<std::string> unacked; ///< entries of its list, in order
        std::uint64_t acknowledged = 0;
    };

    AccountKey key(unsigned number) const { return person(history_.shard, number); }
    std::string cell(unsigned number, const std::string& what) const { return key(number).user + " " + what; }
    std::string fresh() { return std::to_string(++last_number_); }
    unsigned resident() { return static_cast<unsigned>(random_() % (people - 1)); }
    unsigned anybody() { return static_cast<unsigned>(random_() % people); }
    std::size_t some_size()
    {
        const auto draw = random_() % 10;
        return draw < 6 ? random_() % 200 : random_() % (draw < 9 ? 3000 : 20'000);
    }

    /// Notes a write that is being asked for; calls `then` with its answer when it is there.
    template <class T, class F> void write(std::vector<Change> changes, Stored<T> pending, F then)
    {
        const auto number = history_.steps.size();
        history_.steps.push_back({ std::move(changes), asked_, never });
        ++open_;
        std::move(pending).then([this, number, then](Result<T, StoreError> answer) mutable {
            --open_;
            history_.steps[number].answered = home_.posted();
            then(must(std::move(answer)));
        });
    }
    template <class T> void write(std::vector<Change> changes, Stored<T> pending)
    {
        write(std::move(changes), std::move(pending), [](const T&) {});
    }

    void choose()
    {
        asked_ = recorder_.position();
        const auto draw = random_() % 106;
        if (draw < 45) {
            send_message();
        } else if (draw < 60) {
            set_value(anybody());
        } else if (draw < 65) {
            set_several(anybody());
        } else if (draw < 75) {
            change_roster(anybody());
        } else if (draw < 79) {
            change_password(anybody());
        } else if (draw < 81) {
            remove_and_create();
        } else if (draw < 86) {
            read_mail(resident());
        } else if (draw < 97) {
            note_stream(resident());
        } else if (draw < 100) {
            end_stream(resident());
        } else {
            publish(resident());
        }
    }

    static std::vector<ScramVerifier> verifiers(const std::string& number)
    {
        ScramVerifier verifier;
        verifier.salt = number;
        verifier.iterations = 10'000;
        verifier.stored_key = "stored";
        verifier.server_key = "server";
        return { verifier };
    }

    void create_account(unsigned number)
    {
        const auto value = fresh();
        write({ { Change::Kind::set, cell(number, "password"), value } },
            storage_->accounts().create(key(number), verifiers(value)));
    }

    void change_password(unsigned number)
    {
        const auto value = fresh();
        write({ { Change::Kind::set, cell(number, "password"), value } },
            storage_->accounts().set_verifiers(key(number), verifiers(value)));
    }

    /// The last one goes with all that was kept for him, and is back at once.
    void remove_and_create()
    {
        constexpr auto guest = people - 1;
        std::vector<Change> changes { { Change::Kind::erase, cell(guest, "password"), "" },
            { Change::Kind::erase, cell(guest, "roster version"), "" } };
        for (const auto* name : names) {
            changes.push_back({ Change::Kind::erase, cell(guest, name), "" });
            changes.push_back({ Change::Kind::erase, cell(guest, std::string("contact ") + name), "" });
        }
        for (int i = 0; i < 4; ++i) {
            const auto jid = contact(static_cast<std::uint64_t>(i)).text();
            changes.push_back({ Change::Kind::erase, cell(guest, "contact " + jid), "" });
        }
        write(std::move(changes), storage_->accounts().remove(key(guest)));
        create_account(guest);
    }

    void set_value(unsigned number)
    {
        const std::string name = names[random_() % names.size()];
        if (random_() % 5 == 0) {
            write({ { Change::Kind::erase, cell(number, name), "" } },
                storage_->keyval().erase(key(number), feature, name));
            return;
        }
        const auto value = fresh();
        write({ { Change::Kind::set, cell(number, name), value } },
            storage_->keyval().set(key(number), feature, name, padded(value, some_size())));
    }

    void set_several(unsigned number)
    {
        const auto value = fresh();
        KeyvalStore::Changes all;
        std::vector<Change> changes;
        for (const auto* name : names) {
            all.emplace_back(name, padded(value, some_size()));
            changes.push_back({ Change::Kind::set, cell(number, name), value });
        }
        write(std::move(changes), storage_->keyval().apply(key(number), feature, std::move(all)));
    }

    void change_roster(unsigned number)
    {
        const auto jid = contact(random_() % 4);
        const auto version = ++last_number_;
        std::vector<Change> changes { { Change::Kind::set, cell(number, "roster version"),
            std::to_string(version) } };
        if (random_() % 4 == 0) {
            changes.push_back({ Change::Kind::erase, cell(number, "contact " + jid.text()), "" });
            write(std::move(changes), storage_->rosters().remove(key(number), jid, version));
            return;
        }
        RosterRecord record;
        record.contact = jid;
        record.name = std::to_string(version);
        changes.push_back({ Change::Kind::set, cell(number, "contact " + jid.text()), record.name });
        write(std::move(changes), storage_->rosters().put(key(number), record, version));
    }

    /// Into both archives, and to the other's session, or into his mailbox if he has none.
    void send_message()
    {
        const auto from = resident();
        const auto to = (from + 1) % (people - 1);
        const auto number = fresh();
        MessageToStore message;
        message.stamp = WallTime(std::chrono::seconds(1'700'000'000));
        message.xml = padded(number, some_size());
        message.archives.push_back({ key(from), address(key(to)), true });
        message.archives.push_back({ key(to), address(key(from)), false });
        std::vector<Change> changes { { Change::Kind::append, cell(from, "archive"), number },
            { Change::Kind::append, cell(to, "archive"), number } };
        auto& stream = streams_[to];
        if (stream.row) {
            const auto sequence = stream.next++;
            message.unacked_entries.push_back({ *stream.row, sequence, CopyForm::itself });
            stream.unacked.push_back(number);
            changes.push_back({ Change::Kind::append, cell(to, "unacked " + stream.token), number });
        } else {
            MailboxEntry entry;
            entry.owner = key(to);
            entry.sender = address(key(from)).text();
            entry.limits = { plenty, plenty * 1000, plenty };
            message.mailbox = std::move(entry);
            changes.push_back({ Change::Kind::append, cell(to, "mailbox"), number });
        }
        write(std::move(changes), storage_->messages().accept(std::move(message)));
    }

    /// Into a node that the first publication makes, and that keeps the last items.
    void publish(unsigned number)
    {
        const auto id = fresh();
        auto& items = published_[number];
        std::vector<Change> changes { { Change::Kind::append, cell(number, "node"), id } };
        items.push_back(id);
        if (items.size() > items_kept) {
            changes.push_back({ Change::Kind::take_out, cell(number, "node"), items.front() });
            items.pop_front();
        }
        NodeStore::Publication publication;
        publication.node = feature;
        publication.create.emplace();
        publication.items.resize(1);
        publication.items[0].id = id;
        publication.items[0].payload = padded(id, some_size());
        publication.keep_items = items_kept;
        write(std::move(changes), storage_->nodes().publish(key(number), std::move(publication)));
    }

    /// Reads some, and when they have come says that they were read.
    void read_mail(unsigned number)
    {
        if (reading_[number]) {
            return; // what is read twice would be taken out twice
        }
        reading_[number] = true;
        ++open_;
        storage_->mailbox().read(key(number), 0, 20).then([this, number](auto answer) {
            --open_;
            reading_[number] = false;
            const auto messages = must(std::move(answer));
            if (messages.empty()) {
                return;
            }
            std::vector<Change> changes;
            std::vector<std::uint64_t> rows;
            for (const auto& message : messages) {
                changes.push_back({ Change::Kind::take_out, cell(number, "mailbox"),
                    without_padding(message.xml) });
                rows.push_back(message.row);
            }
            asked_ = recorder_.position();
            write(std::move(changes), storage_->mailbox().remove(key(number), std::move(rows)));
        });
    }

    void note_stream(unsigned number)
    {
        auto& stream = streams_[number];
        if (stream.token.empty()) {
            begin_stream(number);
        } else if (stream.row) {
            acknowledge(number);
        }
    }

    void begin_stream(unsigned number)
    {
        auto& stream = streams_[number];
        stream.token = "t" + fresh() + "of" + std::to_string(history_.shard);
        history_.tokens.push_back(stream.token);
        StreamRecord record;
        record.token = stream.token;
        record.owner = key(number);
        record.resource = "here";
        record.window = std::chrono::seconds(600);
        record.touched = WallTime(std::chrono::seconds(1'700'000'000));
        write({ { Change::Kind::set, cell(number, "handled " + stream.token), "0" } },
            storage_->streams().create(record),
            [this, number](std::uint64_t row) { streams_[number].row = row; });
    }

    void acknowledge(unsigned number)
    {
        auto& stream = streams_[number];
        StreamNote note;
        note.row = *stream.row;
        note.handled = static_cast<std::uint32_t>(++last_number_);
        std::vector<Change> changes { { Change::Kind::set, cell(number, "handled " + stream.token),
            std::to_string(*note.handled) } };
        const auto count = stream.unacked.empty() ? 0 : random_() % (stream.unacked.size() + 1);
        for (std::size_t i = 0; i < count; ++i) {
            changes.push_back({ Change::Kind::take_out, cell(number, "unacked " + stream.token),
                stream.unacked[i] });
        }
        stream.unacked.erase(stream.unacked.begin(),
            stream.unacked.begin() + static_cast<std::ptrdiff_t>(count));
        stream.acknowledged += count;
        note.acknowledged = stream.acknowledged;
        write(std::move(changes), storage_->streams().note({ note }));
    }

    /// What was not acknowledged becomes mail.
    void end_stream(unsigned number)
    {
        auto& stream = streams_[number];
        if (!stream.row) {
            return;
        }
        std::vector<Change> changes { { Change::Kind::erase, cell(number, "handled " + stream.token), "" } };
        for (const auto& entry : stream.unacked) {
            changes.push_back({ Change::Kind::take_out, cell(number, "unacked " + stream.token), entry });
            changes.push_back({ Change::Kind::append, cell(number, "mailbox"), entry });
        }
        const auto row = *stream.row;
        stream = {};
        write(std::move(changes), storage_->streams().end(key(number), row, {}));
    }

    const PowerRecorder& recorder_;
    StampingHome home_;
    std::mt19937_64 random_;
    ShardHistory history_;
    std::array<Stream, people> streams_;
    std::array<bool, people> reading_ {};
    std::array<std::deque<std::string>, people> published_;
    std::uint64_t last_number_ = 0;
    std::size_t asked_ = 0;
    std::size_t open_ = 0;
    std::unique_ptr<Storage> storage_; // last: goes before what its answers use
};

/// Reads what is kept for one account.
class Reader {
public:
    Reader(Storage& storage, StampingHome& home, AccountKey key, Kept& kept)
        : storage_(storage), home_(home), key_(std::move(key)), kept_(kept)
    {}

    void read(const std::vector<std::string>& tokens)
    {
        if (const auto account = ask(storage_.accounts().find(key_))) {
            for (const auto& verifier : account->verifiers) {
                cell("password") = verifier.salt;
            }
        }
        read_roster();
        for (const auto& [name, value] : ask(storage_.keyval().load(key_, feature))) {
            cell(name) = without_padding(value);
        }
        for (const auto& message : ask(storage_.mailbox().read(key_, 0, plenty))) {
            list("mailbox").push_back(without_padding(message.xml));
        }
        read_archive();
        for (const auto& item : ask(storage_.nodes().items(key_, feature, {})).items) {
            list("node").push_back(without_padding(item.payload));
        }
        for (const auto& token : tokens) {
            read_stream(token);
        }
    }

private:
    template <class T> T ask(Stored<T> pending) { return must(home_.answer(std::move(pending))); }
    std::string& cell(const std::string& what) { return kept_.cells[key_.user + " " + what]; }
    std::vector<std::string>& list(const std::string& what) { return kept_.lists[key_.user + " " + what]; }

    void read_roster()
    {
        const auto roster = ask(storage_.rosters().load(key_));
        if (roster.version > 0) {
            cell("roster version") = std::to_string(roster.version);
        }
        for (const auto& record : roster.items) {
            cell("contact " + record.contact.text()) = record.name;
        }
    }

    void read_archive()
    {
        ArchiveQuery query;
        query.limit = plenty;
        const auto page = ask(storage_.archive().page(key_, query));
        if (!page) {
            throw std::runtime_error("no page of an archive");
        }
        for (const auto& message : page->messages) {
            list("archive").push_back(without_padding(message.xml));
        }
    }

    void read_stream(const std::string& token)
    {
        const auto backlog = ask(storage_.streams().find(key_, token));
        if (!backlog) {
            return;
        }
        cell("handled " + token) = std::to_string(backlog->record.handled);
        for (const auto& message : backlog->unacked) {
            list("unacked " + token).push_back(without_padding(message.xml));
        }
    }

    Storage& storage_;
    StampingHome& home_;
    const AccountKey key_;
    Kept& kept_;
};

} // namespace

void apply(Kept& kept, const Change& change)
{
    switch (change.kind) {
    case Change::Kind::set: kept.cells[change.where] = change.value; break;
    case Change::Kind::erase: kept.cells.erase(change.where); break;
    case Change::Kind::append: kept.lists[change.where].push_back(change.value); break;
    case Change::Kind::take_out: {
        auto& list = kept.lists[change.where];
        std::erase(list, change.value);
        if (list.empty()) {
            kept.lists.erase(change.where);
        }
        break;
    }
    }
}

void StampingHome::post(Function<void()> task)
{
    const auto position = recorder_ != nullptr ? recorder_->position() : 0;
    const std::lock_guard lock(mutex_);
    tasks_.push_back({ std::move(task), position });
    filled_.notify_one();
}

void StampingHome::run_one()
{
    std::unique_lock lock(mutex_);
    if (!filled_.wait_for(lock, std::chrono::minutes(1), [this]() { return !tasks_.empty(); })) {
        throw std::logic_error("no answer came home");
    }
    auto task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    run(std::move(task));
}

bool StampingHome::run_if_any()
{
    std::unique_lock lock(mutex_);
    if (tasks_.empty()) {
        return false;
    }
    auto task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    run(std::move(task));
    return true;
}

void StampingHome::run(Task task)
{
    posted_ = task.posted;
    task.run();
}

std::vector<ShardHistory> run_workload(StorageBackend& backend, const PowerRecorder& recorder,
    unsigned shards, std::size_t steps, std::uint64_t seed)
{
    std::vector<ShardHistory> histories(shards);
    std::vector<std::exception_ptr> problems(shards);
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < shards; ++i) {
        threads.emplace_back([&, i]() {
            try {
                Shard shard(backend, recorder, i, seed + i);
                shard.run(steps);
                histories[i] = shard.take();
            } catch (...) {
                problems[i] = std::current_exception();
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    for (const auto& problem : problems) {
        if (problem) {
            std::rethrow_exception(problem);
        }
    }
    return histories;
}

Kept read_kept(StorageBackend& backend, const ShardHistory& history)
{
    Kept kept;
    StampingHome home;
    const auto storage = backend.front(home);
    for (unsigned i = 0; i < people; ++i) {
        Reader(*storage, home, person(history.shard, i), kept).read(history.tokens);
    }
    return kept;
}

} // namespace stonechat::test
