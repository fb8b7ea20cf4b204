// SPDX-License-Identifier: Apache-2.0
// The power goes at random moments: what was answered is there afterwards, once and in order (F2). And
// the judge is judged: it must find what is lost without the sync of each commit.
#include "power_cut.hpp"
#include "power_loss.hpp"
#include "support.hpp"

#include <set>
#include <sstream>

using namespace stonechat;
using namespace stonechat::test;

namespace {

PowerVerdict lose_power(std::size_t images, PowerControl control)
{
    const TemporaryFolder folder;
    PowerOptions options;
    options.folder = folder.file("power");
    std::filesystem::create_directories(options.folder);
    options.images = images;
    options.steps = 400;
    options.seed = 20;
    options.control = control;
    return try_power_loss(options);
}

Change append(const std::string& value)
{
    return { Change::Kind::append, "list", value };
}

/// Three messages, of which the first two are answered by moment 10; the third is asked for at 8.
ShardHistory three_messages()
{
    ShardHistory history;
    history.steps = { { { append("1") }, 0, 4 }, { { append("2") }, 2, 6 }, { { append("3") }, 8, 20 } };
    return history;
}

PowerVerdict judge_list(std::vector<std::string> found)
{
    Kept kept;
    if (!found.empty()) {
        kept.lists["list"] = std::move(found);
    }
    PowerVerdict verdict;
    verdict.acknowledged = 2;
    judge(three_messages(), 10, kept, verdict);
    return verdict;
}

Recording two_writes_and_a_sync()
{
    using Kind = DiskEvent::Kind;
    Recording recording;
    recording.before[database_file] = std::string(2048, '.');
    recording.events = { { Kind::write, database_file, {}, 0, std::string(1024, 'a') },
        { Kind::sync_begins, database_file, {}, 0, "" },
        { Kind::write, database_file, {}, 1024, std::string(1024, 'b') },
        { Kind::sync_ends, database_file, {}, 1, "" } };
    return recording;
}

} // namespace

TEST_CASE("power loss: what was answered is there, once and in order (F2)")
{
    const auto verdict = lose_power(300, PowerControl::none);
    std::ostringstream line;
    line << verdict << "; " << verdict.first_problem;
    INFO(line.str());
    CHECK(verdict.is_clean());
    CHECK_EQ(verdict.images, 300);
}

TEST_CASE("power loss: with synchronous = NORMAL something is lost, and found to be (F2)")
{
    const auto verdict = lose_power(60, PowerControl::normal_syncs);
    CHECK_GT(verdict.lost, 0);
    CHECK_EQ(verdict.not_opened, 0); // it loses, but it does not break
}

TEST_CASE("power loss: answers before the sync of their commit are found (F2)")
{
    const auto verdict = lose_power(100, PowerControl::answers_before_sync);
    CHECK_GT(verdict.lost, 0);
}

TEST_CASE("power loss: the judge tells lost, doubled and displaced writes apart")
{
    CHECK(judge_list({ "1", "2" }).is_clean());
    CHECK(judge_list({ "1", "2", "3" }).is_clean());
    CHECK_EQ(judge_list({ "1" }).lost, 1);
    CHECK_EQ(judge_list({}).lost, 2);
    CHECK_EQ(judge_list({ "1", "2", "2" }).doubled, 1);
    CHECK_EQ(judge_list({ "2", "1" }).out_of_order, 1);
    CHECK_FALSE(judge_list({ "1", "2", "4" }).is_clean());
}

TEST_CASE("power loss: a sync saves what was written before it began, and nothing else")
{
    const auto recording = two_writes_and_a_sync();
    PowerCut cut(recording);
    std::mt19937_64 random(1);
    std::set<std::string> before;
    std::set<std::string> after;
    for (int i = 0; i < 200; ++i) {
        PowerCut early(recording);
        early.go_to(3);
        before.insert(*early.image(random)[database_file]);
    }
    cut.go_to(4);
    for (int i = 0; i < 200; ++i) {
        after.insert(*cut.image(random)[database_file]);
    }
    const auto old = std::string(2048, '.');
    CHECK(before.contains(old));
    CHECK(before.contains(std::string(512, '.') + std::string(512, 'a') + std::string(1024, '.')));
    CHECK_FALSE(after.contains(old));
    CHECK_EQ(after.size(), 4); // the second write: whole, none of it, either of its sectors
    for (const auto& content : after) {
        CHECK(content.starts_with(std::string(1024, 'a')));
    }
}

TEST_CASE("power loss: with synchronous = NORMAL the header of a log is synced, a commit is not (F2)")
{
    using Kind = DiskEvent::Kind;
    Recording recording;
    recording.before[log_file] = std::string(1024, '.');
    recording.events = { { Kind::write, log_file, {}, 0, std::string(512, 'h') },
        { Kind::sync_begins, log_file, {}, 0, "" }, { Kind::sync_ends, log_file, {}, 1, "" },
        { Kind::write, log_file, {}, 512, std::string(512, 'f') }, { Kind::sync_begins, log_file, {}, 0, "" },
        { Kind::sync_ends, log_file, {}, 4, "" } };
    PowerCut cut(recording, Syncs::of_checkpoints);
    cut.go_to(recording.events.size());
    std::mt19937_64 random(1);
    std::set<std::string> images;
    for (int i = 0; i < 100; ++i) {
        images.insert(*cut.image(random)[log_file]);
    }
    const auto header = std::string(512, 'h');
    CHECK_EQ(images, std::set { header + std::string(512, '.'), header + std::string(512, 'f') });
}
