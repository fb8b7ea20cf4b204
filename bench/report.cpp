// SPDX-License-Identifier: Apache-2.0
#include "report.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fstream>

namespace stonechat::bench {
namespace {

constexpr double nanoseconds_per_millisecond = 1e6;

} // namespace

void Report::setting(std::string_view name, std::string_view value)
{
    settings_.push_back({ std::string(name), std::string(value) });
}

void Report::figure(std::string_view name, double value, std::string_view unit, int decimals)
{
    figures_.push_back({ std::string(name), value, std::string(unit), decimals });
}

void Report::latencies(std::string_view name, const Histogram& histogram)
{
    const auto add = [&](std::string_view which, std::uint64_t value) {
        figure(fmt::format("{}_{}_ms", name, which), static_cast<double>(value) / nanoseconds_per_millisecond,
            "ms", 3);
    };
    add("p50", histogram.percentile(0.50));
    add("p90", histogram.percentile(0.90));
    add("p99", histogram.percentile(0.99));
    add("max", histogram.max());
}

void Report::print() const
{
    fmt::print("{}", mode_);
    for (const auto& setting : settings_) {
        fmt::print("  {}={}", setting.name, setting.value);
    }
    fmt::print("\n");
    for (const auto& figure : figures_) {
        fmt::print("  {:<40} {:>14.{}f} {}\n", figure.name, figure.value, figure.decimals, figure.unit);
    }
    for (const auto& note : notes_) {
        fmt::print("  note: {}\n", note);
    }
}

bool Report::write_json(const std::string& path) const
{
    boost::json::object settings;
    for (const auto& setting : settings_) {
        settings[setting.name] = setting.value;
    }
    boost::json::object figures;
    for (const auto& figure : figures_) {
        figures[figure.name] = figure.value;
    }
    boost::json::array notes;
    for (const auto& note : notes_) {
        notes.emplace_back(note);
    }
    boost::json::object all;
    all["mode"] = mode_;
    all["settings"] = std::move(settings);
    all["figures"] = std::move(figures);
    all["notes"] = std::move(notes);
    std::ofstream file(path);
    file << boost::json::serialize(all) << '\n';
    return file.good();
}

} // namespace stonechat::bench
