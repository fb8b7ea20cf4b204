// SPDX-License-Identifier: Apache-2.0
#include "net/login_guard.hpp"

#include "base/random.hpp"

#include <algorithm>

namespace stonechat {
namespace {

using std::chrono::milliseconds;

/// Failed attempts at an account before further ones must wait: people mistype.
constexpr unsigned free_attempts = 5;
/// Distance between the attempts after that. It doubles with each attempt, up to 1/`lane_length` of the
/// longest wait, so that `lane_length` attempts can wait at a time.
constexpr milliseconds first_step { 50 };
constexpr unsigned lane_length = 5;
/// When too many passwords of a place are being checked: how soon the caller asks again.
constexpr milliseconds crowd_pause { 250 };
/// One account contributes at most a tenth of the failures that ban a place.
constexpr unsigned accounts_for_a_ban = 10;
/// An account is known at a place where it has logged in within this time.
constexpr std::chrono::hours known_for { 30 * 24 };

constexpr std::size_t accounts_remembered = 16384;
constexpr std::size_t places_remembered = 65536;

/// Returns the prefix of which one attempt at an account may wait: a /24, or a /48.
const IpPrefix& waiting_together(const Neighbourhood& around)
{
    return around.front().is_v4() ? around[1] : around[2];
}

} // namespace

// LoginAttempt ------------------------------------------------------------------------------------

LoginAttempt::LoginAttempt(LoginAttempt&& other) noexcept
    : guard_(std::exchange(other.guard_, nullptr)), account_(other.account_), around_(other.around_),
      is_counted_by_place_(other.is_counted_by_place_)
{}

LoginAttempt& LoginAttempt::operator=(LoginAttempt&& other) noexcept
{
    std::swap(guard_, other.guard_);
    std::swap(account_, other.account_);
    std::swap(around_, other.around_);
    std::swap(is_counted_by_place_, other.is_counted_by_place_);
    return *this;
}

LoginAttempt::~LoginAttempt()
{
    if (guard_ != nullptr) {
        guard_->drop(*this);
    }
}

void LoginAttempt::succeeded()
{
    std::exchange(guard_, nullptr)->succeed(*this);
}

LoginAttempt::Failure LoginAttempt::failed()
{
    return std::exchange(guard_, nullptr)->fail(*this);
}

// LoginGuard --------------------------------------------------------------------------------------

LoginGuard::LoginGuard(const LoginLimits& limits, const Clock& clock)
    : clock_(clock), hash_(random_bytes(16), "login guard"), bans_(clock), accounts_(accounts_remembered),
      known_(places_remembered), inhabited_(places_remembered), forgotten_(accounts_remembered),
      strangers_(places_remembered), places_(places_remembered)
{
    set_limits(limits);
}

std::size_t LoginGuard::set_limits(const LoginLimits& limits)
{
    const std::lock_guard lock(mutex_);
    limits_ = limits;
    return bans_.set_terms({ limits.failures, limits.ban, limits.exempt });
}

std::uint64_t LoginGuard::hash(std::uint64_t account, const IpPrefix& place) const
{
    return hash_(std::to_string(account) + "@" + place.text());
}

void LoginGuard::refresh(Count& count) const
{
    if (count.failures == 0 || clock_.steady() - count.since > limits_.window) {
        count = Count { clock_.steady() };
    }
}

LoginGuard::Known* LoginGuard::find_known(std::uint64_t account, const IpPrefix& place)
{
    Known* const known = known_.find(hash(account, place));
    if (known == nullptr || clock_.steady() - known->last_login >= known_for) {
        return nullptr;
    }
    const SteadyTime* const forgotten = forgotten_.find(account);
    return forgotten == nullptr || known->last_login > *forgotten ? known : nullptr;
}

LoginGuard::Lane& LoginGuard::lane_of(std::uint64_t account, const IpPrefix& place)
{
    Known* const known = find_known(account, place);
    return known != nullptr ? known->lane : accounts_[account].lane;
}

LoginGuard::Answer LoginGuard::ask(std::string_view account, const boost::asio::ip::address& peer,
    bool has_waited)
{
    const std::uint64_t who = hash_(account);
    const Neighbourhood around = neighbourhood_of(peer);
    const std::lock_guard lock(mutex_);
    const bool is_known = find_known(who, around.front()) != nullptr;
    auto ban = bans_.find(peer);
    if (ban && (ban->cause == Ban::Cause::administrator || !is_known)) {
        return std::move(*ban);
    }
    if (!has_waited) {
        const auto turn = turn_of(who, around);
        if (!turn) {
            return Busy();
        }
        if (turn->count() > 0) {
            return Wait { *turn, true };
        }
    }
    const bool is_counted = !is_known && limits_.failures != 0 && !bans_.is_exempt(peer);
    if (is_counted && is_crowded(around)) {
        return Wait { crowd_pause, false };
    }
    return begin(who, around, is_counted);
}

LoginAttempt LoginGuard::begin(std::uint64_t account, const Neighbourhood& around, bool is_counted)
{
    Lane& lane = lane_of(account, around.front());
    refresh(lane.count);
    ++lane.count.failures;
    if (is_counted) {
        for (const IpPrefix& each : around) {
            ++places_[hash(each)].under_way;
        }
    }
    return LoginAttempt(*this, account, around, is_counted);
}

/// Returns how long the next attempt at `account` must wait; nothing if too many wait already.
std::optional<milliseconds> LoginGuard::turn_of(std::uint64_t account, const Neighbourhood& around)
{
    if (Known* const known = find_known(account, around.front())) {
        return turn_in(known->lane, 0);
    }
    Strangers& strangers = accounts_[account];
    const SteadyTime now = clock_.steady();
    std::erase_if(strangers.waiting, [now](const Waiter& each) { return each.turn <= now; });
    const std::uint64_t neighbours = hash(waiting_together(around));
    const auto is_neighbour = [neighbours](const Waiter& each) { return each.neighbourhood == neighbours; };
    if (std::any_of(strangers.waiting.begin(), strangers.waiting.end(), is_neighbour)) {
        return std::nullopt;
    }
    const auto turn = turn_in(strangers.lane, strangers.waiting.size());
    if (turn && turn->count() > 0) {
        strangers.waiting.push_back({ neighbours, now + *turn });
    }
    return turn;
}

std::optional<milliseconds> LoginGuard::turn_in(Lane& lane, std::size_t waiting) const
{
    refresh(lane.count);
    const std::size_t tried = lane.count.failures + waiting;
    if (limits_.longest_wait.count() == 0 || tried < free_attempts) {
        return milliseconds(0);
    }
    const SteadyTime now = clock_.steady();
    const SteadyTime turn = std::max(now, lane.next_turn);
    const auto wait = std::chrono::ceil<milliseconds>(turn - now);
    if (wait > limits_.longest_wait) {
        return std::nullopt;
    }
    const auto doublings = std::min<std::size_t>(tried - free_attempts, 16);
    lane.next_turn = turn + std::min(limits_.longest_wait / lane_length, first_step * (1 << doublings));
    return wait;
}

/// Returns whether the place would be banned if all password checks under way failed.
bool LoginGuard::is_crowded(const Neighbourhood& around)
{
    for (std::size_t i = 0; i < around.size(); ++i) {
        Place* const place = places_.find(hash(around[i]));
        if (place == nullptr || place->under_way == 0) {
            continue;
        }
        refresh(place->count);
        if (place->count.failures + place->under_way >= limits_.failures * neighbourhood_share[i]) {
            return true;
        }
    }
    return false;
}

/// Stops counting the attempt as under way.
void LoginGuard::end(const LoginAttempt& attempt)
{
    if (!attempt.is_counted_by_place_) {
        return;
    }
    for (const IpPrefix& each : attempt.around_) {
        Place* const place = places_.find(hash(each));
        if (place != nullptr && place->under_way > 0) {
            --place->under_way;
        }
    }
}

void LoginGuard::take_back(const LoginAttempt& attempt)
{
    Count& count = lane_of(attempt.account_, attempt.around_.front()).count;
    if (count.failures > 0) {
        --count.failures;
    }
}

void LoginGuard::drop(const LoginAttempt& attempt)
{
    const std::lock_guard lock(mutex_);
    end(attempt);
    take_back(attempt);
}

void LoginGuard::succeed(const LoginAttempt& attempt)
{
    const std::lock_guard lock(mutex_);
    end(attempt);
    take_back(attempt);
    const IpPrefix& place = attempt.around_.front();
    known_[hash(attempt.account_, place)] = Known { {}, clock_.steady() };
    inhabited_[hash(place)] = clock_.steady();
}

LoginAttempt::Failure LoginGuard::fail(const LoginAttempt& attempt)
{
    const std::lock_guard lock(mutex_);
    end(attempt);
    LoginAttempt::Failure failure;
    Count& count = lane_of(attempt.account_, attempt.around_.front()).count;
    if (count.failures >= free_attempts && limits_.longest_wait.count() > 0) {
        failure.slows_down = !std::exchange(count.was_told, true);
    }
    if (attempt.is_counted_by_place_ && counts_for_place(attempt)) {
        failure.ban = count_for_places(attempt.around_);
    }
    return failure;
}

bool LoginGuard::counts_for_place(const LoginAttempt& attempt)
{
    Count& count = strangers_[hash(attempt.account_, attempt.around_.front())];
    refresh(count);
    return ++count.failures <= std::max(1U, limits_.failures / accounts_for_a_ban);
}

std::optional<Ban> LoginGuard::count_for_places(const Neighbourhood& around)
{
    std::optional<Ban> begun;
    for (std::size_t i = 0; i < around.size(); ++i) {
        Count& count = places_[hash(around[i])].count;
        refresh(count);
        const unsigned share = neighbourhood_share[i];
        if (++count.failures >= limits_.failures * share) {
            begun = bans_.add_by_guesses(around[i], count.failures, share);
            count.failures = 0;
        }
    }
    return begun;
}

std::optional<Ban> LoginGuard::shuts_out(const boost::asio::ip::address& peer)
{
    const std::lock_guard lock(mutex_);
    auto ban = bans_.find(peer);
    if (!ban || ban->cause == Ban::Cause::administrator) {
        return ban;
    }
    const SteadyTime* const last_login = inhabited_.find(hash(neighbourhood_of(peer).front()));
    const bool is_inhabited = last_login != nullptr && clock_.steady() - *last_login < known_for;
    return is_inhabited ? std::nullopt : ban;
}

void LoginGuard::forget(std::string_view account)
{
    const std::lock_guard lock(mutex_);
    forgotten_[hash_(account)] = clock_.steady();
}

bool LoginGuard::ban(const Ban& ban)
{
    const std::lock_guard lock(mutex_);
    return bans_.add(ban);
}

bool LoginGuard::lift(const IpPrefix& prefix)
{
    const std::lock_guard lock(mutex_);
    places_.erase(hash(prefix));
    return bans_.remove(prefix);
}

std::vector<Ban> LoginGuard::bans() const
{
    const std::lock_guard lock(mutex_);
    return bans_.list();
}

std::vector<Ban> LoginGuard::bans_touching(const IpPrefix& prefix) const
{
    const std::lock_guard lock(mutex_);
    return bans_.touching(prefix);
}

} // namespace stonechat
