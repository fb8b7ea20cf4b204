// SPDX-License-Identifier: Apache-2.0
#include "router/dead_letters.hpp"

#include "base/log.hpp"
#include "router/host.hpp"
#include "storage/storage.hpp"
#include "xmpp/date_time.hpp"
#include "xmpp/serialize.hpp"

#include <string>

namespace stonechat {
namespace {

constexpr std::uint64_t kept = 100;

} // namespace

void DeadLetters::add(Host& host, const Stanza& stanza, std::string_view reason)
{
    host.log().error("stanza broke a handler",
        { { "from", stanza.from().text() }, { "to", stanza.to().text() }, { "reason", reason } });
    std::string pending = to_datetime(host.clock().wall(), true) + "\n" + std::string(reason) + "\n";
    append_xml(pending, stanza.element());
    std::string name = std::to_string(shard_) + "-" + std::to_string(count_ % kept);
    ++count_;
    AccountKey nobody { host.name(), {} };
    host.storage()
        .keyval()
        .set(nobody, "dead_letters", std::move(name), std::move(pending))
        .then([](const Result<Done, StoreError>&) {}); // a failure to store it is ignored: the log has it too
}

} // namespace stonechat
