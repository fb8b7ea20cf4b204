// SPDX-License-Identifier: Apache-2.0
//
// The figures of one run, in the order in which they were found; printed as a table, written as JSON
// ({"mode": ..., "settings": {...}, "figures": {...}, "notes": [...]}).
#pragma once

#include "histogram.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace stonechat::bench {

class Report {
public:
    explicit Report(std::string mode) : mode_(std::move(mode)) {}

    void setting(std::string_view name, std::string_view value);
    void figure(std::string_view name, double value, std::string_view unit, int decimals = 0);
    /// p50, p90, p99 and max in milliseconds, each as a figure called `NAME_pXX_ms`.
    void latencies(std::string_view name, const Histogram& histogram);
    void note(std::string text) { notes_.push_back(std::move(text)); }

    void print() const;
    /// Answers whether the file could be written.
    [[nodiscard]] bool write_json(const std::string& path) const;

private:
    struct Setting {
        std::string name;
        std::string value;
    };
    struct Figure {
        std::string name;
        double value;
        std::string unit;
        int decimals;
    };

    std::string mode_;
    std::vector<Setting> settings_;
    std::vector<Figure> figures_;
    std::vector<std::string> notes_;
};

} // namespace stonechat::bench
