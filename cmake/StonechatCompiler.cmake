# SPDX-License-Identifier: Apache-2.0
# How every file is compiled. All options and definitions are set for the whole tree, never for one
# target: the shared precompiled headers are valid only where the command line is the same.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

add_compile_options(-Wall -Wextra -Wswitch -Wimplicit-fallthrough)
if(STONECHAT_WERROR)
    add_compile_options(-Werror)
endif()

# With CMAKE_UNITY_BUILD, sources of one folder are compiled sixteen at a time, in less than half the time;
# their names must differ for that, also the private ones. Not the tests, which repeat theirs. That each
# source includes what it needs shows where clang-tidy compiles it alone.
set(CMAKE_UNITY_BUILD_BATCH_SIZE 16)
if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-subobject-linkage) # each source is "included" then
endif()

add_compile_options(-fstack-protector-strong)
add_link_options(-Wl,-z,relro,-z,now)

if(STONECHAT_SANITIZE)
    add_compile_options(-fsanitize=${STONECHAT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${STONECHAT_SANITIZE})
    if(STONECHAT_SANITIZE MATCHES "undefined")
        # It asks through a pipe whether memory is there, and cries wolf when no descriptor is left.
        add_compile_options(-fno-sanitize=vptr)
    endif()
    if(STONECHAT_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        add_compile_options(-Wno-tsan) # Asio's fences, which ThreadSanitizer does not follow
    endif()
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # GCC 12 sees ghosts in Result and in std::string when instrumented.
        add_compile_options(-Wno-maybe-uninitialized -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow)
    endif()
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_BUILD_TYPE STREQUAL "Release")
    # At -O2 it takes an empty std::optional of a string for one that is read.
    add_compile_options(-Wno-maybe-uninitialized)
endif()
if(STONECHAT_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()

if(NOT CMAKE_BUILD_TYPE STREQUAL "Release")
    add_compile_definitions(_GLIBCXX_ASSERTIONS)
endif()

# Asio is compiled once, into stonechat_asio; the same for Boost.JSON in stonechat_json.
add_compile_definitions(
    BOOST_ASIO_SEPARATE_COMPILATION
    BOOST_ASIO_NO_DEPRECATED
    BOOST_ALL_NO_LIB
    SPDLOG_COMPILED_LIB
    SPDLOG_SHARED_LIB
    SPDLOG_FMT_EXTERNAL
    FMT_SHARED)

# ccache has to be told that precompiled headers may be trusted; otherwise it never hits.
find_program(STONECHAT_CCACHE ccache)
mark_as_advanced(STONECHAT_CCACHE)
if(STONECHAT_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER
        "${CMAKE_COMMAND}" -E env
        "CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime"
        "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}"
        "${STONECHAT_CCACHE}")
    if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
        add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
    else()
        add_compile_options(-fpch-preprocess)
    endif()
endif()

find_program(STONECHAT_MOLD mold)
mark_as_advanced(STONECHAT_MOLD)
if(STONECHAT_MOLD)
    add_link_options(-fuse-ld=mold)
endif()
