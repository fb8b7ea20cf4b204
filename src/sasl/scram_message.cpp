// SPDX-License-Identifier: Apache-2.0
#include "sasl/scram_message.hpp"

#include "base/base64.hpp"

#include <algorithm>
#include <cctype>

namespace stonechat::scram {
namespace {

bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// printable: %x21-2B / %x2D-7E, which is ASCII without space and comma.
bool is_printable(std::string_view text)
{
    return !text.empty()
        && std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f && c != ','; });
}

/// cb-name = 1*(ALPHA / DIGIT / "." / "-")
bool is_binding_name(std::string_view text)
{
    const auto allowed = [](char c) {
        return is_letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '-';
    };
    return !text.empty() && std::all_of(text.begin(), text.end(), allowed);
}

/// saslname: `=2C` is a comma and `=3D` an equals sign; no other use of either.
std::optional<std::string> decode_name(std::string_view text)
{
    std::string name;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '=') {
            name += text[i];
            continue;
        }
        const std::string_view code = text.substr(i + 1, 2);
        if (code != "2C" && code != "3D") {
            return std::nullopt;
        }
        name += code == "2C" ? ',' : '=';
        i += 2;
    }
    if (name.empty() || name.find('\0') != std::string::npos) {
        return std::nullopt;
    }
    return name;
}

/// Removes fields from the front of a message.
class Fields {
public:
    explicit Fields(std::string_view text) : rest_(text) {}

    /// Removes and returns the text up to the next comma, and removes the comma; nothing at the end of the
    /// message.
    std::optional<std::string_view> next()
    {
        if (ended_) {
            return std::nullopt;
        }
        const std::size_t comma = rest_.find(',');
        const std::string_view field = rest_.substr(0, comma);
        ended_ = comma == std::string_view::npos;
        rest_.remove_prefix(ended_ ? rest_.size() : comma + 1);
        taken_ += field.size() + (ended_ ? 0 : 1);
        return field;
    }

    /// Returns the value of the next field, which must be called `name`.
    std::optional<std::string_view> value(char name)
    {
        const auto field = next();
        if (!field || field->size() < 2 || (*field)[0] != name || (*field)[1] != '=') {
            return std::nullopt;
        }
        return field->substr(2);
    }

    bool ended() const { return ended_; }
    std::size_t taken() const { return taken_; }

private:
    std::string_view rest_;
    std::size_t taken_ = 0;
    bool ended_ = false;
};

/// Unknown extensions are ignored, except `m`, which marks a mandatory one (RFC 5802 §5.1).
bool is_harmless_extension(std::string_view field)
{
    return field.size() > 2 && is_letter(field[0]) && field[0] != 'm' && field[1] == '='
        && field.find('\0') == std::string_view::npos;
}

bool parse_binding_flag(std::string_view field, ClientFirst& first)
{
    if (field == "n") {
        first.flag = BindingFlag::none;
        return true;
    }
    if (field == "y") {
        first.flag = BindingFlag::not_offered;
        return true;
    }
    if (field.substr(0, 2) != "p=" || !is_binding_name(field.substr(2))) {
        return false;
    }
    first.flag = BindingFlag::used;
    first.binding_type = field.substr(2);
    return true;
}

bool parse_authzid(std::string_view field, ClientFirst& first)
{
    if (field.empty()) {
        return true;
    }
    if (field.substr(0, 2) != "a=") {
        return false;
    }
    auto name = decode_name(field.substr(2));
    first.authzid = name.value_or("");
    return name.has_value();
}

} // namespace

std::optional<ClientFirst> parse_client_first(std::string_view message)
{
    if (message.size() > longest_message) {
        return std::nullopt;
    }
    ClientFirst first;
    Fields fields(message);
    const auto flag = fields.next();
    const auto authzid = fields.next();
    if (!flag || !authzid || fields.ended() || !parse_binding_flag(*flag, first)
        || !parse_authzid(*authzid, first)) {
        return std::nullopt;
    }
    first.gs2_header = message.substr(0, fields.taken());
    first.bare = message.substr(fields.taken());

    // A reserved `m=` would come first; value('n') refuses it.
    const auto user = fields.value('n');
    const auto nonce = fields.value('r');
    if (!user || !nonce || !is_printable(*nonce)) {
        return std::nullopt;
    }
    auto name = decode_name(*user);
    if (!name) {
        return std::nullopt;
    }
    first.user = std::move(*name);
    first.nonce = *nonce;
    while (const auto extension = fields.next()) {
        if (!is_harmless_extension(*extension)) {
            return std::nullopt;
        }
    }
    return first;
}

std::optional<ClientFinal> parse_client_final(std::string_view message)
{
    if (message.size() > longest_message) {
        return std::nullopt;
    }
    Fields fields(message);
    const auto binding = fields.value('c');
    const auto nonce = fields.value('r');
    if (!binding || !nonce || !is_printable(*nonce)) {
        return std::nullopt;
    }
    std::size_t before = fields.taken();
    auto field = fields.next();
    while (field && !fields.ended()) {
        if (!is_harmless_extension(*field) || field->front() == 'p') {
            return std::nullopt;
        }
        before = fields.taken();
        field = fields.next();
    }
    if (!field || field->substr(0, 2) != "p=") {
        return std::nullopt;
    }
    auto decoded_binding = base64_decode(*binding);
    auto decoded_proof = base64_decode(field->substr(2));
    if (!decoded_binding || !decoded_proof || decoded_proof->empty()) {
        return std::nullopt;
    }
    ClientFinal final;
    final.binding = std::move(*decoded_binding);
    final.nonce = *nonce;
    final.proof = std::move(*decoded_proof);
    final.without_proof = message.substr(0, before - 1); // without the comma
    return final;
}

} // namespace stonechat::scram
