// SPDX-License-Identifier: Apache-2.0
// A node's configuration that was read from any form is stored and read again as the same, and meets itself
// as a precondition; forms that are refused change nothing.
#include "expect.hpp"
#include "pubsub/node_config.hpp"
#include "xmpp/stream_parser.hpp"

#include <cstdint>
#include <string_view>

using namespace stonechat;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const NodeConfig stored = node_config_from_text(text);
    expect(node_config_from_text(to_text(stored)) == stored,
        "a stored configuration changes when it is read");
    const auto x = parse_element(text);
    const auto form = x ? DataForm::from_element(*x) : Result<DataForm, StanzaError>(StanzaError());
    if (!form) {
        return 0;
    }
    NodeConfigLimits limits;
    limits.has_contacts = true;
    const auto config = read_node_config(NodeConfig(), *form, limits);
    if (!config) {
        return 0;
    }
    expect(node_config_from_text(to_text(*config)) == *config, "a configuration is lost in the store");
    expect(config->max_items >= 1, "a node for no items");
    if (!impossible_precondition(NodeConfig(), *form, limits)) {
        expect(!unmet_precondition(*config, NodeConfig(), *form, limits),
            "a node does not meet what it was made with");
    }
    return 0;
}
