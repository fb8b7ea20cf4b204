// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/desk.hpp"

namespace stonechat::sqlite {

std::shared_ptr<Traffic> OpenCalls::of(const AccountKey& key)
{
    std::string name;
    name.reserve(key.host.size() + key.user.size() + 1);
    name.append(key.user).append(1, '\0').append(key.host);
    auto& traffic = by_account_[name];
    if (traffic == nullptr) {
        traffic = std::make_shared<Traffic>();
        traffic->account = std::move(name);
    }
    return traffic;
}

void OpenCalls::finish(Traffic& traffic, bool write)
{
    --traffic.calls;
    if (write) {
        --traffic.writes;
        --writes_;
    }
    if (traffic.calls == 0 && &traffic != hosts_.get()) {
        by_account_.erase(traffic.account);
    }
}

} // namespace stonechat::sqlite
