// SPDX-License-Identifier: Apache-2.0
#include "net/certificate_watch.hpp"
#include "net/tls_contexts.hpp"
#include "tls_files.hpp"

#include <doctest/doctest.h>

using namespace stonechat;
using namespace stonechat::test;
using Kind = CertificateFlaw::Kind;
using std::chrono::days;
using std::chrono::hours;

namespace {

const WallTime now(std::chrono::seconds(1'700'000'000));

CertificateFacts facts(WallTime not_before, WallTime not_after)
{
    return { "localhost", "a.crt", not_before, not_after, { "localhost" }, {} };
}

std::vector<Kind> kinds(const CertificateFacts& facts)
{
    std::vector<Kind> kinds;
    for (const CertificateFlaw& each : flaws_of(facts, now)) {
        kinds.push_back(each.kind);
    }
    return kinds;
}

std::string text(const CertificateFacts& facts)
{
    const auto flaws = flaws_of(facts, now);
    return flaws.empty() ? "" : flaws.front().text;
}

/// What a log wrote into its file, line by line.
class LogFile {
public:
    explicit LogFile(const TlsFiles& files) : path_(files.path("log")) {}
    Log::Options options() const
    {
        Log::Options options;
        options.target = Log::Target::file;
        options.file = path_;
        return options;
    }
    std::size_t lines() const
    {
        std::ifstream in(path_);
        std::size_t count = 0;
        for (std::string line; std::getline(in, line);) {
            ++count;
        }
        return count;
    }

private:
    std::string path_;
};

} // namespace

TEST_CASE("certificates: what is said of one that holds, has ended, will end, or has not begun")
{
    CHECK(kinds(facts(now - days(1), now + days(30))).empty());
    CHECK(kinds(facts(now, now + days(30))).empty());
    CHECK(kinds(facts(now - days(1), now + days(30) - hours(1))) == std::vector { Kind::expires_soon });
    CHECK(kinds(facts(now - days(1), now)) == std::vector { Kind::expired });
    CHECK(kinds(facts(now + hours(1), now + days(9))) == std::vector { Kind::not_yet_valid });
    CHECK(text(facts(now - days(9), now - days(2)))
        == "the certificate of localhost (a.crt) expired on 2023-11-12 22:13 UTC, 2 days ago; clients refuse "
           "it: "
           "put a new one there and run `stonechatctl reload`");
    CHECK(text(facts(now - days(9), now + days(1) + hours(1))).find("expires in 1 day, on")
        != std::string::npos);
}

TEST_CASE("certificates: names that are missing are told together with those that are there")
{
    CertificateFacts wrong = facts(now, now + days(60));
    wrong.names = { "a", "b", "c", "d", "e", "f", "g" };
    wrong.missing = { "localhost" };
    CHECK(kinds(wrong) == std::vector { Kind::name_missing });
    CHECK(text(wrong).find("is for a, b, c, d, e and 2 more, not for localhost") != std::string::npos);
    wrong.not_after = now;
    CHECK(kinds(wrong) == std::vector { Kind::expired, Kind::name_missing });
}

TEST_CASE("certificates: what is wrong is written when they are loaded, and then once a day")
{
    const TlsFiles files;
    const LogFile file(files);
    Log log(file.options());
    ManualClock clock(SystemClock().wall());
    const TlsIdentity identity = files.identity("localhost", { "example.org" });
    const auto contexts = TlsContexts::load({ identity });
    REQUIRE(contexts.has_value());
    CertificateWatch watch(clock, log);
    const std::size_t flaws = flaws_of((*contexts)->certificates(), clock.wall()).size();
    REQUIRE(flaws > 0);
    CHECK(watch.look(**contexts).size() == flaws);
    CHECK(file.lines() == flaws);
    clock.advance(hours(23));
    watch.look_daily(**contexts);
    CHECK(file.lines() == flaws);
    clock.advance(hours(1));
    watch.look_daily(**contexts);
    CHECK(file.lines() == 2 * flaws);
    watch.look_daily(**contexts);
    CHECK(file.lines() == 2 * flaws);
    clock.advance(-hours(2)); // set back
    watch.look_daily(**contexts);
    CHECK(file.lines() == 3 * flaws);
}
