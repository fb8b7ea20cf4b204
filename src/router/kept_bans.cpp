// SPDX-License-Identifier: Apache-2.0
#include "router/kept_bans.hpp"

#include "net/login_guard.hpp"
#include "router/router.hpp"
#include "router/server.hpp"

#include <charconv>

namespace stonechat {
namespace {

constexpr auto bans_store = "bans";

AccountKey server_itself()
{
    return {};
}

std::string seconds_text(WallTime time)
{
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count());
}

/// The stored form, "since until reason". `until` is 0 for a ban without end.
std::string kept_form(const Ban& ban)
{
    return seconds_text(ban.since) + " " + (ban.until ? seconds_text(*ban.until) : "0") + " " + ban.reason;
}

/// Removes a number and the space behind it from the front of `text`. Returns the number.
std::optional<std::int64_t> take_number(std::string_view& text)
{
    std::int64_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc() || end == text.data() + text.size() || *end != ' ') {
        return std::nullopt;
    }
    text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
    return number;
}

std::optional<Ban> read_ban(std::string_view prefix, std::string_view value)
{
    const auto parsed = IpPrefix::parse(prefix);
    const auto since = take_number(value);
    const auto until = since ? take_number(value) : std::nullopt;
    if (!parsed || !until) {
        return std::nullopt;
    }
    Ban ban { *parsed, Ban::Cause::administrator, WallTime(std::chrono::seconds(*since)), {}, 0,
        std::string(value) };
    if (*until != 0) {
        ban.until = WallTime(std::chrono::seconds(*until));
    }
    return ban;
}

void put_in_force(Router& router, const KeyvalStore::Entries& kept)
{
    Server& server = router.server();
    for (const auto& [prefix, value] : kept) {
        const auto ban = read_ban(prefix, value);
        if (!ban || (ban->until && *ban->until <= server.clock().wall())) {
            router.storage().keyval().erase(server_itself(), bans_store, prefix);
        } else {
            server.guard().ban(*ban);
        }
    }
}

} // namespace

void load_kept_bans(Router& router, Function<void()> done)
{
    router.storage()
        .keyval()
        .load(server_itself(), bans_store)
        .then([&router,
                  done = std::move(done)](const Result<KeyvalStore::Entries, StoreError>& kept) mutable {
            if (kept) {
                put_in_force(router, *kept);
            } else {
                router.server().log().error("bans not loaded",
                    { { "why", "the database could not be read" } });
            }
            done();
        });
}

Task<Result<Done, BanProblem>> add_ban(Router& router, Ban ban)
{
    if (!router.server().guard().ban(ban)) {
        co_return BanProblem::too_many;
    }
    std::string value = kept_form(ban);
    auto keeping = router.storage().keyval().set(server_itself(), bans_store, ban.prefix.text(),
        std::move(value));
    const auto kept = co_await keeping;
    if (!kept) {
        co_return BanProblem::store_failed;
    }
    co_return Done();
}

Task<Result<Done, BanProblem>> remove_ban(Router& router, IpPrefix prefix)
{
    // The store first: if that fails, the ban is still in force and can be lifted again.
    auto erasing = router.storage().keyval().erase(server_itself(), bans_store, prefix.text());
    const auto erased = co_await erasing;
    if (!erased) {
        co_return BanProblem::store_failed;
    }
    if (!router.server().guard().lift(prefix)) {
        co_return BanProblem::not_banned;
    }
    co_return Done();
}

} // namespace stonechat
