// SPDX-License-Identifier: Apache-2.0
// An address that was prepared once stays as it is, and its parts make the same address again.
#include "expect.hpp"
#include "xmpp/jid.hpp"
#include "xmpp/utf8.hpp"

#include <cstdint>
#include <string_view>

namespace {

using namespace stonechat;

void check(const Jid& jid)
{
    expect(Jid::parse(jid.text()) == jid, "preparing again changes the address");
    expect(Jid::from_parts(jid.local(), jid.domain(), jid.resource()) == jid,
        "the parts make another address");
    expect(Jid::parse(jid.bare_text()) == jid.bare(), "the bare address reads differently");
    expect(Jid::parse(jid.domain()) == jid.domain_jid(), "the domain reads differently");
    expect(is_valid_utf8(jid.text()), "the address is not UTF-8");
    expect(jid.local().find_first_of("\"&'/:<>@ ") == std::string_view::npos, "a character that is excluded");
    expect(jid.domain().find_first_of("\"&'/<>@ ") == std::string_view::npos,
        "no domain has such a character");
    expect(!jid.domain().empty() && !jid.domain().ends_with('.'), "not a domain");
    for (const std::string_view part : { jid.local(), jid.domain(), jid.resource() }) {
        expect(part.size() <= 1023, "a part is too long");
    }
    if (jid.is_full()) {
        expect(jid.bare().with_resource(jid.resource()) == jid, "the resource reads differently");
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto jid = Jid::parse(text)) {
        check(*jid);
    }
    if (const auto jid = Jid::from_parts(text, "example.org")) {
        check(*jid);
    }
    if (const auto jid = Jid::from_parts("a", "b", text)) {
        check(*jid);
    }
    return 0;
}
