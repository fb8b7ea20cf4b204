// SPDX-License-Identifier: Apache-2.0
#include "scan.hpp"

namespace stonechat::bench {
namespace {

constexpr auto npos = std::string_view::npos;

// The position after the '>' that ends the tag starting at `from`; '>' is legal inside quotes.
std::size_t tag_end(std::string_view input, std::size_t from)
{
    const char* const end = input.data() + input.size();
    for (const char* p = input.data() + from; p != end; ++p) {
        if (*p == '>') {
            return static_cast<std::size_t>(p - input.data()) + 1;
        }
        if (*p == '\'' || *p == '"') {
            const auto close = input.find(*p, static_cast<std::size_t>(p - input.data()) + 1);
            if (close == npos) {
                return npos;
            }
            p = input.data() + close;
        }
    }
    return npos;
}

std::string_view tag_name(std::string_view tag)
{
    const auto end = tag.find_first_of(" \t\r\n/>", 1);
    return tag.substr(1, end - 1);
}

bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

// Skips whitespace keepalives and an XML declaration; npos when the declaration is not complete yet.
std::size_t skip_prolog(std::string_view input)
{
    std::size_t at = 0;
    while (at < input.size()) {
        if (is_space(input[at])) {
            ++at;
            continue;
        }
        if (input.substr(at, 2) != "<?") {
            return at;
        }
        const auto end = input.find("?>", at);
        if (end == npos) {
            return npos;
        }
        at = end + 2;
    }
    return at;
}

} // namespace

Scan scan_item(std::string_view input)
{
    Scan scan;
    const auto start = skip_prolog(input);
    if (start == npos || input.size() - start < 2) {
        return scan;
    }
    if (input[start] != '<') {
        scan.status = ScanStatus::malformed;
        return scan;
    }

    int depth = 0;
    std::size_t at = start;
    while (true) {
        const auto end = tag_end(input, at);
        if (end == npos) {
            return scan;
        }
        const bool closes = input[at + 1] == '/';
        const bool empty = input[end - 2] == '/';
        if (depth == 0) {
            scan.item.head = input.substr(at, end - at);
            scan.item.name = tag_name(scan.item.head);
            if (closes) {
                scan.item.kind = ItemKind::stream_close;
                break;
            }
            if (scan.item.name == "stream:stream") {
                scan.item.kind = ItemKind::stream_open;
                break;
            }
        }
        depth += closes ? -1 : (empty ? 0 : 1);
        at = end;
        if (depth == 0) {
            break;
        }
        at = input.find('<', at);
        if (at == npos || at + 1 >= input.size()) {
            return scan;
        }
    }

    scan.status = ScanStatus::complete;
    scan.length = scan.item.head.data() + scan.item.head.size() - input.data();
    if (scan.item.kind == ItemKind::element) {
        scan.length = at;
    }
    scan.item.text = input.substr(start, scan.length - start);
    return scan;
}

// Goes from attribute to attribute, so that nothing inside a value is taken for a name.
std::string_view attribute(std::string_view head, std::string_view name)
{
    auto at = head.find_first_of(" \t\r\n");
    while (at != npos) {
        const auto start = head.find_first_not_of(" \t\r\n", at);
        const auto quote = head.find_first_of("'\"", at);
        if (start == npos || quote == npos) {
            return {};
        }
        const auto close = head.find(head[quote], quote + 1);
        if (close == npos) {
            return {};
        }
        const auto written = head.substr(start, head.find_first_of("= \t\r\n", start) - start);
        if (written == name) {
            return head.substr(quote + 1, close - quote - 1);
        }
        at = close + 1;
    }
    return {};
}

std::string_view character_data(std::string_view element)
{
    const auto start = tag_end(element, 0);
    if (start == npos) {
        return {};
    }
    return element.substr(start, element.find('<', start) - start);
}

} // namespace stonechat::bench
