// SPDX-License-Identifier: Apache-2.0
// The payload of an item, whatever it is, comes out of the store and into an answer as the same element: it
// is not parsed on the way (pubsub/events), so it must not be able to leave its place.
#include "expect.hpp"
#include "pubsub/events.hpp"
#include "storage/node_store.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stream_parser.hpp"

#include <cstdint>
#include <string_view>

using namespace stonechat;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto payload = parse_element(std::string_view(reinterpret_cast<const char*>(data), size));
    if (!payload) {
        return 0;
    }
    NodeItem item;
    item.id = "it's <1>";
    item.payload = to_xml(*payload);
    for (const std::string_view ns : { ns::pubsub, ns::pubsub_event }) {
        Element items("items", Namespace(ns));
        items.add(to_element(item, NodeConfig(), ns, true));
        items.add("end");
        const auto read = parse_element(to_xml(items, ns::client));
        expect(read.has_value(), "an answer is no XML");
        expect(read->child_count() == 2, "an item has left its place");
        const Element* sent = read->first_child()->first_child();
        expect(sent != nullptr && read->first_child()->child_count() == 1, "an item has not one payload");
        expect(*sent == *payload, "a payload has changed");
    }
    return 0;
}
