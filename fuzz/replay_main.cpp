// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target over files, without libFuzzer: `replay_<name> FILE_OR_FOLDER...`. A finding is a
// crash or a sanitizer's report; the name printed last is the input that caused it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {
namespace fs = std::filesystem;

std::vector<fs::path> files_under(const fs::path& path)
{
    if (!fs::is_directory(path)) {
        return { path };
    }
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(path)) {
        if (entry.is_regular_file()) {
            files.push_back(entry.path());
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

bool replay(const fs::path& file)
{
    std::ifstream in(file, std::ios::binary);
    if (!in) {
        std::fprintf(stderr, "cannot read %s\n", file.c_str());
        return false;
    }
    const std::vector<char> bytes { std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>() };
    std::printf("%s\n", file.c_str());
    std::fflush(stdout);
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    return true;
}
} // namespace

int main(int argc, char** argv)
{
    std::size_t done = 0;
    for (int i = 1; i < argc; ++i) {
        for (const fs::path& file : files_under(argv[i])) {
            if (!replay(file)) {
                return 1;
            }
            ++done;
        }
    }
    std::printf("%zu inputs replayed\n", done);
    return done == 0 ? 1 : 0;
}
