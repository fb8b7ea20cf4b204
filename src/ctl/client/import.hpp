// SPDX-License-Identifier: Apache-2.0
// stonechatctl user import: sends a file of accounts in portions and shows progress on a terminal.
#pragma once

#include "ctl/client/options.hpp"

namespace stonechat::ctl {

/// Imports `file`, which has lines of "user@host password"; empty lines and lines that begin with # are
/// skipped. Accounts that exist or are refused are listed at the end; all others are created.
Exit import_accounts(const Options& options, const std::string& file);

} // namespace stonechat::ctl
