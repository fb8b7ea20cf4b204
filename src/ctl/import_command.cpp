// SPDX-License-Identifier: Apache-2.0
// user import: creates many accounts in one request. Password hashing takes most of the time, so several
// accounts are created at once: as many as keep all threads of the blocking pool busy.
#include "ctl/command.hpp"
#include "ctl/protocol.hpp"
#include "net/shard.hpp"
#include "router/server.hpp"

#include <algorithm>

namespace stonechat::ctl {
namespace {

namespace json = boost::json;

/// One import. Lives until its last account is created or refused.
class Import : public std::enable_shared_from_this<Import> {
public:
    Import(Context& context, json::array entries)
        : accounts_(context.server.router_of(context.shard).accounts()), entries_(std::move(entries))
    {
        const Section& server = context.server.settings()->section("server");
        const std::int64_t wish = 4 * server.integer("blocking_threads");
        at_once_ = static_cast<std::size_t>(std::clamp<std::int64_t>(wish, 1,
            server.integer("blocking_queue")));
    }

    Pending<Answer> begin()
    {
        Pending<Answer> pending;
        promise_.emplace(pending.promise());
        go_on();
        return pending;
    }

private:
    /// A loop instead of recursion: create() may complete before it returns.
    void go_on()
    {
        if (going_on_) {
            return;
        }
        going_on_ = true;
        while (next_ < entries_.size() && under_way_ < at_once_) {
            const std::size_t index = next_++;
            ++under_way_;
            create(index);
        }
        going_on_ = false;
        if (under_way_ == 0 && promise_) {
            finish();
        }
    }

    void create(std::size_t index)
    {
        const json::object* entry = entries_[index].if_object();
        const auto jid = entry ? account_of(*entry)
                               : Result<Jid, Error>(Error { "bad-request", "an account is no object" });
        if (!jid) {
            --under_way_;
            refuse(index, jid.error());
            return;
        }
        std::string password = text_of(*entry, "password").value_or("");
        const auto self = shared_from_this();
        start(
            accounts_.create(jid->bare(), std::move(password)),
            [self, index, jid = *jid](const Accounts::Outcome& outcome) {
                self->created(index, jid, outcome);
            },
            [self, index, jid = *jid](std::exception_ptr) {
                self->created(index, jid, AccountProblem::store_failed);
            });
    }

    void created(std::size_t index, const Jid& jid, const Accounts::Outcome& outcome)
    {
        --under_way_;
        if (outcome) {
            ++count_;
        } else {
            refuse(index, error_of(outcome.error(), jid));
        }
        go_on();
    }

    void refuse(std::size_t index, const Error& error)
    {
        json::object row;
        row["index"] = index;
        row["code"] = error.code;
        row["message"] = error.message;
        refused_.push_back(std::move(row));
    }

    void finish()
    {
        std::sort(refused_.begin(), refused_.end(), [](const json::value& a, const json::value& b) {
            return a.at("index").to_number<std::size_t>() < b.at("index").to_number<std::size_t>();
        });
        json::object result;
        result["created"] = count_;
        result["refused"] = std::move(refused_);
        auto promise = std::move(*promise_);
        promise_.reset();
        promise.fulfil(std::move(result));
    }

    Accounts& accounts_;
    json::array entries_;
    std::size_t at_once_ = 1;
    std::size_t next_ = 0;
    std::size_t under_way_ = 0;
    std::size_t count_ = 0;
    bool going_on_ = false;
    json::array refused_;
    std::optional<Pending<Answer>::Promise> promise_;
};

} // namespace

Task<Answer> user_import(Context& context, json::object request)
{
    json::value* entries = request.if_contains("accounts");
    if (entries == nullptr || !entries->is_array() || entries->get_array().size() > import_limit) {
        Error error { "bad-request", "'accounts' must be a list of at most " + std::to_string(import_limit) };
        co_return error;
    }
    auto import = std::make_shared<Import>(context, std::move(entries->get_array()));
    auto pending = import->begin();
    co_return co_await pending;
}

} // namespace stonechat::ctl
