// SPDX-License-Identifier: Apache-2.0
#include "config/default_file.hpp"

#include "config/value_text.hpp"

namespace stonechat {
namespace {

constexpr std::string_view head =
    R"(# SPDX-License-Identifier: Apache-2.0
# Every setting of Stonechat. This file is made by `stonechat defaults`.
#
# A line that begins with "#key = " shows a default: delete the # to change it. Of the rest, a server
# needs only a [[host]]. `stonechat check --config FILE` says what a configuration means and what is
# wrong with it. Keys marked "restart" are read when the server starts; all others also by a reload
# (SIGHUP, `stonechatctl reload`).
#
# Sizes are written "256 KiB" (B, KiB, MiB, GiB), durations "30 s" (ms, s, min, h, days). Relative
# paths start at the folder of this file.
)";

void append_key(std::string& file, const SettingSpec& spec)
{
    std::string note = print_bounds(spec);
    if (spec.heat == SettingSpec::Heat::cold) {
        note += note.empty() ? "restart" : "; restart";
    }
    file += "# " + spec.meaning + (note.empty() ? "" : " (" + note + ")") + "\n";
    file += "#" + spec.key + " = " + print_value(spec, spec.default_value) + "\n";
}

void append_section(std::string& file, const std::string& title, const SectionSpec& spec)
{
    file += "\n# " + spec.meaning + "\n" + title + "\n";
    for (const SettingSpec& each : spec.keys) {
        append_key(file, each);
    }
}

void append_listeners(std::string& file, const Schema& schema)
{
    append_section(file, "[[listen]]", schema.listen());
    file += "\n[[listen]]\nport = 5223\ntls = \"direct\"\n";
}

void append_host(std::string& file, const Schema& schema)
{
    file += "\n# " + schema.host().meaning + "\n[[host]]\n";
    for (const SettingSpec& each : schema.host().keys) {
        if (each.key == "name") {
            file += "# " + each.meaning + " (restart)\nname = \"localhost\"\n";
        } else {
            append_key(file, each);
        }
    }
}

} // namespace

std::string default_file(const Schema& schema)
{
    std::string file(head);
    for (const SectionSpec& spec : schema.sections()) {
        append_section(file, "[" + spec.name + "]", spec);
    }
    append_listeners(file, schema);
    append_host(file, schema);
    file +=
        "\n# The features of the host above. Written as [modules.NAME] instead of [host.NAME], a section\n"
        "# holds for all hosts that do not say otherwise.\n";
    for (const ModuleSpec& module : schema.modules()) {
        append_section(file, "[host." + module.section.name + "]", module.section);
    }
    return file;
}

} // namespace stonechat
