// SPDX-License-Identifier: Apache-2.0
#include "xmpp/parser_pool.hpp"

#include "xmpp/tree_builder.hpp"

#include <algorithm>
#include <utility>

namespace stonechat {
namespace {

/// One feed uses one parser, and streams that wait for the rest of an element keep theirs, so more would be
/// unused.
constexpr std::size_t most_spares = 4;

} // namespace

ParserPool::ParserPool() = default;
ParserPool::~ParserPool() = default;

std::size_t ParserPool::memory() const
{
    std::size_t bytes = 0;
    for (const Spare& spare : spares_) {
        bytes += sizeof(TreeBuilder) + spare.builder->expat_bytes();
    }
    return bytes;
}

std::unique_ptr<TreeBuilder> ParserPool::borrow(std::string_view root_tag, const ParserLimits& limits)
{
    // The parser that was returned last is most likely in the processor's cache.
    const auto found = std::find_if(spares_.rbegin(), spares_.rend(),
        [root_tag](const Spare& spare) { return spare.root_tag.data() == root_tag.data(); });
    if (found == spares_.rend()) {
        return nullptr;
    }
    auto builder = std::move(found->builder);
    spares_.erase(std::next(found).base());
    builder->set_limits(limits);
    return builder;
}

void ParserPool::give_back(std::string_view root_tag, std::unique_ptr<TreeBuilder> builder)
{
    if (spares_.size() < most_spares) {
        spares_.push_back({ root_tag, std::move(builder) });
    }
}

} // namespace stonechat
