// SPDX-License-Identifier: Apache-2.0
#include "config/default_file.hpp"
#include "config/effective.hpp"
#include "sample_schema.hpp"

#include <sstream>

using namespace stonechat;
using namespace stonechat::test;

namespace {

/// The file with every `#key = value` made a line that counts.
std::string uncommented(const std::string& file)
{
    std::istringstream in(file);
    std::string result;
    for (std::string line; std::getline(in, line);) {
        const bool is_key = line.size() > 1 && line[0] == '#' && line[1] != ' '
            && line.find(" = ") != std::string::npos;
        result += (is_key ? line.substr(1) : line) + "\n";
    }
    return result;
}

} // namespace

TEST_CASE("default file: it is a good configuration as it stands")
{
    const Settings settings = read(default_file(sample_schema()));
    CHECK(settings.hosts.at(0).name == "localhost");
    CHECK(settings.listen.size() == 2);
}

TEST_CASE("default file: every key is there, and its commented value is the default")
{
    const Schema schema = sample_schema();
    const std::string file = default_file(schema);
    const Settings as_it_stands = read(file);
    const Settings all_keys = read(uncommented(file));
    CHECK(effective_settings(schema, as_it_stands) == effective_settings(schema, all_keys));
    for (const SectionSpec& section : schema.sections()) {
        for (const SettingSpec& key : section.keys) {
            CHECK_MESSAGE(file.find("\n#" + key.key + " = ") != std::string::npos, key.key);
        }
    }
}
