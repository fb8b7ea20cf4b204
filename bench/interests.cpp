// SPDX-License-Identifier: Apache-2.0
#include "interests.hpp"

#include "scram.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <openssl/sha.h>

namespace stonechat::bench {
namespace {

constexpr std::string_view software = "https://bench.example";

std::string sha1(std::string_view text)
{
    std::array<unsigned char, SHA_DIGEST_LENGTH> digest {};
    SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
    return { digest.begin(), digest.end() };
}

} // namespace

Interests::Interests(const std::vector<std::string>& nodes)
{
    std::vector<std::string> features { "http://jabber.org/protocol/caps",
        "http://jabber.org/protocol/disco#info" };
    for (const std::string& node : nodes) {
        features.push_back(node + "+notify");
    }
    std::sort(features.begin(), features.end());
    std::string verified = "client/bot//bench<"; // XEP-0115 §5.1
    std::string list;
    for (const std::string& feature : features) {
        verified += feature + "<";
        list += fmt::format("<feature var='{}'/>", feature);
    }
    const std::string version = base64_encode(sha1(verified));
    name_ = fmt::format("{}#{}", software, version);
    presence_ = fmt::format("<presence><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='{}' "
                            "ver='{}'/></presence>",
        software, version);
    info_ = fmt::format("<query xmlns='http://jabber.org/protocol/disco#info' node='{}'><identity "
                        "category='client' type='bot' name='bench'/>{}</query>",
        name_, list);
}

std::string Interests::answer(const Item& request) const
{
    const bool is_info = request.text.find("http://jabber.org/protocol/disco#info") != std::string_view::npos;
    if (!is_info || request.text.find(name_) == std::string_view::npos) {
        return {};
    }
    return fmt::format("<iq type='result' id='{}' to='{}'>{}</iq>", attribute(request.head, "id"),
        attribute(request.head, "from"), info_);
}

} // namespace stonechat::bench
