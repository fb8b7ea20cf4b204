// SPDX-License-Identifier: Apache-2.0
// UncertainStorage: a backend around another one, which can lose the answer to the next commit of a message,
// as a connection to a database does (StoreError::unknown).
#pragma once

#include "storage/storage.hpp"

#include <memory>
#include <string>
#include <utility>

namespace stonechat::test {

/// What becomes of the next message while its answer is lost.
enum class NextCommit { is_answered, is_made, is_not_made };

class UncertainStorage final : public StorageBackend {
public:
    explicit UncertainStorage(std::unique_ptr<StorageBackend> inner) : inner_(std::move(inner)) {}

    NextCommit next = NextCommit::is_answered;

    std::unique_ptr<Storage> front(Executor& home) override
    {
        return std::make_unique<Front>(inner_->front(home), home, next);
    }
    Stored<Done> backup(Executor& home, std::string path) override
    {
        return inner_->backup(home, std::move(path));
    }
    void stop() override { inner_->stop(); }
    Load load() const override { return inner_->load(); }

private:
    class Messages final : public MessageStore {
    public:
        Messages(MessageStore& inner, Executor& home, NextCommit& next)
            : inner_(inner), home_(home), next_(next)
        {}

        Stored<MessageReceipt> accept(MessageToStore message) override
        {
            switch (std::exchange(next_, NextCommit::is_answered)) {
            case NextCommit::is_answered: break;
            case NextCommit::is_made: inner_.accept(std::move(message)); return lost();
            case NextCommit::is_not_made: return lost();
            }
            return inner_.accept(std::move(message));
        }
        Stored<MessageReceipt> accept_both(MessageToStore received, MessageToStore sent) override
        {
            switch (std::exchange(next_, NextCommit::is_answered)) {
            case NextCommit::is_answered: break;
            case NextCommit::is_made: inner_.accept_both(std::move(received), std::move(sent)); return lost();
            case NextCommit::is_not_made: return lost();
            }
            return inner_.accept_both(std::move(received), std::move(sent));
        }
        Stored<Done> end_stream(const AccountKey& sender, std::uint64_t stream, StreamEnd how) override
        {
            return inner_.end_stream(sender, stream, how);
        }

    private:
        Stored<MessageReceipt> lost()
        {
            Stored<MessageReceipt> pending;
            home_.post([promise = pending.promise()]() mutable { promise.fulfil(StoreError::unknown); });
            return pending;
        }

        MessageStore& inner_;
        Executor& home_;
        NextCommit& next_;
    };

    class Front final : public Storage {
    public:
        Front(std::unique_ptr<Storage> inner, Executor& home, NextCommit& next)
            : inner_(std::move(inner)), messages_(inner_->messages(), home, next)
        {}

        AccountStore& accounts() override { return inner_->accounts(); }
        RosterStore& rosters() override { return inner_->rosters(); }
        MailboxStore& mailbox() override { return inner_->mailbox(); }
        KeyvalStore& keyval() override { return inner_->keyval(); }
        MessageStore& messages() override { return messages_; }
        ArchiveStore& archive() override { return inner_->archive(); }
        StreamStore& streams() override { return inner_->streams(); }
        RoomStore& rooms() override { return inner_->rooms(); }
        NodeStore& nodes() override { return inner_->nodes(); }
        InboxStore& inbox() override { return inner_->inbox(); }

    private:
        std::unique_ptr<Storage> inner_;
        Messages messages_;
    };

    std::unique_ptr<StorageBackend> inner_;
};

} // namespace stonechat::test
