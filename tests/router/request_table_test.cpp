// SPDX-License-Identifier: Apache-2.0
#include "router/request_table.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

using namespace stonechat;

namespace {

using Table = RequestTable<int>;

int found(const Table& table, IqType type, const char* element, const char* ns)
{
    const int* handler = table.find(type, Element(element, ns));
    return handler == nullptr ? 0 : *handler;
}

std::string refusal(Table& table, IqType type, const char* ns, const char* element)
{
    try {
        table.add("intruder", type, ns, element, 9);
    } catch (const std::logic_error& refused) {
        return refused.what();
    }
    return {};
}

} // namespace

TEST_CASE("request table: a request is matched by type, namespace and name")
{
    Table table;
    CHECK(found(table, IqType::get, "query", "urn:a") == 0);
    table.add("one", IqType::get, "urn:a", "query", 1);
    table.add("one", IqType::set, "urn:a", "query", 2);
    table.add("two", IqType::get, "urn:b", "query", 3);
    table.add("two", IqType::get, "urn:a", "metadata", 4);
    CHECK(found(table, IqType::get, "query", "urn:a") == 1);
    CHECK(found(table, IqType::set, "query", "urn:a") == 2);
    CHECK(found(table, IqType::get, "query", "urn:b") == 3);
    CHECK(found(table, IqType::get, "metadata", "urn:a") == 4);
    CHECK(found(table, IqType::set, "query", "urn:b") == 0);
    CHECK(found(table, IqType::get, "other", "urn:a") == 0);
}

TEST_CASE("request table: any name of a namespace comes after the name itself")
{
    Table table;
    table.add("one", IqType::get, "urn:a", "*", 1);
    table.add("one", IqType::get, "urn:a", "query", 2);
    CHECK(found(table, IqType::get, "query", "urn:a") == 2);
    CHECK(found(table, IqType::get, "other", "urn:a") == 1);
    CHECK(found(table, IqType::set, "other", "urn:a") == 0);
    CHECK(found(table, IqType::get, "other", "urn:b") == 0);
}

TEST_CASE("request table: a second handler for a request is refused, and the first one stays")
{
    Table table("request to a room");
    table.add("owner", IqType::get, "urn:a", "query", 1);
    CHECK(refusal(table, IqType::get, "urn:a", "query")
        == "two handlers for the same request to a room, the second one in module intruder: query urn:a");
    CHECK(found(table, IqType::get, "query", "urn:a") == 1);
    CHECK(refusal(table, IqType::set, "urn:a", "query").empty());
    CHECK(refusal(table, IqType::get, "urn:b", "query").empty());
    CHECK(refusal(table, IqType::get, "urn:a", "*").empty());
}

TEST_CASE("request table: the list names who answers what")
{
    Table table;
    table.add("two", IqType::set, "urn:a", "query", 1);
    table.add("one", IqType::get, "urn:b", "*", 2);
    std::vector<std::string> lines;
    table.for_each([&lines](const std::string& owner, IqType type, const std::string& ns,
                       const std::string& element) {
        lines.push_back(std::string(to_text(type)) + ' ' + request_in_words(element, ns) + ": " + owner);
    });
    CHECK(lines == std::vector<std::string> { "get * urn:b: one", "set query urn:a: two" });
}
