// SPDX-License-Identifier: Apache-2.0
#include "router/archive_query.hpp"

#include "xmpp/data_form.hpp"
#include "xmpp/date_time.hpp"
#include "xmpp/delay.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/result_set.hpp"
#include "xmpp/stream_parser.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace stonechat {
namespace {

using Field = DataForm::Field;
using FieldType = DataForm::FieldType;
using Refusal = std::optional<StanzaError>; ///< nullopt: no objection

/// The queryid is repeated in every message of the page.
constexpr std::size_t longest_queryid = 256;
constexpr std::size_t longest_search = 1024;

constexpr std::string_view search_field = "{urn:xmpp:fulltext:0}fulltext"; // XEP-0431 §3.1

StanzaError broken_query(std::string_view what)
{
    return StanzaError(StanzaError::bad_request, what);
}

StanzaError unknown_id()
{
    return StanzaError(StanzaError::item_not_found);
}

/// Parses an id in the form that we write; nullopt otherwise: no message can have it.
Refusal read_id_into(std::optional<MessageId>& id, std::string_view text)
{
    id = read_archive_id(text);
    return id ? Refusal() : unknown_id();
}

Refusal read_with(const Field& field, ArchiveQuery& query)
{
    query.with = Jid::parse(field.values.front());
    return query.with ? Refusal() : broken_query("`with` is no address");
}

Refusal read_start(const Field& field, ArchiveQuery& query)
{
    query.start = parse_datetime(field.values.front());
    return query.start ? Refusal() : broken_query("`start` is no time");
}

/// Timestamps are sent in milliseconds but stored in microseconds: an `end` in milliseconds includes its
/// whole millisecond.
Refusal read_end(const Field& field, ArchiveQuery& query)
{
    constexpr std::chrono::milliseconds millisecond { 1 };
    query.end = parse_datetime(field.values.front());
    if (!query.end) {
        return broken_query("`end` is no time");
    }
    if (query.end->time_since_epoch() % millisecond == std::chrono::microseconds(0)) {
        *query.end += millisecond - std::chrono::microseconds(1);
    }
    return {};
}

Refusal read_before_id(const Field& field, ArchiveQuery& query)
{
    return read_id_into(query.before_id, field.values.front());
}

Refusal read_after_id(const Field& field, ArchiveQuery& query)
{
    return read_id_into(query.after_id, field.values.front());
}

Refusal read_ids(const Field& field, ArchiveQuery& query)
{
    for (const std::string& text : field.values) {
        const auto id = read_archive_id(text);
        if (!id) {
            return unknown_id();
        }
        query.ids.push_back(*id);
    }
    return {};
}

/// Groupchat messages are in the archives of rooms, never in an account's: the flag does not change the
/// answer.
Refusal read_include_groupchat(const Field& field, ArchiveQuery&)
{
    constexpr std::array words { "true", "false", "1", "0" };
    const bool is_flag = std::find(words.begin(), words.end(), field.values.front()) != words.end();
    return is_flag ? Refusal() : broken_query("`include-groupchat` is neither true nor false");
}

Refusal read_search(const Field& field, ArchiveQuery& query)
{
    query.text = field.values.front();
    return query.text.size() <= longest_search ? Refusal() : broken_query("The search is too long");
}

struct KnownField {
    std::string_view var;
    FieldType type;
    Refusal (*read)(const Field& field, ArchiveQuery& query);
    bool for_messages_only = false;

    bool is_for(ArchiveKind kind) const { return kind == ArchiveKind::messages || !for_messages_only; }
};

constexpr std::array known_fields {
    KnownField { "with", FieldType::jid_single, read_with },
    KnownField { "start", FieldType::text_single, read_start },
    KnownField { "end", FieldType::text_single, read_end },
    KnownField { "before-id", FieldType::text_single, read_before_id },
    KnownField { "after-id", FieldType::text_single, read_after_id },
    KnownField { "ids", FieldType::list_multi, read_ids },
    KnownField { "include-groupchat", FieldType::boolean, read_include_groupchat, true },
    KnownField { search_field, FieldType::text_single, read_search, true },
};

Refusal read_field(const Field& field, ArchiveKind kind, ArchiveQuery& query)
{
    if (field.var == "FORM_TYPE") {
        return {};
    }
    const auto known = std::find_if(known_fields.begin(), known_fields.end(),
        [&field, kind](const KnownField& candidate) {
            return candidate.var == field.var && candidate.is_for(kind);
        });
    if (known == known_fields.end()) {
        return StanzaError(StanzaError::feature_not_implemented, "There is no field " + field.var); // §4.1.5
    }
    if (field.values.empty()) {
        return {};
    }
    if (known->type != FieldType::list_multi && field.values.size() > 1) {
        return broken_query("A field has several values");
    }
    return known->read(field, query);
}

Refusal read_form(const Element& x, ArchiveKind kind, ArchiveQuery& query)
{
    const auto form = DataForm::from_element(x);
    if (!form) {
        return form.error();
    }
    if (form->type() != DataForm::Type::submit || form->form_type() != ns::archive) {
        return broken_query("This is not the form of an archive");
    }
    for (const Field& field : form->fields()) {
        if (auto refusal = read_field(field, kind, query)) {
            return refusal;
        }
    }
    return {};
}

Refusal read_page(const ResultSetQuery& set, const ArchivePageLimits& limits, ArchiveQuery& query)
{
    if (set.index) {
        return StanzaError(
            StanzaError::feature_not_implemented); // XEP-0059 §2.4: access by index is not supported
    }
    query.limit = std::min(set.max.value_or(limits.messages_unasked), limits.messages);
    query.from_the_end = set.before.has_value();
    if (set.before && !set.before->empty()) {
        if (auto refusal = read_id_into(query.page_before, *set.before)) {
            return refusal;
        }
    }
    return set.after && !set.after->empty() ? read_id_into(query.page_after, *set.after) : Refusal();
}

/// Returns the `<forwarded/>` of a result; without the stanza if that cannot be parsed (§3.2 allows this).
Element forwarded(const ArchivedMessage& message, void (*retouch)(Element& stanza))
{
    Element element("forwarded", ns::forward);
    element.add(Delay { message.stamp, {}, {} }.to_element());
    if (auto stanza = parse_element(message.xml)) {
        if (retouch != nullptr) {
            retouch(*stanza);
        }
        element.add(std::move(*stanza));
    }
    return element;
}

Stanza result_message(const ArchivedMessage& message, std::string_view queryid, const Jid& owner,
    const Jid& asker, void (*retouch)(Element& stanza))
{
    Stanza stanza = Stanza::message(owner, asker);
    stanza.element().add(archive_result(message, queryid, retouch));
    return stanza;
}

/// Cuts the page to `most_bytes` (but keeps one message), at the end where paging continues.
void cut(ArchivePage& page, bool from_the_end, std::size_t most_bytes)
{
    auto& messages = page.messages;
    std::size_t bytes = 0;
    std::size_t fitting = 0;
    while (fitting < messages.size()) {
        bytes += messages[from_the_end ? messages.size() - 1 - fitting : fitting].xml.size();
        if (fitting > 0 && bytes > most_bytes) {
            break;
        }
        ++fitting;
    }
    const std::size_t left_out = messages.size() - fitting;
    if (left_out == 0) {
        return;
    }
    page.complete = false;
    if (!from_the_end) {
        messages.resize(fitting);
        return;
    }
    messages.erase(messages.begin(), messages.begin() + static_cast<std::ptrdiff_t>(left_out));
    if (page.first_index) {
        *page.first_index += left_out;
    }
}

Element fin_of(const ArchivePage& page)
{
    ResultSetPage set;
    set.count = page.count;
    if (!page.messages.empty()) {
        set.first = std::to_string(page.messages.front().id);
        set.last = std::to_string(page.messages.back().id);
        set.first_index = page.first_index;
    }
    Element fin("fin", ns::archive);
    if (page.complete) {
        fin.set_attribute("complete", "true");
    }
    fin.add(set.to_element());
    return fin;
}

} // namespace

std::optional<MessageId> read_archive_id(std::string_view text)
{
    MessageId id = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), id);
    const bool all = failure == std::errc() && end == text.data() + text.size();
    return all && std::to_string(id) == text ? std::optional(id) : std::nullopt;
}

Element archive_result(const ArchivedMessage& message, std::string_view queryid,
    void (*retouch)(Element& stanza))
{
    Element result("result", ns::archive);
    if (!queryid.empty()) {
        result.set_attribute("queryid", queryid);
    }
    result.set_attribute("id", std::to_string(message.id));
    result.add(forwarded(message, retouch));
    return result;
}

bool ArchiveRequest::catches_up() const
{
    return !query.with && query.text.empty() && query.ids.empty() && !query.end && !query.before_id
        && !query.page_before && query.limit > 0;
}

Result<ArchiveRequest, StanzaError> read_archive_request(const Element& query,
    const ArchivePageLimits& limits, ArchiveKind kind)
{
    ArchiveRequest request;
    request.queryid = query.attribute_or("queryid");
    if (request.queryid.size() > longest_queryid) {
        return broken_query("The queryid is too long");
    }
    if (kind == ArchiveKind::messages && query.has_attribute("node")) {
        return unknown_id(); // XEP-0442: the archive of an account or a room has no nodes
    }
    if (const Element* x = query.child("x", ns::data_forms)) {
        if (auto refusal = read_form(*x, kind, request.query)) {
            return std::move(*refusal);
        }
    }
    const auto set = ResultSetQuery::from_parent(query);
    if (!set) {
        return set.error();
    }
    if (auto refusal = read_page(*set, limits, request.query)) {
        return std::move(*refusal);
    }
    request.flip_page = query.child("flip-page") != nullptr;
    return request;
}

Element archive_form(ArchiveKind kind)
{
    DataForm form(DataForm::Type::form, ns::archive);
    for (const KnownField& known : known_fields) {
        if (!known.is_for(kind)) {
            continue;
        }
        Field field;
        field.var = known.var;
        field.type = known.type;
        form.add(std::move(field));
    }
    Element x = form.to_element();
    for (auto& node : x.nodes()) {
        auto* field = std::get_if<Element>(&node);
        if (field != nullptr && field->attribute_or("var") == "ids") { // §4.1.5: open to any value (XEP-0122)
            Element& validate = field->add("validate", ns::data_forms_validate);
            validate.set_attribute("datatype", "xs:string").add("open");
        }
    }
    return x;
}

ArchiveAnswer archive_answer(const ArchiveRequest& request, ArchivePage page, const ArchivePageLimits& limits,
    const Jid& owner, const Jid& asker, void (*retouch)(Element& stanza))
{
    if (request.query.limit == 0) { // XEP-0059 §2.6: the client asked only for the count
        page.messages.clear();
        page.complete = page.count == std::size_t(0);
    }
    cut(page, request.query.from_the_end, limits.bytes);
    ArchiveAnswer answer { {}, fin_of(page) };
    answer.messages.reserve(page.messages.size());
    for (const ArchivedMessage& message : page.messages) {
        answer.messages.push_back(result_message(message, request.queryid, owner, asker, retouch));
    }
    if (request.flip_page) {
        std::reverse(answer.messages.begin(), answer.messages.end());
    }
    return answer;
}

Element archive_metadata(const ArchiveEnds& ends)
{
    Element metadata("metadata", ns::archive);
    const auto add = [&metadata](std::string_view name, const ArchiveEnds::End& end) {
        metadata.add(name)
            .set_attribute("id", std::to_string(end.id))
            .set_attribute("timestamp", to_datetime(end.stamp, true));
    };
    if (ends.oldest && ends.newest) {
        add("start", *ends.oldest);
        add("end", *ends.newest);
    }
    return metadata;
}

} // namespace stonechat
