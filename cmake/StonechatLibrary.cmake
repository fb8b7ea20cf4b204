# SPDX-License-Identifier: Apache-2.0
# One static library per folder of src/. New files are found by themselves.

# stonechat_library(<folder> [ASIO] [DEPS <folders>...] [LINK <external targets>...] [EXCLUDE <subfolder>...])
#   DEPS     the folders this one may include: the layering, stated where the linker sees it
#   LINK     foreign libraries
#   ASIO     the folder does I/O: link Asio, use the precompiled header that has it
#   EXCLUDE  subfolders that belong to another target
# A folder without a source yet becomes an INTERFACE library, so that others can name it already.
function(stonechat_library folder)
    cmake_parse_arguments(PARSE_ARGV 1 arg "ASIO" "" "DEPS;LINK;EXCLUDE")
    set(dir "${CMAKE_SOURCE_DIR}/src/${folder}")
    file(GLOB sources CONFIGURE_DEPENDS "${dir}/*.cpp" "${dir}/*/*.cpp")
    foreach(sub IN LISTS arg_EXCLUDE)
        list(FILTER sources EXCLUDE REGEX "^${dir}/${sub}/")
    endforeach()

    set(target stonechat_${folder})
    set(scope PUBLIC)
    if(sources)
        add_library(${target} STATIC ${sources})
    else()
        add_library(${target} INTERFACE)
        set(scope INTERFACE)
    endif()

    target_include_directories(${target} ${scope} "${CMAKE_SOURCE_DIR}/src")
    list(TRANSFORM arg_DEPS PREPEND stonechat_)
    target_link_libraries(${target} ${scope} ${arg_DEPS} ${arg_LINK})
    set(pch std)
    if(arg_ASIO)
        set(pch asio)
        target_link_libraries(${target} ${scope} stonechat_asio)
    endif()
    if(sources)
        stonechat_use_pch(${target} ${pch})
    endif()
    set_property(GLOBAL PROPERTY stonechat_pch_of_${folder} ${pch})
    set_property(GLOBAL APPEND PROPERTY stonechat_folders ${folder})
endfunction()

# stonechat_executable(<name> PCH <std|asio|cli> SOURCES <globs>... LINK <targets>...): skipped without sources.
function(stonechat_executable name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "PCH" "SOURCES;LINK")
    file(GLOB sources CONFIGURE_DEPENDS ${arg_SOURCES})
    if(NOT sources)
        return()
    endif()
    add_executable(${name} ${sources})
    target_compile_definitions(${name} PRIVATE STONECHAT_VERSION="${PROJECT_VERSION}")
    target_link_libraries(${name} PRIVATE ${arg_LINK})
    stonechat_use_pch(${name} ${arg_PCH})
endfunction()

# The load client knows no XMPP of ours: it must be able to measure any server, and to disagree with us.
function(stonechat_bench)
    stonechat_executable(stonechat-bench PCH cli
        SOURCES "${CMAKE_SOURCE_DIR}/bench/*.cpp"
        LINK stonechat_base stonechat_asio stonechat_json OpenSSL::SSL fmt::fmt CLI11::CLI11)
    if(TARGET stonechat-bench)
        add_dependencies(programs stonechat-bench)
    endif()
endfunction()
