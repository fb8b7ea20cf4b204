# SPDX-License-Identifier: Apache-2.0
# Everything foreign, all of it from Debian 12 (packaging/debian-packages.txt).

find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(OpenSSL 3.0 REQUIRED COMPONENTS SSL Crypto)
find_package(SQLite3 3.40 REQUIRED)
find_package(EXPAT 2.5 REQUIRED)
find_package(ICU 72 REQUIRED COMPONENTS uc i18n data)
find_package(fmt 9 REQUIRED)
find_package(spdlog 1.10 REQUIRED)
find_package(CLI11 REQUIRED)
find_package(doctest REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(systemd REQUIRED IMPORTED_TARGET libsystemd)
pkg_check_modules(tomlplusplus REQUIRED IMPORTED_TARGET tomlplusplus)

# Precompiled headers, three for all: the standard library, the same with Asio, and that with CLI11.
function(stonechat_pch target header)
    file(WRITE "${CMAKE_BINARY_DIR}/pch/${target}.cpp.in" "// ${header} is all there is to compile here.\n")
    configure_file("${CMAKE_BINARY_DIR}/pch/${target}.cpp.in" "${CMAKE_BINARY_DIR}/pch/${target}.cpp" COPYONLY)
    add_library(${target} OBJECT "${CMAKE_BINARY_DIR}/pch/${target}.cpp")
    if(STONECHAT_PCH)
        target_precompile_headers(${target} PRIVATE "${CMAKE_SOURCE_DIR}/cmake/${header}")
    endif()
endfunction()

stonechat_pch(stonechat_pch_std pch_std.hpp)
stonechat_pch(stonechat_pch_asio pch_asio.hpp)
stonechat_pch(stonechat_pch_cli pch_cli.hpp)

function(stonechat_use_pch target which)
    if(STONECHAT_PCH)
        target_precompile_headers(${target} REUSE_FROM stonechat_pch_${which})
    endif()
endfunction()

add_library(stonechat_asio STATIC "${CMAKE_SOURCE_DIR}/cmake/boost_asio.cpp")
target_link_libraries(stonechat_asio PUBLIC Boost::headers Threads::Threads)

add_library(stonechat_json STATIC "${CMAKE_SOURCE_DIR}/cmake/boost_json.cpp")
target_link_libraries(stonechat_json PUBLIC Boost::headers)
