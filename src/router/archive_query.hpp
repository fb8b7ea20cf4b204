// SPDX-License-Identifier: Apache-2.0
// Archive queries of an account, a room or a node (XEP-0313 §4 and §5, XEP-0431, XEP-0442): the query form,
// the parsed query as the store takes it, and a page of results as the client gets it. Pure.
#pragma once

#include "base/result.hpp"
#include "storage/archive_store.hpp"
#include "xmpp/element.hpp"
#include "xmpp/stanza.hpp"
#include "xmpp/stanza_error.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

/// Upper limits of one page.
struct ArchivePageLimits {
    std::size_t messages = 100;
    std::size_t messages_unasked = 50; ///< if the client gives no <max/>
    std::size_t bytes = 512 * 1024;
};

struct ArchiveRequest {
    ArchiveQuery query;
    std::string queryid;
    bool flip_page = false; ///< §4.3.4

    /// Whether the query catches up: it asks for the newest messages of all conversations, up to the end.
    bool catches_up() const;
};

/// What is in an archive: the messages of an account or a room, or the items of a node.
enum class ArchiveKind { messages, items };

/// Parses `<query/>`. Returns the error to answer with if the query is invalid or uses something unsupported.
Result<ArchiveRequest, StanzaError> read_archive_request(const Element& query,
    const ArchivePageLimits& limits, ArchiveKind kind = ArchiveKind::messages);

/// Returns the form with all fields that a query may have (§4.1.5).
Element archive_form(ArchiveKind kind = ArchiveKind::messages);

/// Reads an id of an archive. Returns nullopt if the text is none.
std::optional<MessageId> read_archive_id(std::string_view text);

/// Returns `<result/>` (§4.2). `retouch` may change the stanza: not everybody may see all that the archive of
/// a room holds.
Element archive_result(const ArchivedMessage& message, std::string_view queryid,
    void (*retouch)(Element& stanza) = nullptr);

/// One page of results: the messages in the order in which they are to be sent, then `<fin/>`.
struct ArchiveAnswer {
    std::vector<Stanza> messages;
    Element fin;
};

/// Returns `page` as it is sent to `asker` from `owner` (bare), cut at `limits.bytes`. `retouch` is as
/// for archive_result.
ArchiveAnswer archive_answer(const ArchiveRequest& request, ArchivePage page, const ArchivePageLimits& limits,
    const Jid& owner, const Jid& asker, void (*retouch)(Element& stanza) = nullptr);

/// Returns `<metadata/>` (§5).
Element archive_metadata(const ArchiveEnds& ends);

} // namespace stonechat
