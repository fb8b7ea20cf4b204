// SPDX-License-Identifier: Apache-2.0
#include "xeps.hpp"

#include "features.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace stonechat {
namespace {

struct Row {
    Xep xep;
    std::string where;
};

/// XEPs that belong to no module: streams, login and addresses implement them.
std::vector<Row> of_the_core()
{
    return {
        { { 4, "2.13.2", "Data Forms" }, "core" },
        { { 82, "1.1.1", "XMPP Date and Time Profiles" }, "core" },
        { { 198, "1.6.3", "Stream Management", "`location`, the end of the stream after a second `enable`" },
            "core" },
        { { 205, "1.0.2", "Best Practices to Discourage Denial of Service Attacks" }, "core" },
        { { 368, "1.1.0", "SRV records for XMPP over TLS", "looking up records of other servers" }, "core" },
        { { 440, "1.0.0", "SASL Channel-Binding Type Capability" }, "core" },
        { { 474, "0.5.0", "SASL SCRAM Downgrade Protection" }, "core" },
        { { 478, "0.2.0", "Stream Limits Advertisement", "`idle-seconds`" }, "core" },
    };
}

std::string number_text(int number)
{
    std::array<char, 16> text {};
    std::snprintf(text.data(), text.size(), "%04d", number);
    return text.data();
}

std::string to_line(const Row& row)
{
    const std::string number = number_text(row.xep.number);
    return "| [" + number + "](https://xmpp.org/extensions/xep-" + number + ".html) | "
        + std::string(row.xep.title) + " | " + std::string(row.xep.version) + " | " + row.where + " | "
        + std::string(row.xep.note) + " |\n";
}

std::string rfcs_of(const std::vector<Manifest>& manifests)
{
    std::string text;
    for (const Manifest& manifest : manifests) {
        for (const std::string& rfc : manifest.rfcs()) {
            text += "| " + rfc + " | " + manifest.name() + " | " + manifest.meaning() + " |\n";
        }
    }
    return text;
}

} // namespace

std::string xeps_document()
{
    const std::vector<Manifest> manifests = all_manifests();
    std::vector<Row> rows = of_the_core();
    for (const Manifest& manifest : manifests) {
        for (const Xep& xep : manifest.xeps()) {
            rows.push_back({ xep, "`" + manifest.name() + "`" });
        }
    }
    std::stable_sort(rows.begin(), rows.end(),
        [](const Row& a, const Row& b) { return a.xep.number < b.xep.number; });

    std::string text = "# What is implemented\n\n"
                       "Made by `stonechat xeps` from what the modules say of themselves; do not edit.\n\n"
                       "## XEPs\n\n"
                       "| XEP | title | version | module | what is left out |\n|---|---|---|---|---|\n";
    for (const Row& row : rows) {
        text += to_line(row);
    }
    text += "\n## RFCs\n\n| section | module | what |\n|---|---|---|\n"
            "| RFC 6120 | core | streams, TLS, SASL, resource binding, stanzas, errors |\n"
            "| RFC 7622 | core | addresses |\n"
            "| RFC 7590, RFC 9325 | core | TLS |\n"
            "| RFC 5802, RFC 7677 | core | SCRAM-SHA-1 and SCRAM-SHA-256, with and without -PLUS |\n"
            "| RFC 5929, RFC 9266 | core | channel binding tls-server-end-point and tls-exporter |\n"
            "| RFC 6121 §8 | core | delivery |\n";
    return text + rfcs_of(manifests);
}

} // namespace stonechat
