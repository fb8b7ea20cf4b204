// SPDX-License-Identifier: Apache-2.0
// stonechatctl user import: a file of accounts, sent in portions, with progress on a terminal.
#pragma once

#include "ctl/client/options.hpp"

namespace stonechat::ctl {

/// `file` has lines of "user@host password"; empty lines and those with # in front are passed over.
/// Accounts that exist or are refused are named at the end; the others are made all the same.
Exit import_accounts(const Options& options, const std::string& file);

} // namespace stonechat::ctl
