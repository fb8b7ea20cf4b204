// SPDX-License-Identifier: Apache-2.0
#include "net/certificate_facts.hpp"

#include <array>
#include <ctime>
#include <iterator>

namespace stonechat {
namespace {

std::string certificate_of(const CertificateFacts& facts)
{
    return "the certificate of " + facts.host + " (" + facts.file + ")";
}

std::string day_of(WallTime time)
{
    const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
    std::tm parts {};
    std::array<char, 32> text {};
    gmtime_r(&seconds, &parts);
    std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M UTC", &parts);
    return text.data();
}

std::string days(std::chrono::microseconds time)
{
    const auto count = std::chrono::duration_cast<std::chrono::days>(time).count();
    return std::to_string(count) + (count == 1 ? " day" : " days");
}

std::string listed(const std::vector<std::string>& names)
{
    constexpr std::size_t shown = 5; // a certificate may have hundreds
    std::string list;
    for (std::size_t i = 0; i < names.size() && i < shown; ++i) {
        list += (list.empty() ? "" : ", ") + names[i];
    }
    return names.size() > shown ? list + " and " + std::to_string(names.size() - shown) + " more" : list;
}

std::string names_text(const CertificateFacts& facts)
{
    const std::string has = facts.names.empty() ? "names no host" : "is for " + listed(facts.names);
    return certificate_of(facts) + " " + has + ", not for " + listed(facts.missing)
        + ": clients will refuse it or warn their users";
}

constexpr std::string_view what_to_do = "put a new one there and run `stonechatctl reload`";

} // namespace

std::vector<CertificateFlaw> flaws_of(const CertificateFacts& facts, WallTime now)
{
    using Kind = CertificateFlaw::Kind;
    std::vector<CertificateFlaw> flaws;
    const auto add = [&](Kind kind, const std::string& what) {
        flaws.push_back({ kind, certificate_of(facts) + " " + what + std::string(what_to_do) });
    };
    if (facts.not_after <= now) {
        add(Kind::expired,
            "expired on " + day_of(facts.not_after) + ", " + days(now - facts.not_after)
                + " ago; clients refuse it: ");
    } else if (now < facts.not_before) {
        add(Kind::not_yet_valid,
            "is not valid before " + day_of(facts.not_before) + "; unless the clock is wrong, ");
    } else if (facts.not_after < now + certificate_notice) {
        add(Kind::expires_soon,
            "expires in " + days(facts.not_after - now) + ", on " + day_of(facts.not_after) + ": ");
    }
    if (!facts.missing.empty()) {
        flaws.push_back({ Kind::name_missing, names_text(facts) });
    }
    return flaws;
}

std::vector<CertificateFlaw> flaws_of(const std::vector<CertificateFacts>& all, WallTime now)
{
    std::vector<CertificateFlaw> flaws;
    for (const CertificateFacts& each : all) {
        auto more = flaws_of(each, now);
        std::move(more.begin(), more.end(), std::back_inserter(flaws));
    }
    return flaws;
}

std::string_view to_text(CertificateFlaw::Kind kind)
{
    switch (kind) {
    case CertificateFlaw::Kind::expired: return "certificate expired";
    case CertificateFlaw::Kind::not_yet_valid: return "certificate not valid yet";
    case CertificateFlaw::Kind::expires_soon: return "certificate expires soon";
    case CertificateFlaw::Kind::name_missing: return "certificate lacks a name";
    }
    return {};
}

} // namespace stonechat
