// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/call_scheduler.hpp"

namespace stonechat::sqlite {

std::shared_ptr<PendingCalls> OpenCalls::of(const AccountKey& key)
{
    std::string name;
    name.reserve(key.host.size() + key.user.size() + 1);
    name.append(key.user).append(1, '\0').append(key.host);
    auto& calls = by_account_[name];
    if (calls == nullptr) {
        calls = std::make_shared<PendingCalls>();
        calls->account = std::move(name);
    }
    return calls;
}

void OpenCalls::finish(PendingCalls& calls, bool write)
{
    --calls.calls;
    if (write) {
        --calls.writes;
        --writes_;
    }
    if (calls.calls == 0 && &calls != hosts_.get()) {
        by_account_.erase(calls.account);
    }
}

} // namespace stonechat::sqlite
