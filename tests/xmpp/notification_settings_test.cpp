// SPDX-License-Identifier: Apache-2.0
#include "xmpp/notification_settings.hpp"

#include "xmpp/stream_parser.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace stonechat;

namespace {

using Setting = NotificationSetting;

std::optional<Setting> read_extensions(const std::string& content, ApplicationIdentity identity)
{
    const auto extensions = parse_element("<extensions xmlns='urn:xmpp:bookmarks:1'>" + content
        + "</extensions>");
    REQUIRE(extensions.has_value());
    return read_notification_setting(*extensions, identity);
}

std::optional<Setting> read(const std::string& settings, ApplicationIdentity identity = { "client", "phone" })
{
    return read_extensions("<notify xmlns='urn:xmpp:notification-settings:1'>" + settings + "</notify>",
        identity);
}

} // namespace

TEST_CASE("notification settings: the most basic example (XEP-0492 example 1)")
{
    CHECK(read("<never />") == Setting::never);
    CHECK(read("<always/>") == Setting::always);
    CHECK(read("<on-mention/>") == Setting::on_mention);
}

TEST_CASE("notification settings: an example by identity (XEP-0492 example 2)")
{
    const std::string example = "<never identity-category='client' identity-type='pc'/>"
                                "<on-mention identity-category='client' identity-type='phone'/>"
                                "<on-mention identity-category='gateway'/><always/>";
    CHECK(read(example, { "client", "pc" }) == Setting::never);
    CHECK(read(example, { "client", "phone" }) == Setting::on_mention);
    CHECK(read(example, { "gateway", "sms" }) == Setting::on_mention);
    CHECK(read(example, { "client", "web" }) == Setting::always);
}

TEST_CASE("notification settings: advanced settings change nothing (XEP-0492 example 3)")
{
    CHECK(read("<never identity-category='client' identity-type='pc'><advanced><x xmlns='custom:ns-1'>"
               "<always xmlns='urn:xmpp:notification-settings:1' identity-category='client' "
               "identity-type='phone'/></x></advanced></never>"
               "<on-mention identity-category='client' identity-type='phone'/>"
               "<always><advanced><y xmlns='custom:ns-3'/></advanced></always>")
        == Setting::on_mention);
}

// XEP-0492 §3-2
TEST_CASE("notification settings: category and type count more than the category, that more than none (PB37)")
{
    const std::string fallback = "<always/>";
    const std::string category = "<on-mention identity-category='client'/>";
    const std::string both = "<never identity-category='client' identity-type='phone'/>";
    CHECK(read(fallback) == Setting::always);
    CHECK(read(fallback + category) == Setting::on_mention);
    CHECK(read(category + fallback) == Setting::on_mention);
    CHECK(read(fallback + category + both) == Setting::never);
    CHECK(read(both + category + fallback) == Setting::never);
    CHECK(read(both + category + fallback, { "client", "web" }) == Setting::on_mention);
    CHECK(read(both + category + fallback, { "gateway", "phone" }) == Setting::always);
}

TEST_CASE("notification settings: what is for others, or for nobody, is no setting")
{
    CHECK(read("") == std::nullopt);
    CHECK(read_extensions("", { "client", "phone" }) == std::nullopt);
    CHECK(read("<never identity-category='client' identity-type='pc'/>") == std::nullopt);
    CHECK(read("<never identity-category='gateway'/>") == std::nullopt);
    CHECK(read("<never identity-type='phone'/>") == std::nullopt); // a type needs a category
    CHECK(read("<never identity-category=''/>") == std::nullopt);
    CHECK(read("<never identity-category='Client'/>") == std::nullopt);
    CHECK(read("<sometimes/><never xmlns='urn:other'/>never") == std::nullopt);
    CHECK(read_extensions("<never xmlns='urn:xmpp:notification-settings:1'/>", { "client", "phone" })
        == std::nullopt);
    CHECK(read_extensions("<notify xmlns='urn:other'><never/></notify>", { "client", "phone" })
        == std::nullopt);
}

TEST_CASE("notification settings: of several equal ones the first counts")
{
    CHECK(read("<always/><never/>") == Setting::always);
    CHECK(read("<never/><always/><always/>") == Setting::never);
    CHECK(read("<never/></notify><notify xmlns='urn:xmpp:notification-settings:1'><always/>")
        == Setting::never);
    CHECK(read("<never/></notify><notify xmlns='urn:xmpp:notification-settings:1'>"
               "<always identity-category='client'/>")
        == Setting::always);
}

TEST_CASE("notification settings: unknown attributes and many elements do no harm")
{
    CHECK(read("<never since='yesterday'/>") == Setting::never);
    std::string many;
    for (int i = 0; i < 500; ++i) {
        many += "<never identity-category='client' identity-type='" + std::to_string(i) + "'/>";
    }
    CHECK(read(many + "<on-mention/>") == Setting::on_mention);
}
