// SPDX-License-Identifier: Apache-2.0
// Messages: a store with messages between Romeo and Juliet, in memory or in SQLite, for the tests of what is
// taken in, archived, and kept until it is received.
#pragma once

#include "backends.hpp"

#include <algorithm>

namespace stonechat::test {

using namespace std::chrono_literals;

using Ids = std::vector<MessageId>;
using Texts = std::vector<std::string>;
using Rows = std::vector<std::uint64_t>;

inline const Jid juliet_bare = *Jid::parse("juliet@capulet.example");
inline const Jid romeo_bare = *Jid::parse("romeo@montague.example");
inline const Jid romeo_orchard = *Jid::parse("romeo@montague.example/orchard");
inline const Jid nurse_bare = *Jid::parse("nurse@capulet.example");
inline const Jid veiled = *Jid::parse("veil@rooms.example/masked");

inline std::string chat(const std::string& body, const std::string& id = "x")
{
    return "<message xmlns='jabber:client' from='romeo@montague.example/orchard' id='" + id + "'><body>"
        + body + "</body></message>";
}

inline ArchiveEntry entry(const AccountKey& owner, const Jid& peer, bool outgoing = false)
{
    return { owner, peer, outgoing };
}

template <class Where> struct Messages : Opened<Where> {
    MessageToStore make(std::string xml)
    {
        MessageToStore message;
        message.stamp = Where::clock.wall();
        message.xml = std::move(xml);
        return message;
    }
    MessageReceipt accept(MessageToStore message)
    {
        return value(this->home, this->messages().accept(std::move(message)));
    }
    /// Into both archives.
    MessageId romeo_to_juliet(std::string xml, bool searchable = true)
    {
        auto message = make(std::move(xml));
        message.searchable = searchable;
        message.archives = { entry(romeo, juliet_bare, true), entry(juliet, romeo_orchard) };
        return accept(std::move(message)).id;
    }
    /// Somebody has rewritten it on its way.
    MessageToStore sent_by_romeo()
    {
        auto sent = make(chat("as sent"));
        sent.archives = { entry(romeo, nurse_bare, true) };
        sent.searchable = true;
        return sent;
    }
    MessageToStore got_by_juliet()
    {
        auto received = make(chat("as received"));
        received.archives = { entry(juliet, veiled) };
        received.searchable = true;
        return received;
    }
    MessageReceipt accept_both(MessageToStore received, MessageToStore sent)
    {
        return value(this->home, this->messages().accept_both(std::move(received), std::move(sent)));
    }

    MessageId into_archive_of(const AccountKey& owner, const Jid& peer, std::string xml = chat("x"))
    {
        auto message = make(std::move(xml));
        message.archives = { entry(owner, peer) };
        return accept(std::move(message)).id;
    }

    /// Nobody was there to take it.
    MessageId mail_to_juliet(const std::string& body, bool archived)
    {
        auto message = make(chat(body));
        if (archived) {
            message.archives = { entry(romeo, juliet_bare, true), entry(juliet, romeo_orchard) };
        }
        message.mailbox = MailboxEntry { juliet, "romeo@montague.example", MailboxLimits() };
        return accept(std::move(message)).id;
    }

    std::optional<ArchivePage> page(const AccountKey& owner, ArchiveQuery query = {})
    {
        return value(this->home, this->archive().page(owner, std::move(query)));
    }
    Ids ids(const AccountKey& owner, ArchiveQuery query = {})
    {
        query.limit = std::max<std::size_t>(query.limit, 1000);
        Ids ids;
        const auto found = page(owner, std::move(query));
        REQUIRE(found.has_value());
        for (const auto& message : found->messages) {
            ids.push_back(message.id);
        }
        return ids;
    }
    Ids search(const AccountKey& owner, const std::string& text)
    {
        ArchiveQuery query;
        query.text = text;
        return ids(owner, query);
    }
    void index() { value(this->home, this->archive().index(1000)); }
    std::size_t expire(const std::string& host, Retention retention, std::size_t limit = 1000)
    {
        return value(this->home, this->archive().expire(host, retention, Where::clock.wall(), limit));
    }

    std::uint64_t open_stream(const AccountKey& owner, const std::string& token)
    {
        StreamRecord record;
        record.token = token;
        record.owner = owner;
        record.resource = "balcony";
        record.window = 300s;
        record.touched = Where::clock.wall();
        record.state = "<state/>";
        return value(this->home, this->streams().create(record));
    }
    std::optional<StreamBacklog> backlog(const AccountKey& owner, const std::string& token)
    {
        return value(this->home, this->streams().find(owner, token));
    }
    std::vector<std::uint64_t> sequences(const AccountKey& owner, const std::string& token)
    {
        std::vector<std::uint64_t> sequences;
        const auto found = backlog(owner, token);
        REQUIRE(found.has_value());
        for (const auto& unacked : found->unacked) {
            sequences.push_back(unacked.sequence);
        }
        return sequences;
    }
    MessageId keep_unacked(std::uint64_t stream, std::uint64_t sequence, const std::string& xml,
        CopyForm form = CopyForm::itself, bool archived = true)
    {
        auto message = make(xml);
        if (archived) {
            message.archives = { entry(juliet, romeo_orchard) };
        }
        message.unacked_entries = { { stream, sequence, form } };
        return accept(std::move(message)).id;
    }
};

inline Texts texts(const std::vector<MailboxMessage>& messages)
{
    Texts texts;
    for (const auto& message : messages) {
        texts.push_back(message.xml);
    }
    return texts;
}

inline Retention days(unsigned days)
{
    return Retention { days };
}

} // namespace stonechat::test
