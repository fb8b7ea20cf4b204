// SPDX-License-Identifier: Apache-2.0
// ParserPool: the XML parsers that the streams of one shard share. A stream borrows a parser when a tag of a
// first-level element has arrived, and returns it between two elements (StreamParser::feed). So a thousand
// busy streams need one or two parsers, which stay in the processor's cache, and an idle stream holds none. A
// stream whose root declares something unusual has its own parser. Owned by the shard, used on its thread
// only; pure.
#pragma once

#include "xmpp/stream_parser.hpp"

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace stonechat {

class TreeBuilder;

class ParserPool {
public:
    ParserPool();
    ~ParserPool();
    ParserPool(const ParserPool&) = delete;
    ParserPool& operator=(const ParserPool&) = delete;

    /// Returns the bytes held by the parsers that are not borrowed.
    std::size_t memory() const;

    // Called by StreamParser.
    /// Returns a parser that has read `root_tag`, with `limits` from now on; null if there is none.
    /// `root_tag` is compared by its address, so it must be a constant.
    std::unique_ptr<TreeBuilder> borrow(std::string_view root_tag, const ParserLimits& limits);
    /// Takes back a parser that is between two elements. Destroys it if the pool has enough.
    void give_back(std::string_view root_tag, std::unique_ptr<TreeBuilder> builder);

private:
    struct Spare {
        std::string_view root_tag;
        std::unique_ptr<TreeBuilder> builder;
    };
    std::vector<Spare> spares_;
};

} // namespace stonechat
