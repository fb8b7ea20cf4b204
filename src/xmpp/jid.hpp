// SPDX-License-Identifier: Apache-2.0
// Jid: an address, always prepared (RFC 7622). Every Jid is valid and normalised, so two Jids are the same
// address exactly when they are equal. A value that holds one string. Pure, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace stonechat {

class Jid {
public:
    /// Creates the empty Jid, the address of stanzas without `to` or `from`.
    Jid() = default;

    /// Parses and prepares `local@domain/resource`. Returns nothing if RFC 7622 forbids it: a part that is
    /// empty or over 1023 bytes after preparation, a character outside its PRECIS class, a broken
    /// domain name. ASCII addresses take a path without ICU.
    static std::optional<Jid> parse(std::string_view text);

    /// Makes an address from its parts. An empty `local` or `resource` means that there is none.
    static std::optional<Jid> from_parts(std::string_view local, std::string_view domain,
        std::string_view resource = {});

    bool empty() const { return text_.empty(); }
    bool is_bare() const { return !empty() && !has_resource(); }
    bool is_full() const { return has_resource(); }
    bool has_local() const { return domain_at_ > 0; }
    bool has_resource() const { return bare_length_ < text_.size(); }
    /// Returns whether this is only a domain (a server or component), without local part and resource.
    bool is_domain() const { return !empty() && !has_local() && !has_resource(); }

    /// Returns the whole address. Valid as long as this Jid.
    const std::string& text() const { return text_; }
    /// Returns `local@domain`, or `domain`.
    std::string_view bare_text() const { return std::string_view(text_).substr(0, bare_length_); }
    std::string_view local() const;
    std::string_view domain() const;
    std::string_view resource() const;

    /// Returns this address without its resource.
    Jid bare() const;
    /// Returns the domain as an address.
    Jid domain_jid() const;
    /// Returns this address with another resource; nothing if RFC 7622 forbids the resource.
    std::optional<Jid> with_resource(std::string_view resource) const;

    /// Returns whether both have the same bare address (account, room or domain).
    bool same_bare(const Jid& other) const { return bare_text() == other.bare_text(); }

    friend bool operator==(const Jid& a, const Jid& b) { return a.text_ == b.text_; }
    friend auto operator<=>(const Jid& a, const Jid& b) { return a.text_ <=> b.text_; }

private:
    static std::optional<Jid> prepare(std::optional<std::string_view> local, std::string_view domain,
        std::optional<std::string_view> resource);

    std::string text_;
    std::uint16_t domain_at_ = 0;   ///< where the domain starts; 0 = no local part
    std::uint16_t bare_length_ = 0; ///< where the bare address ends
};

/// Returns the total length of the addresses in bytes.
template <class Jids> std::size_t bytes_of(const Jids& jids)
{
    std::size_t sum = 0;
    for (const Jid& jid : jids) {
        sum += jid.text().size();
    }
    return sum;
}

} // namespace stonechat

template <> struct std::hash<stonechat::Jid> {
    std::size_t operator()(const stonechat::Jid& jid) const noexcept
    {
        return std::hash<std::string_view>()(jid.text());
    }
};
