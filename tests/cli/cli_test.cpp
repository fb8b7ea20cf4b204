// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/documents.hpp"
#include "cli/table.hpp"

#include <doctest/doctest.h>

using namespace stonechat::cli;

TEST_CASE("tables: columns are as wide as what they hold on the screen, and empty ones are left out")
{
    Table table({ "ROOM", "NAME", "NICK", "SINCE" });
    table.add({ "a@b", "\xe6\xb4\x9e\xe7\xaa\x9f", "", "1" }); // two characters, each of two columns
    table.add({ "long@b", "x", "", "22" });
    CHECK(table.rows() == 2);
    CHECK(table.text()
        == "ROOM    NAME  SINCE\n"
           "a@b     \xe6\xb4\x9e\xe7\xaa\x9f  1\n"
           "long@b  x     22\n");
    CHECK(Table({ "ROOM" }).rows() == 0);
}

TEST_CASE("tables: what steers a terminal is not printed")
{
    CHECK(printable("plain \xc3\xa9\xf0\x9f\x8c\x99") == "plain \xc3\xa9\xf0\x9f\x8c\x99");
    CHECK(printable("a\x1b[2Jb\nc\rd\te\x7f") == "a?[2Jb?c?d?e?");
    CHECK(printable("a\xc2\x9b"
                    "2J")
        == "a?2J"); // CSI as one character of the C1 set
    CHECK(printable("a\xe2\x80\xae"
                    "b\xe2\x81\xa9")
        == "a?b?"); // writing from right to left
    CHECK(printable("a\xff\xc3") == "a??");
    CHECK(printable(std::string_view("a\0b", 3)) == "a?b");
    CHECK(width_of("\xe6\xb4\x9e"
                   "e\xcc\x81")
        == 3); // a wide character, and one with an accent of its own
}

TEST_CASE("counts: one is not several")
{
    CHECK(counted(0, "room") == "0 rooms");
    CHECK(counted(1, "room") == "1 room");
}

TEST_CASE("manual: what is declared is in it, and troff takes none of it for a request")
{
    CLI::App program("Does things.\n.so /etc/passwd", "thing");
    std::string file;
    bool quick = false;
    CLI::App* group = program.add_subcommand("part", "Parts");
    CLI::App* command = group->add_subcommand("add-one", "Adds \\fBone\\fR, isn't it");
    command->add_option("file", file, ".file")->required();
    command->add_flag("--quick", quick, "Quickly");
    add_documents(program, {});
    const std::string page = manual_page(program, {});
    CHECK(page.find(".SS \"part add\\-one\"\n") != std::string::npos);
    CHECK(page.find("[\\fB\\-\\-quick\\fR] \\fIFILE\\fR\n") != std::string::npos);
    CHECK(page.find("Adds \\efBone\\efR, isn\\(aqt it.\n") != std::string::npos);
    CHECK(page.find("\n.so") == std::string::npos);
    CHECK(page.find("\n.file") == std::string::npos);
    CHECK(page.find(".SS \"documents") == std::string::npos);
    CHECK(path_of(*command) == "part add-one");
}

TEST_CASE("completions: quotes in a description end nothing")
{
    CLI::App program("Does things", "thing");
    program.add_subcommand("go", "Goes where it's told");
    CHECK(zsh_completion(program).find("'go:Goes where it'\\''s told'") != std::string::npos);
    CHECK(fish_completion(program).find("-a go -d 'Goes where it'\\''s told'") != std::string::npos);
}
