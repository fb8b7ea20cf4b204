// SPDX-License-Identifier: Apache-2.0
#include "pubsub/bounces.hpp"

#include <doctest/doctest.h>

using namespace stonechat;

namespace {

using Kind = NodeConfig::MessageKind;
using Type = StanzaError::Type;

} // namespace

// XEP-0060 §12.4-1
TEST_CASE("bounces: errors that show that the subscriber is gone (XEP-0060 §12.4)")
{
    CHECK(shows_gone(StanzaError(StanzaError::item_not_found), Kind::headline));
    CHECK(shows_gone(StanzaError(StanzaError::not_allowed), Kind::headline));
    CHECK(shows_gone(StanzaError(StanzaError::undefined_condition, Type::cancel), Kind::headline));
    CHECK(shows_gone(StanzaError(StanzaError::gone, Type::modify), Kind::normal));
}

TEST_CASE("bounces: errors after which another event may arrive (XEP-0060 §12.4)")
{
    CHECK_FALSE(shows_gone(StanzaError(StanzaError::recipient_unavailable), Kind::headline));
    CHECK_FALSE(shows_gone(StanzaError(StanzaError::remote_server_timeout), Kind::headline));
    CHECK_FALSE(shows_gone(StanzaError(StanzaError::registration_required), Kind::headline));
    CHECK_FALSE(shows_gone(StanzaError(StanzaError::item_not_found, Type::wait), Kind::headline));
    for (const auto condition :
        { StanzaError::bad_request, StanzaError::redirect, StanzaError::not_acceptable,
            StanzaError::internal_server_error, StanzaError::remote_server_not_found }) {
        CAPTURE(to_text(condition));
        CHECK_FALSE(shows_gone(StanzaError(condition, Type::cancel), Kind::headline));
    }
}

TEST_CASE("bounces: service-unavailable may come from somebody who is offline, unless it answers a headline")
{
    CHECK(shows_gone(StanzaError(StanzaError::service_unavailable), Kind::headline));
    CHECK_FALSE(shows_gone(StanzaError(StanzaError::service_unavailable), Kind::normal));
    CHECK_FALSE(shows_gone(StanzaError(StanzaError::service_unavailable, Type::wait), Kind::headline));
}
