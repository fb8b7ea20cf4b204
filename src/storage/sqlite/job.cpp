// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/job.hpp"

#include <algorithm>
#include <exception>

namespace stonechat::sqlite {

namespace {

/// Delivers all answers, even if the continuation of an earlier one throws.
void deliver_all(const Jobs& answers)
{
    std::exception_ptr first;
    for (const auto& job : answers) {
        try {
            job->deliver();
        } catch (...) {
            first = first ? first : std::current_exception();
        }
    }
    if (first) {
        std::rethrow_exception(first);
    }
}

} // namespace

void post_home(Jobs jobs)
{
    // There are only as many Storages as shards, so a linear search is fastest.
    std::vector<std::pair<std::shared_ptr<Channel>, Jobs>> parcels;
    for (auto& job : jobs) {
        auto parcel = std::find_if(parcels.begin(), parcels.end(),
            [&job](const auto& candidate) { return candidate.first == job->channel(); });
        if (parcel == parcels.end()) {
            parcel = parcels.emplace(parcels.end(), job->channel(), Jobs());
        }
        parcel->second.push_back(std::move(job));
    }
    for (auto& [channel, answers] : parcels) {
        const auto count = answers.size();
        channel->post([answers = std::move(answers)]() { deliver_all(answers); }, count);
    }
}

StoreError store_error(Failure failure)
{
    switch (failure) {
    case Failure::full: return StoreError::full;
    case Failure::damaged:
    case Failure::refused: return StoreError::damaged;
    case Failure::none:
    case Failure::io:
    case Failure::other: break;
    }
    return StoreError::unavailable;
}

} // namespace stonechat::sqlite
