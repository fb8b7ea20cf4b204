// SPDX-License-Identifier: Apache-2.0
#include "config/data_dir.hpp"

#include "config/schema.hpp"

#include <toml++/toml.h>

#include <filesystem>
#include <fstream>
#include <system_error>

namespace stonechat {

std::optional<std::string> data_dir_of(const std::string& file)
{
    std::ifstream in(file, std::ios::binary);
    std::error_code failed;
    const auto folder = std::filesystem::absolute(file, failed).parent_path();
    if (!in || failed || std::filesystem::is_directory(file, failed)) {
        return std::nullopt;
    }
    // toml++ reports broken syntax by an exception.
    try {
        const toml::table root = toml::parse(in, file);
        const auto written = root["server"]["data_dir"].value<std::string>();
        const Schema schema;
        const auto& usual = std::get<std::string>(schema.section("server")->find("data_dir")->default_value);
        return (folder / written.value_or(usual)).lexically_normal().string();
    } catch (const toml::parse_error&) {
        return std::nullopt;
    }
}

} // namespace stonechat
