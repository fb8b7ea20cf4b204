// SPDX-License-Identifier: Apache-2.0
// Constants of the control protocol, shared by the server and its clients: docs/protocol/ctl.md.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace stonechat::ctl {

/// Name of the socket in data_dir.
constexpr std::string_view socket_name = "stonechat.sock";

/// Maximum size of a request in bytes, with its line end.
constexpr std::size_t request_limit = 256 * 1024;
constexpr std::size_t connection_limit = 32;
/// Maximum bytes queued for a client that does not read. Further trace lines are dropped and counted.
constexpr std::size_t output_limit = 1024 * 1024;
/// Maximum accounts in one page of `user list`, and stored rooms in one page of `room list`.
constexpr std::size_t list_limit = 1000;
/// Maximum accounts in one `user import` request.
constexpr std::size_t import_limit = 500;

} // namespace stonechat::ctl
