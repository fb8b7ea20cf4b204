// SPDX-License-Identifier: Apache-2.0
// The control protocol's fixed points, shared by the server and its clients: docs/protocol/ctl.md.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace stonechat::ctl {

/// The socket's name inside data_dir.
constexpr std::string_view socket_name = "stonechat.sock";

/// One request, with its line end.
constexpr std::size_t request_limit = 256 * 1024;
constexpr std::size_t connection_limit = 32;
/// Bytes waiting for a client that does not read; what a trace tells beyond them is left out and counted.
constexpr std::size_t output_limit = 1024 * 1024;
/// Accounts in one page of `user list`, stored rooms in one of `room list`.
constexpr std::size_t list_limit = 1000;
/// Accounts in one `user import`.
constexpr std::size_t import_limit = 500;

} // namespace stonechat::ctl
