// SPDX-License-Identifier: Apache-2.0
// What is asked of the archive of an account or a room, and the answer (XEP-0313 §4 and §5, XEP-0431): the
// form that a query may have, a query as the store understands it, and a page of results as the client gets
// it. Pure.
#pragma once

#include "base/result.hpp"
#include "storage/archive_store.hpp"
#include "xmpp/element.hpp"
#include "xmpp/stanza.hpp"
#include "xmpp/stanza_error.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

/// How much one page has at most.
struct ArchivePageLimits {
    std::size_t messages = 100;
    std::size_t messages_unasked = 50; ///< where the client names no number
    std::size_t bytes = 512 * 1024;
};

struct ArchiveRequest {
    ArchiveQuery query;
    std::string queryid;
    bool flip_page = false; ///< §4.3.4

    /// Asks for what is new in all conversations, up to the end.
    bool catches_up() const;
};

/// Reads `<query/>`; the error to answer with if it says what nobody here understands.
Result<ArchiveRequest, StanzaError> read_archive_request(const Element& query,
    const ArchivePageLimits& limits);

/// All the fields a query may have (§4.1.5).
Element archive_form();

/// One page as it goes out: the messages in the order in which they are to be sent, then `<fin/>`.
struct ArchiveAnswer {
    std::vector<Stanza> messages;
    Element fin;
};

/// `page` as `asker` gets it from `owner` (bare); cut at `limits.bytes`. `retouch` may change each stanza:
/// not everybody may see all that is kept of a room.
ArchiveAnswer archive_answer(const ArchiveRequest& request, ArchivePage page, const ArchivePageLimits& limits,
    const Jid& owner, const Jid& asker, void (*retouch)(Element& stanza) = nullptr);

/// `<metadata/>` (§5)
Element archive_metadata(const ArchiveEnds& ends);

} // namespace stonechat
