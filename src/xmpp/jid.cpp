// SPDX-License-Identifier: Apache-2.0
#include "xmpp/jid.hpp"

#include "xmpp/precis.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>

namespace stonechat {
namespace {

constexpr std::size_t max_part = 1023; // RFC 7622 §3.2 to §3.4
constexpr std::size_t max_label = 63;  // RFC 1035 §2.3.4

// For each byte, the parts of an address in which the path without ICU accepts it.
enum : std::uint8_t {
    in_local = 1,    // RFC 7622 §3.3.1: PRECIS ASCII7 without "&'/:<>@
    in_domain = 2,   // letter, digit, hyphen, dot
    in_resource = 4, // ASCII7 and space
    upper = 8,
    beyond_ascii = 16,
};

constexpr std::array<std::uint8_t, 256> make_classes()
{
    std::array<std::uint8_t, 256> classes {};
    for (std::size_t c = 0x20; c < 0x7f; ++c) {
        classes[c] = in_resource;
        if (c != 0x20 && std::string_view("\"&'/:<>@").find(static_cast<char>(c)) == std::string_view::npos) {
            classes[c] |= in_local;
        }
        const bool is_upper = c >= 'A' && c <= 'Z';
        if (is_upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.') {
            classes[c] |= in_domain;
        }
        if (is_upper) {
            classes[c] |= upper;
        }
    }
    for (std::size_t c = 0x80; c < 0x100; ++c) {
        classes[c] = beyond_ascii;
    }
    return classes;
}

constexpr auto classes = make_classes();

/// The properties that all bytes of a part have, and those that any byte has.
struct Summary {
    std::uint8_t all = 0xff;
    std::uint8_t any = 0;
};

Summary summarise(std::string_view part)
{
    Summary summary;
    for (const char c : part) {
        const std::uint8_t byte_class = classes[static_cast<unsigned char>(c)];
        summary.all &= byte_class;
        summary.any |= byte_class;
    }
    return summary;
}

void append_lower(std::string& out, std::string_view part, bool has_upper)
{
    const std::size_t at = out.size();
    out += part;
    if (!has_upper) {
        return;
    }
    for (std::size_t i = at; i < out.size(); ++i) {
        const bool is_upper = (classes[static_cast<unsigned char>(out[i])] & upper) != 0;
        out[i] = static_cast<char>(out[i] + (is_upper ? 'a' - 'A' : 0));
    }
}

bool append_prepared(std::string& out, const std::optional<std::string>& prepared)
{
    if (!prepared || prepared->empty() || prepared->size() > max_part) {
        return false;
    }
    out += *prepared;
    return true;
}

/// The characters that RFC 7622 §3.3.1 forbids in a localpart in addition to the profile. Checked after width
/// mapping, which turns a fullwidth `@` into `@`.
bool has_excluded_character(std::string_view local)
{
    return local.find_first_of("\"&'/:<>@") != std::string_view::npos;
}

bool append_local(std::string& out, std::string_view local)
{
    if (local.empty()) {
        return false;
    }
    const Summary summary = summarise(local);
    if ((summary.any & beyond_ascii) == 0) {
        if ((summary.all & in_local) == 0 || local.size() > max_part) {
            return false;
        }
        append_lower(out, local, (summary.any & upper) != 0);
        return true;
    }
    if (local.size() > max_part * 4) {
        return false;
    }
    const auto prepared = prepare_username(local);
    return prepared && !has_excluded_character(*prepared) && append_prepared(out, prepared);
}

bool append_resource(std::string& out, std::string_view resource)
{
    if (resource.empty()) {
        return false;
    }
    const Summary summary = summarise(resource);
    if ((summary.any & beyond_ascii) == 0) {
        if ((summary.all & in_resource) == 0 || resource.size() > max_part) {
            return false;
        }
        out += resource;
        return true;
    }
    return resource.size() <= max_part * 4 && append_prepared(out, prepare_opaque(resource));
}

bool is_a_label(std::string_view label)
{
    return label.size() > 4 && (label[0] | 0x20) == 'x' && (label[1] | 0x20) == 'n' && label[2] == '-'
        && label[3] == '-';
}

enum class Labels { plain, encoded, broken };

/// Returns whether the labels of an ASCII name obey RFC 1034 §3.5, and whether one of them is an A-label.
Labels examine_labels(std::string_view domain)
{
    Labels verdict = Labels::plain;
    std::size_t from = 0;
    while (from <= domain.size()) {
        const std::size_t dot = std::min(domain.find('.', from), domain.size());
        const std::string_view label = domain.substr(from, dot - from);
        if (label.empty() || label.size() > max_label || label.front() == '-' || label.back() == '-') {
            return Labels::broken;
        }
        verdict = is_a_label(label) ? Labels::encoded : verdict;
        from = dot + 1;
    }
    return verdict;
}

/// Returns an IPv6 address in `[…]` in its canonical form (RFC 5952).
bool append_ip_literal(std::string& out, std::string_view domain)
{
    std::array<char, INET6_ADDRSTRLEN> text {};
    if (!domain.ends_with(']') || domain.size() < 4 || domain.size() - 2 >= text.size()) {
        return false;
    }
    std::copy(domain.begin() + 1, domain.end() - 1, text.begin());
    in6_addr address;
    if (inet_pton(AF_INET6, text.data(), &address) != 1) {
        return false;
    }
    inet_ntop(AF_INET6, &address, text.data(), text.size());
    out += '[';
    out += text.data();
    out += ']';
    return true;
}

bool append_domain(std::string& out, std::string_view domain)
{
    const std::string_view whole = domain;
    if (domain.ends_with('.')) {
        domain.remove_suffix(1); // RFC 7622 §3.2; prepare_domain() does the same after mapping
    }
    if (domain.empty() || domain.size() > max_part * 4) {
        return false;
    }
    if (domain.front() == '[') {
        return append_ip_literal(out, domain);
    }
    const Summary summary = summarise(domain);
    if ((summary.any & beyond_ascii) != 0) {
        return append_prepared(out, prepare_domain(whole));
    }
    if ((summary.all & in_domain) == 0 || domain.size() > max_part) {
        return false;
    }
    switch (examine_labels(domain)) {
    case Labels::plain: append_lower(out, domain, (summary.any & upper) != 0); return true;
    case Labels::encoded: return append_prepared(out, prepare_domain(whole));
    case Labels::broken: return false;
    }
    return false;
}

} // namespace

std::optional<Jid> Jid::parse(std::string_view text)
{
    // RFC 7622 §3.1: first the resource, from the first `/`; then the localpart, up to the first `@`.
    std::optional<std::string_view> local;
    std::optional<std::string_view> resource;
    const std::size_t slash = text.find('/');
    if (slash != std::string_view::npos) {
        resource = text.substr(slash + 1);
        text = text.substr(0, slash);
    }
    const std::size_t at = text.find('@');
    if (at != std::string_view::npos) {
        local = text.substr(0, at);
        text = text.substr(at + 1);
    }
    return prepare(local, text, resource);
}

std::optional<Jid> Jid::from_parts(std::string_view local, std::string_view domain, std::string_view resource)
{
    const auto present = [](std::string_view part) {
        return part.empty() ? std::nullopt : std::optional<std::string_view>(part);
    };
    return prepare(present(local), domain, present(resource));
}

std::optional<Jid> Jid::prepare(std::optional<std::string_view> local, std::string_view domain,
    std::optional<std::string_view> resource)
{
    std::optional<Jid> jid(std::in_place);
    std::string& text = jid->text_;
    text.reserve((local ? local->size() + 1 : 0) + domain.size() + (resource ? resource->size() + 1 : 0));
    if (local) {
        if (!append_local(text, *local)) {
            return std::nullopt;
        }
        text += '@';
        jid->domain_at_ = static_cast<std::uint16_t>(text.size());
    }
    if (!append_domain(text, domain)) {
        return std::nullopt;
    }
    jid->bare_length_ = static_cast<std::uint16_t>(text.size());
    if (resource) {
        text += '/';
        if (!append_resource(text, *resource)) {
            return std::nullopt;
        }
    }
    return jid;
}

std::string_view Jid::local() const
{
    return domain_at_ > 0 ? std::string_view(text_).substr(0, domain_at_ - 1u) : std::string_view();
}

std::string_view Jid::domain() const
{
    return bare_text().substr(domain_at_);
}

std::string_view Jid::resource() const
{
    return has_resource() ? std::string_view(text_).substr(bare_length_ + 1u) : std::string_view();
}

Jid Jid::bare() const
{
    Jid bare;
    bare.text_ = bare_text();
    bare.domain_at_ = domain_at_;
    bare.bare_length_ = bare_length_;
    return bare;
}

Jid Jid::domain_jid() const
{
    Jid only;
    only.text_ = domain();
    only.bare_length_ = static_cast<std::uint16_t>(only.text_.size());
    return only;
}

std::optional<Jid> Jid::with_resource(std::string_view resource) const
{
    if (empty()) {
        return std::nullopt;
    }
    Jid full = bare();
    full.text_ += '/';
    if (!append_resource(full.text_, resource)) {
        return std::nullopt;
    }
    return full;
}

} // namespace stonechat
