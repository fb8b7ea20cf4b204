// SPDX-License-Identifier: Apache-2.0
// Reading an archive as SQL. The table is sorted by conversation. An account's whole archive is merged from
// its conversations: one seek finds the next id of each, and a heap orders them. So the cost of a page
// depends on the number of conversations and messages, not on its position in the archive.
#include "storage/archive_paging.hpp"
#include "storage/message_text.hpp"
#include "storage/sqlite/archive_view.hpp"
#include "storage/sqlite/queries.hpp"

#include <algorithm>
#include <memory>
#include <queue>
#include <span>

namespace stonechat::sqlite {

namespace {

// Selections up to this size are counted, which takes a few milliseconds at most.
constexpr std::size_t counted_at_most = 5000;
constexpr std::size_t matches_counted_at_most = 1000;
// Number of newest messages of a conversation that a lookup by stanza id examines.
constexpr std::size_t searched_for_id = 10'000;

// Number of messages that one step of a trim selects at most.
constexpr std::size_t cut_at_once = 5000;

constexpr auto select_conversations = "SELECT peer FROM conversation WHERE owner = ?1";
constexpr auto select_slack = "SELECT late, early FROM message_state";
constexpr auto select_upwards =
    "SELECT id FROM archive WHERE owner = ?1 AND peer = ?2 AND id > ?3 AND id < ?4"
    " AND (?5 IS NULL OR resource = ?5) ORDER BY id LIMIT ?6";
constexpr auto select_downwards =
    "SELECT id FROM archive WHERE owner = ?1 AND peer = ?2 AND id > ?3 AND id < ?4"
    " AND (?5 IS NULL OR resource = ?5) ORDER BY id DESC LIMIT ?6";
constexpr auto select_range = "SELECT id, resource FROM archive"
                              " WHERE owner = ?1 AND peer = ?2 AND id > ?3 AND id < ?4 ORDER BY id LIMIT ?5";
constexpr auto match_upwards = "SELECT rowid FROM message_words WHERE message_words MATCH ?1"
                               " AND rowid > ?2 AND rowid < ?3 ORDER BY rowid";
constexpr auto match_downwards = "SELECT rowid FROM message_words WHERE message_words MATCH ?1"
                                 " AND rowid > ?2 AND rowid < ?3 ORDER BY rowid DESC";
constexpr auto match_before_upwards =
    "SELECT rowid FROM message_words_before WHERE message_words_before MATCH ?1"
    " AND rowid > ?2 AND rowid < ?3 ORDER BY rowid";
constexpr auto match_before_downwards =
    "SELECT rowid FROM message_words_before WHERE message_words_before MATCH ?1"
    " AND rowid > ?2 AND rowid < ?3 ORDER BY rowid DESC";
constexpr auto select_message = "SELECT stamp, xml FROM message WHERE id = ?1";
constexpr auto select_stamp = "SELECT stamp FROM message WHERE id = ?1";
constexpr auto select_size = "SELECT length(xml) FROM message WHERE id = ?1";
constexpr auto select_newest_of_side =
    "SELECT a.id, m.stamp, m.xml FROM archive a CROSS JOIN message m ON m.id = a.id"
    " WHERE a.owner = ?1 AND a.peer = ?2 AND a.outgoing = ?3 ORDER BY a.id DESC LIMIT ?4";

enum class Direction { upwards, downwards };

std::vector<std::int64_t> conversations_of(Connection& db, std::int64_t owner)
{
    std::vector<std::int64_t> peers;
    auto rows = db.query(select_conversations, owner);
    while (rows.next()) {
        peers.push_back(rows.integer(0));
    }
    return peers;
}

/// Gives ids one after another in one direction.
class Source {
public:
    virtual ~Source() = default;
    virtual std::optional<std::int64_t> next() = 0;
};

/// The filed messages of one conversation, read in growing pieces.
class ConversationSource {
public:
    explicit ConversationSource(std::int64_t peer, Range range) : peer_(peer), range_(range) {}

    std::optional<std::int64_t> next(Connection& db, std::int64_t owner,
        const std::optional<std::string>& resource, Direction direction)
    {
        if (at_ == ids_.size() && !fill(db, owner, resource, direction)) {
            return std::nullopt;
        }
        return ids_[at_++];
    }

private:
    bool fill(Connection& db, std::int64_t owner, const std::optional<std::string>& resource,
        Direction direction)
    {
        ids_.clear();
        at_ = 0;
        if (ended_) {
            return false;
        }
        const auto* sql = direction == Direction::upwards ? select_upwards : select_downwards;
        auto rows = db.query(sql, owner, peer_, range_.above, range_.below, resource, piece_);
        while (rows.next()) {
            ids_.push_back(rows.integer(0));
        }
        ended_ = ids_.size() < static_cast<std::size_t>(piece_);
        if (!ids_.empty()) {
            (direction == Direction::upwards ? range_.above : range_.below) = ids_.back();
        }
        piece_ = std::min<std::int64_t>(piece_ * 8, 512);
        return !ids_.empty();
    }

    std::int64_t peer_;
    Range range_;
    std::vector<std::int64_t> ids_;
    std::size_t at_ = 0;
    std::int64_t piece_ = 1;
    bool ended_ = false;
};

/// Merges all conversations and the messages not filed yet, in order of id.
class Merged final : public Source {
public:
    Merged(ArchiveView& view, const std::vector<std::int64_t>& peers, std::optional<std::string> resource,
        Range range, Direction direction)
        : db_(view.db()), owner_(*view.owner()), resource_(std::move(resource)), direction_(direction),
          unfiled_(view.unfiled(range))
    {
        conversations_.reserve(peers.size());
        for (const auto peer : peers) {
            conversations_.emplace_back(peer, range);
            push_next(conversations_.size() - 1);
        }
        push_next(conversations_.size());
    }

    std::optional<std::int64_t> next() override
    {
        if (heads_.empty()) {
            return std::nullopt;
        }
        const auto head = heads_.top();
        heads_.pop();
        push_next(head.source);
        return head.id;
    }

private:
    struct Head {
        std::int64_t order; ///< the head with the lowest value is next
        std::int64_t id;
        std::size_t source; ///< index of a conversation; the index after the last one means unfiled messages
        bool operator<(const Head& other) const { return order > other.order; }
    };

    void push_next(std::size_t source)
    {
        const auto id = source < conversations_.size()
            ? conversations_[source].next(db_, owner_, resource_, direction_)
            : next_unfiled();
        if (id) {
            heads_.push({ direction_ == Direction::upwards ? *id : -*id, *id, source });
        }
    }

    std::optional<std::int64_t> next_unfiled()
    {
        if (unfiled_.empty()) {
            return std::nullopt;
        }
        const bool up = direction_ == Direction::upwards;
        const auto id = up ? unfiled_.front() : unfiled_.back();
        unfiled_ = up ? unfiled_.subspan(1) : unfiled_.first(unfiled_.size() - 1);
        return id;
    }

    Connection& db_;
    std::int64_t owner_;
    std::optional<std::string> resource_;
    Direction direction_;
    std::span<const std::int64_t> unfiled_; ///< the remaining ones
    std::vector<ConversationSource> conversations_;
    std::priority_queue<Head> heads_;
};

class Listed final : public Source {
public:
    Listed(std::vector<std::int64_t> ids, Direction direction) : ids_(std::move(ids))
    {
        if (direction == Direction::downwards) {
            std::reverse(ids_.begin(), ids_.end());
        }
    }

    std::optional<std::int64_t> next() override
    {
        return at_ < ids_.size() ? std::optional(ids_[at_++]) : std::nullopt;
    }

private:
    std::vector<std::int64_t> ids_;
    std::size_t at_ = 0;
};

/// The matches of the search index. While the index is rebuilt, the old one answers for a part of the ids.
class Matching final : public Source {
public:
    Matching(Connection& db, std::string expression, Range range, Direction direction)
        : db_(db), expression_(std::move(expression)), direction_(direction)
    {
        const auto again = Reindexing::read(db);
        if (again.to <= again.done) {
            add(range, false);
        } else {
            add({ range.above, std::min(range.below, again.done + 1) }, false);
            add({ std::max(range.above, again.done), std::min(range.below, again.to + 1) }, true);
            add({ std::max(range.above, again.to), range.below }, false);
        }
        if (direction == Direction::downwards) {
            std::reverse(parts_.begin(), parts_.end());
        }
    }

    std::optional<std::int64_t> next() override
    {
        while (true) {
            if (rows_ && rows_->next()) {
                return rows_->integer(0);
            }
            rows_.reset();
            if (at_ == parts_.size()) {
                return std::nullopt;
            }
            const Part& part = parts_[at_++];
            rows_ = std::unique_ptr<Rows>(new Rows(db_.query(part.sql, expression_, part.range.above,
                part.range.below)));
        }
    }

private:
    struct Part {
        Range range;
        const char* sql;
    };

    void add(Range range, bool before)
    {
        if (range.above + 1 >= range.below) {
            return;
        }
        const bool up = direction_ == Direction::upwards;
        const auto* sql = before ? (up ? match_before_upwards : match_before_downwards)
                                 : (up ? match_upwards : match_downwards);
        parts_.push_back({ range, sql });
    }

    Connection& db_;
    std::string expression_;
    Direction direction_;
    std::vector<Part> parts_;
    std::size_t at_ = 0;
    std::unique_ptr<Rows> rows_; ///< destroyed before the values that it was queried with
};

/// Returns the query for the index: the owner's token and each word, quoted. Words are letters, digits and
/// non-ASCII characters (search_words), so user input contains no query syntax.
std::string expression_for(std::int64_t owner, const std::vector<SearchTerm>& terms)
{
    auto expression = "owners:\"o" + std::to_string(owner) + "\" AND (";
    for (const auto& term : terms) {
        expression.append(" body:\"").append(term.word).append(term.is_prefix ? "\"*" : "\"");
    }
    return expression.append(")");
}

/// The messages selected by a query.
class Selection {
public:
    Selection(ArchiveView& view, const ArchiveQuery& query)
        : view_(view), db_(view.db()), owner_(*view.owner()), query_(query), terms_(search_terms(query.text))
    {
        ids_.assign(query.ids.begin(), query.ids.end());
        std::sort(ids_.begin(), ids_.end());
        ids_.erase(std::unique(ids_.begin(), ids_.end()), ids_.end());
        look();
        while (is_direct() && !view.take({ range_, peer_, resource_, std::nullopt })) {
            view.renew();
            look();
        }
    }

    Range range() const { return range_; }

    /// Returns all selected messages, oldest first; nothing if they are too many to count.
    std::optional<std::vector<MessageId>> all()
    {
        if (is_empty_) {
            return std::vector<MessageId>();
        }
        if (is_direct()) {
            return collect();
        }
        std::vector<MessageId> found;
        const auto source = source_for(range_, Direction::upwards);
        std::size_t seen = 0;
        while (const auto id = source->next()) {
            if (++seen > matches_counted_at_most) {
                return std::nullopt;
            }
            if (is_selected(*id)) {
                found.push_back(static_cast<MessageId>(*id));
            }
        }
        return found;
    }

    /// Returns up to `count` selected messages of `range` in the given direction.
    std::vector<MessageId> some(Range range, Direction direction, std::size_t count)
    {
        std::vector<MessageId> found;
        const auto source = source_for(range, direction);
        while (found.size() < count) {
            const auto id = source->next();
            if (!id) {
                break;
            }
            if (is_selected(*id)) {
                found.push_back(static_cast<MessageId>(*id));
            }
        }
        return found;
    }

private:
    /// Whether the ids come from the owner's conversations and not from a list or the search index.
    bool is_direct() const { return terms_.empty() && ids_.empty(); }

    /// Evaluates the query in the current snapshot.
    void look()
    {
        if (query_.with) {
            peer_ = address_number(db_, query_.with->bare_text());
            if (query_.with->has_resource()) {
                resource_ = std::string(query_.with->resource());
            }
        }
        is_empty_ = (query_.with && !peer_) || (!query_.text.empty() && terms_.empty());
        find_range();
    }

    void find_range()
    {
        range_ = {};
        if (query_.after_id) {
            range_.above = sql_number(*query_.after_id);
        }
        if (query_.before_id) {
            range_.below = sql_number(*query_.before_id);
        }
        if (!query_.start && !query_.end) {
            return;
        }
        // Ids are close to microseconds since 1970, so the time limits select a range of ids. Only messages
        // near the ends of the range need a check of their stamp.
        auto rows = db_.query(select_slack);
        if (rows.next()) {
            late_ = rows.integer(0);
            early_ = rows.integer(1);
        }
        constexpr std::int64_t far_future = std::int64_t(1) << 61;
        if (query_.start) {
            start_ = std::clamp(sql_time(*query_.start), std::int64_t(0), far_future);
            range_.above = std::max(range_.above, start_ - early_ - 1);
        }
        if (query_.end) {
            end_ = std::clamp(sql_time(*query_.end), std::int64_t(-1), far_future);
            range_.below = std::min(range_.below, end_ + late_ + 1);
        }
    }

    std::vector<std::int64_t> peers() const
    {
        return peer_ ? std::vector<std::int64_t> { *peer_ } : conversations_of(db_, owner_);
    }

    std::unique_ptr<Source> source_for(Range range, Direction direction)
    {
        if (!terms_.empty()) {
            return std::make_unique<Matching>(db_, expression_for(owner_, terms_), range, direction);
        }
        if (!ids_.empty()) {
            const auto from = std::upper_bound(ids_.begin(), ids_.end(), range.above);
            const auto to = std::lower_bound(from, ids_.end(), range.below);
            return std::make_unique<Listed>(std::vector<std::int64_t>(from, to), direction);
        }
        return std::make_unique<Merged>(view_, peers(), resource_, range, direction);
    }

    bool is_selected(std::int64_t id) { return (is_direct() || is_candidate(id)) && is_in_time(id); }

    /// Returns whether an id from a list or the search index is in the selection.
    bool is_candidate(std::int64_t id)
    {
        if (!ids_.empty() && !std::binary_search(ids_.begin(), ids_.end(), id)) {
            return false;
        }
        auto rows = db_.query(select_archived_entry, owner_, id);
        return rows.next() && (!peer_ || rows.integer(0) == *peer_)
            && (!resource_ || (!rows.is_null(1) && rows.view(1) == *resource_));
    }

    bool is_in_time(std::int64_t id)
    {
        const bool surely_after_start = !query_.start || id - late_ >= start_;
        const bool surely_before_end = !query_.end || id + early_ <= end_;
        if (surely_after_start && surely_before_end) {
            return true;
        }
        auto rows = db_.query(select_stamp, id);
        return rows.next() && (!query_.start || rows.integer(0) >= sql_time(*query_.start))
            && (!query_.end || rows.integer(0) <= sql_time(*query_.end));
    }

    std::optional<std::vector<MessageId>> collect()
    {
        std::vector<MessageId> found;
        std::size_t seen = 0;
        for (const auto peer : peers()) {
            const auto more = sql_number(counted_at_most - seen + 1);
            auto rows = db_.query(select_range, owner_, peer, range_.above, range_.below, more);
            while (rows.next()) {
                if (++seen > counted_at_most) {
                    return std::nullopt;
                }
                const bool fits = !resource_ || (!rows.is_null(1) && rows.view(1) == *resource_);
                if (fits && is_in_time(rows.integer(0))) {
                    found.push_back(static_cast<MessageId>(rows.integer(0)));
                }
            }
        }
        for (const auto id : view_.unfiled(range_)) {
            if (++seen > counted_at_most) {
                return std::nullopt;
            }
            if (is_in_time(id)) {
                found.push_back(static_cast<MessageId>(id));
            }
        }
        std::sort(found.begin(), found.end());
        return found;
    }

    ArchiveView& view_;
    Connection& db_;
    std::int64_t owner_;
    const ArchiveQuery& query_;
    std::vector<SearchTerm> terms_;
    std::vector<std::int64_t> ids_;
    std::optional<std::int64_t> peer_;
    std::optional<std::string> resource_;
    bool is_empty_ = false;
    Range range_;
    std::int64_t start_ = 0;
    std::int64_t end_ = 0;
    std::int64_t late_ = 0;
    std::int64_t early_ = 0;
};

/// Returns a page of a selection that is too large to be read as a whole.
PageOfIds walk_page(Selection& selection, const ArchiveQuery& query)
{
    auto range = selection.range();
    if (query.page_after) {
        range.above = std::max(range.above, sql_number(*query.page_after));
    }
    if (query.page_before) {
        range.below = std::min(range.below, sql_number(*query.page_before));
    }
    PageOfIds page;
    const auto direction = query.from_the_end ? Direction::downwards : Direction::upwards;
    const auto one_more = query.limit < SIZE_MAX ? query.limit + 1 : query.limit;
    page.ids = selection.some(range, direction, one_more);
    page.complete = page.ids.size() <= query.limit;
    if (!page.complete) {
        page.ids.pop_back();
    }
    if (direction == Direction::downwards) {
        std::reverse(page.ids.begin(), page.ids.end());
    }
    return page;
}

bool has(Connection& db, std::int64_t owner, MessageId id)
{
    return db.query(select_archived_entry, owner, sql_number(id)).next();
}

bool has_all_named(Connection& db, std::int64_t owner, const ArchiveQuery& query)
{
    for (const auto& id : { query.after_id, query.before_id, query.page_after, query.page_before }) {
        if (id && !has(db, owner, *id)) {
            return false;
        }
    }
    return std::all_of(query.ids.begin(), query.ids.end(),
        [&db, owner](MessageId id) { return has(db, owner, id); });
}

bool names_any(const ArchiveQuery& query)
{
    return query.after_id || query.before_id || query.page_after || query.page_before || !query.ids.empty();
}

ArchivePage empty_page()
{
    ArchivePage page;
    page.complete = true;
    page.count = 0;
    return page;
}

std::optional<ArchiveEnds::End> end_of(ArchiveView& view, Direction direction)
{
    auto& db = view.db();
    Merged merged(view, conversations_of(db, *view.owner()), std::nullopt, Range(), direction);
    const auto id = merged.next();
    if (!id) {
        return std::nullopt;
    }
    auto rows = db.query(select_stamp, *id);
    return rows.next()
        ? std::optional(ArchiveEnds::End { static_cast<MessageId>(*id), wall_time(rows.integer(0)) })
        : std::nullopt;
}

std::uint64_t size_of_message(Connection& db, std::int64_t id)
{
    auto rows = db.query(select_size, id);
    return rows.next() ? static_cast<std::uint64_t>(rows.integer(0)) : 0;
}

} // namespace

std::optional<ArchivePage> read_archive(Database& database, const AccountKey& key, const ArchiveQuery& query)
{
    ArchiveView view(database, key);
    auto& db = view.db();
    if (!view.owner()) {
        return names_any(query) ? std::nullopt : std::optional(empty_page());
    }
    Selection selection(view, query);
    if (!has_all_named(db, *view.owner(), query)) {
        return std::nullopt;
    }
    const auto all = selection.all();
    const auto ids = all ? cut_page(*all, query) : walk_page(selection, query);
    ArchivePage page;
    page.complete = ids.complete;
    page.count = ids.count;
    page.first_index = ids.first_index;
    for (const auto id : ids.ids) {
        auto rows = db.query(select_message, sql_number(id));
        if (rows.next()) {
            page.messages.push_back({ id, wall_time(rows.integer(0)), rows.text(1) });
        }
    }
    return page;
}

ArchiveEnds archive_ends(Database& db, const AccountKey& key)
{
    ArchiveView view(db, key);
    ArchiveEnds ends;
    if (view.owner()) {
        while (!view.take({})) {
            view.renew();
        }
        ends.oldest = end_of(view, Direction::upwards);
        ends.newest = end_of(view, Direction::downwards);
    }
    return ends;
}

std::uint64_t archive_size(Database& db, const AccountKey& key)
{
    ArchiveView view(db, key);
    if (!view.owner()) {
        return 0;
    }
    auto size = view.size();
    for (; !size; size = view.size()) {
        view.renew();
    }
    return *size;
}

ArchiveCut find_archive_cut(Database& db, const AccountKey& key, std::uint64_t bytes)
{
    ArchiveView view(db, key);
    ArchiveCut cut;
    if (!view.owner()) {
        return cut;
    }
    auto size = view.size();
    for (; !size || !view.take({}); size = view.size()) {
        view.renew();
    }
    cut.size = *size;
    Merged oldest(view, conversations_of(view.db(), *view.owner()), std::nullopt, Range(),
        Direction::upwards);
    std::uint64_t left = cut.size;
    for (std::size_t count = 0; left > bytes && count < cut_at_once; ++count) {
        const auto id = oldest.next();
        if (!id) {
            break;
        }
        left -= std::min(left, size_of_message(view.db(), *id));
        cut.below = *id + 1;
    }
    return cut;
}

std::optional<ArchivedMessage> find_archived(Database& database, const AccountKey& key, const Jid& peer,
    bool outgoing, const std::string& message_id)
{
    ArchiveView view(database, key);
    auto& db = view.db();
    const auto address = address_number(db, peer.bare_text());
    if (!view.owner() || !address) {
        return std::nullopt;
    }
    while (!view.take({ {}, address, std::nullopt, outgoing })) {
        view.renew();
    }
    auto unfiled = view.unfiled();
    unfiled = unfiled.last(std::min(unfiled.size(), searched_for_id));
    for (auto id = unfiled.rbegin(); id != unfiled.rend(); ++id) {
        auto rows = db.query(select_message, *id);
        if (rows.next() && has_message_id(rows.view(1), message_id)) {
            return ArchivedMessage { static_cast<MessageId>(*id), wall_time(rows.integer(0)), rows.text(1) };
        }
    }
    const auto left = sql_number(searched_for_id - unfiled.size());
    auto rows = db.query(select_newest_of_side, *view.owner(), *address, std::int64_t(outgoing), left);
    while (rows.next()) {
        if (has_message_id(rows.view(2), message_id)) {
            return ArchivedMessage { static_cast<MessageId>(rows.integer(0)), wall_time(rows.integer(1)),
                rows.text(2) };
        }
    }
    return std::nullopt;
}

} // namespace stonechat::sqlite
