// SPDX-License-Identifier: Apache-2.0
#include "router/store_errors.hpp"

namespace stonechat {

StanzaError to_stanza_error(StoreError error)
{
    switch (error) {
    case StoreError::full: return StanzaError(StanzaError::resource_constraint, StanzaError::Type::wait);
    case StoreError::unavailable:
    case StoreError::unknown:
    case StoreError::damaged: return StanzaError(StanzaError::internal_server_error, StanzaError::Type::wait);
    }
    return StanzaError(StanzaError::internal_server_error);
}

} // namespace stonechat
