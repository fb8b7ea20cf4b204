// SPDX-License-Identifier: Apache-2.0
//
// The loads of the mode `pubsub`. Each prepares what it needs with ordinary requests, measures, writes its
// figures into the report of the workbench, and answers whether everything went as it should.
#pragma once

#include "workbench.hpp"

#include <cstdint>
#include <string>

namespace stonechat::bench {

struct PubsubMode {
    CommonOptions common;
    std::string load;
    double seconds = 10;
    double warm_up = 2;
    std::uint32_t contacts = 0; ///< of a publisher, or of the one who logs in; 0: what the load is made for
    std::uint32_t publishers = 10;
    std::uint32_t outstanding = 0; ///< requests on the way of each client; 0: what the load is made for
    std::uint32_t nodes = 3;       ///< of each contact
    std::uint32_t logins = 100;
    std::uint32_t readers = 10;
    std::uint32_t payload = 0; ///< bytes of an item; 0: what the load is made for
    std::uint32_t subscribers = 10'000;
    std::uint32_t connected = 300; ///< of the subscribers
    std::uint32_t publications = 50;
    std::string service;
};

/// Publishers whose contacts all want their events (XEP-0163).
bool measure_publishing(const PubsubMode& mode, Workbench& bench);
/// One who logs in and gets the newest items of all contacts.
bool measure_last_items(const PubsubMode& mode, Workbench& bench);
/// Strangers who read an open node of somebody offline, as a client does before it writes with OMEMO.
bool measure_fetching(const PubsubMode& mode, Workbench& bench);
/// A node of a pubsub service with very many subscribers (XEP-0060).
bool measure_crowd(const PubsubMode& mode, Workbench& bench);

/// The number that a load uses: that of the option, or its own.
inline std::uint32_t or_default(std::uint32_t option, std::uint32_t own)
{
    return option == 0 ? own : option;
}

/// Server and client CPU of a load that did `count` things, and how much of its core each used.
void report_cpu(Report& report, const CpuSpan& span, std::uint64_t count);

} // namespace stonechat::bench
