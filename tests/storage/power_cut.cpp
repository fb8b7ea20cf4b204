// SPDX-License-Identifier: Apache-2.0
#include "power_cut.hpp"

#include <algorithm>
#include <iterator>

namespace stonechat::test {

namespace {

using Kind = DiskEvent::Kind;

constexpr std::size_t sector = 512;

void put(std::string& content, std::size_t at, std::string_view bytes)
{
    if (content.size() < at + bytes.size()) {
        content.resize(at + bytes.size(), '\0');
    }
    content.replace(at, bytes.size(), bytes);
}

void apply(std::optional<std::string>& content, const DiskEvent& event)
{
    switch (event.kind) {
    case Kind::create: content.emplace(); break;
    case Kind::remove:
    case Kind::remove_synced: content.reset(); break;
    case Kind::write:
        if (content) {
            put(*content, event.number, event.bytes);
        }
        break;
    case Kind::truncate:
        if (content) {
            content->resize(event.number, '\0');
        }
        break;
    case Kind::sync_begins:
    case Kind::sync_ends: break;
    }
}

/// How much of what was not synced got to the disk, in one image.
struct Luck {
    double whole; ///< chance of a write
    double torn;  ///< chance that a write is torn; then each of its sectors is there or not
};

bool happens(double chance, std::mt19937_64& random)
{
    return std::uniform_real_distribution<>(0, 1)(random) < chance;
}

Luck draw_luck(std::mt19937_64& random)
{
    constexpr std::array<Luck, 6> kinds { Luck { 0, 0 }, { 1, 0 }, { 0.5, 0 }, { 0.9, 0.5 }, { 0.1, 0.5 },
        { 0.5, 1 } };
    return kinds[random() % kinds.size()];
}

void apply_torn(std::string& content, const DiskEvent& event, std::mt19937_64& random)
{
    const std::size_t end = event.number + event.bytes.size();
    for (std::size_t at = event.number; at < end;) {
        const auto next = std::min(end, (at / sector + 1) * sector);
        if (random() % 2 == 0) {
            put(content, at, std::string_view(event.bytes).substr(at - event.number, next - at));
        }
        at = next;
    }
}

} // namespace

PowerCut::PowerCut(const Recording& recording, Syncs syncs) : recording_(recording), syncs_(syncs)
{
    for (std::size_t i = 0; i < files_.size(); ++i) {
        files_[i].safe = recording.before[i];
    }
}

void PowerCut::go_to(std::size_t place)
{
    for (; place_ < place; ++place_) {
        pass(place_);
    }
}

void PowerCut::pass(std::size_t place)
{
    const auto& event = recording_.events[place];
    auto& file = files_[event.file];
    switch (event.kind) {
    case Kind::create:
    case Kind::write:
    case Kind::truncate:
    case Kind::remove: file.open.push_back(place); break;
    case Kind::remove_synced:
        file.open.clear();
        file.safe.reset();
        break;
    case Kind::sync_begins: break;
    case Kind::sync_ends:
        if (counts(place)) {
            make_safe(file, event.number);
        }
        break;
    }
}

void PowerCut::make_safe(File& file, std::size_t before)
{
    const auto end = std::lower_bound(file.open.begin(), file.open.end(), before);
    for (auto each = file.open.begin(); each != end; ++each) {
        apply(file.safe, recording_.events[*each]);
    }
    file.open.erase(file.open.begin(), end);
}

bool PowerCut::counts(std::size_t sync_end) const
{
    const auto& events = recording_.events;
    if (syncs_ == Syncs::all || events[sync_end].file != log_file) {
        return true;
    }
    const auto of_same_thread = [&](const DiskEvent& other) {
        return other.thread == events[sync_end].thread;
    };
    // Whoever moves the log goes on to the database at once.
    const auto place = static_cast<std::ptrdiff_t>(sync_end);
    const auto next = std::find_if(events.begin() + place + 1, events.end(), of_same_thread);
    if (next != events.end() && next->file == database_file) {
        return true;
    }
    // A log that starts anew: without its new header the old one would vouch for old frames.
    const auto before = std::find_if(std::make_reverse_iterator(events.begin() + place), events.rend(),
        [&](const DiskEvent& other) { return of_same_thread(other) && other.kind != Kind::sync_begins; });
    return before != events.rend() && before->file == log_file && before->kind == Kind::write
        && before->number == 0;
}

DiskState PowerCut::image(std::mt19937_64& random) const
{
    DiskState state;
    for (std::size_t i = 0; i < files_.size(); ++i) {
        state[i] = files_[i].safe;
        const auto luck = draw_luck(random);
        for (const auto place : files_[i].open) {
            const auto& event = recording_.events[place];
            const bool got_there = happens(luck.whole, random);
            if (!got_there && (event.kind == Kind::create || event.kind == Kind::remove)) {
                break; // what comes behind belongs to a file that this name does not stand for
            }
            if (event.kind == Kind::write && state[i] && happens(luck.torn, random)) {
                apply_torn(*state[i], event, random);
            } else if (got_there) {
                apply(state[i], event);
            }
        }
    }
    return state;
}

} // namespace stonechat::test
