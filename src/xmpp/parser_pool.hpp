// SPDX-License-Identifier: Apache-2.0
// ParserPool: the XML parsers that the streams of one shard share. A stream borrows one when a tag of a
// first-level element has come and gives it back between two elements (StreamParser::feed), so that a
// thousand busy streams need one or two parsers, which stay in the processor's cache, and an idle one
// holds none. Streams whose root declares something unusual do not share: they have a parser of their
// own. Owned by the shard, used on its thread only; pure.
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

    /// Bytes held by the parsers that nobody has borrowed.
    std::size_t memory() const;

    // By StreamParser.
    /// A parser that stands behind `root_tag`, from now on under `limits`; null if there is none.
    /// `root_tag` is compared by its address: it has to be a constant.
    std::unique_ptr<TreeBuilder> borrow(std::string_view root_tag, const ParserLimits& limits);
    /// Takes one that stands between two elements. It is destroyed if there are enough.
    void give_back(std::string_view root_tag, std::unique_ptr<TreeBuilder> builder);

private:
    struct Spare {
        std::string_view root_tag;
        std::unique_ptr<TreeBuilder> builder;
    };
    std::vector<Spare> spares_;
};

} // namespace stonechat
