// SPDX-License-Identifier: Apache-2.0
#include "pubsub/item_answers.hpp"

#include "xmpp/serialize.hpp"

#include <utility>

namespace stonechat {
namespace {

constexpr std::size_t largest_answer = 64 * 1024;

std::string key_of(std::uint64_t version, const Element& request)
{
    std::string key = std::to_string(version);
    append_xml(key, request);
    return key;
}

} // namespace

const Element* ItemAnswers::find(std::uint64_t version, const Element& request)
{
    std::string key = key_of(version, request);
    if (const auto found = young_.find(key); found != young_.end()) {
        return &found->second.answer;
    }
    const auto found = old_.find(key);
    if (found == old_.end()) {
        return nullptr;
    }
    Kept kept = std::move(found->second);
    old_.erase(found);
    return keep(std::move(key), std::move(kept));
}

void ItemAnswers::add(std::uint64_t version, const Element& request, const Element& answer)
{
    std::string key = key_of(version, request);
    const std::size_t bytes = key.size() + xml_length(answer);
    if (bytes <= largest_answer) {
        keep(std::move(key), { answer, bytes });
    }
}

const Element* ItemAnswers::keep(std::string key, Kept kept)
{
    if (young_bytes_ + kept.bytes > half_) {
        old_ = std::exchange(young_, {});
        young_bytes_ = 0;
    }
    young_bytes_ += kept.bytes;
    return &young_.insert_or_assign(std::move(key), std::move(kept)).first->second.answer;
}

} // namespace stonechat
