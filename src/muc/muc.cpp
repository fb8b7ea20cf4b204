// SPDX-License-Identifier: Apache-2.0
#include "muc/muc.hpp"

#include "base/log.hpp"
#include "muc/joined_rooms.hpp"
#include "muc/leftover_rooms.hpp"
#include "muc/muc_commands.hpp"
#include "muc/muc_service.hpp"
#include "muc/room.hpp"
#include "net/shard.hpp"
#include "router/archive_expiry.hpp"
#include "router/archive_quota.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "router/server.hpp"
#include "xmpp/ns.hpp"

#include <memory>
#include <optional>
#include <utility>

namespace stonechat {
namespace {

Manifest with_rates(Manifest manifest)
{
    return std::move(manifest)
        .setting(SettingSpec::integer("message_rate", 10, 0, 1'000'000,
            "Average number of messages per second that one user may send to one room; 0 = no limit."))
        .setting(SettingSpec::integer("message_burst", 50, 1, 1'000'000,
            "Number of messages at once before `message_rate` applies."))
        .setting(SettingSpec::integer("presence_rate", 1, 0, 1'000'000,
            "Average number of entrances and changes of presence or nickname per second by one user in "
            "one room; 0 = no limit."))
        .setting(SettingSpec::integer("presence_burst", 30, 1, 1'000'000,
            "Number of them at once before `presence_rate` applies."))
        .setting(SettingSpec::integer("room_message_rate", 200, 0, 1'000'000,
            "Average number of messages per second in one room by all occupants together; 0 = no limit."))
        .setting(SettingSpec::integer("room_message_burst", 2000, 1, 1'000'000,
            "Number of messages at once before `room_message_rate` applies."));
}

Manifest with_archive(Manifest manifest)
{
    return std::move(manifest)
        .setting(SettingSpec::choice("retention", "days", { "never", "days", "forever" },
            "How long messages are kept: \"never\" = not at all, \"days\" = for `retention_days`, "
            "\"forever\" = without end."))
        .setting(SettingSpec::integer("retention_days", 30, 1, 36'500,
            "Number of days for which messages are kept, with retention = \"days\"."))
        .setting(ArchiveQuota::setting("room"))
        .setting(SettingSpec::integer("max_page", 100, 1, 1000,
            "Maximum number of messages in one page of a room's archive."));
}

class Muc final : public Module {
public:
    Manifest describe() const override
    {
        auto manifest =
            Manifest("muc", "Offers chat rooms for groups, at their own domain.")
                .implements(Xep { 45, "1.35.3", "Multi-User Chat",
                    "an owner's own times on history that the owner sends, `destroy` to an owner who cancels "
                    "the first configuration, status 332" })
                .implements(Xep { 249, "1.2", "Direct MUC Invitations" })
                .implements(Xep { 317, "0.3.1", "Hats", "payloads inside a hat" })
                .implements(Xep { 410, "1.1.0", "MUC Self-Ping (Schrödinger's Chat)" })
                .implements(Xep { 421, "1.0.1", "Occupant identifiers for semi-anonymous MUCs" })
                .implements(Xep { 425, "0.3.0", "Moderated Message Retraction" })
                .implements(Xep { 486, "0.1.0", "MUC Avatars" })
                .needs("disco")
                .setting(SettingSpec::text("domain", "", "Domain of the rooms; empty = conference.HOST.",
                    SettingSpec::Heat::cold))
                .setting(SettingSpec::choice("create", "local", { "local", "anyone", "admins" },
                    "Who may create rooms: \"local\" = users of this server, \"anyone\" = everybody, "
                    "\"admins\" "
                    "= the host's admins."))
                .setting(SettingSpec::integer("rooms_per_user", 20, 0, 1'000'000,
                    "Maximum number of rooms that one user may own; 0 = no limit. There is no limit for "
                    "admins."))
                .setting(SettingSpec::integer("max_occupants", 200, 0, 1'000'000,
                    "Maximum number of occupants that a room owner may allow, and the default for new rooms; "
                    "0 = "
                    "no limit. Admins may allow more."))
                .setting(SettingSpec::integer("large_room", 1000, 0, 1'000'000,
                    "With this many occupants or more, those who enter are not shown to others unless they "
                    "are "
                    "moderators; 0 = everybody is always shown."))
                .setting(SettingSpec::integer("max_members", 10'000, 1, 1'000'000,
                    "Maximum number of users for whom a room stores data: members, admins, owners and banned "
                    "users."))
                .setting(SettingSpec::bytes("max_members_bytes", 1024 * 1024, 16 * 1024, 1024 * 1024 * 1024,
                    "Maximum memory for the data of these users; the default is enough for about 3000 "
                    "typical "
                    "users."))
                .setting(SettingSpec::integer("max_history", 100, 0, 1000,
                    "Maximum number of messages that a room sends to a user who enters; 0 = none."))
                .setting(SettingSpec::bytes("max_history_bytes", 256 * 1024, 1024, 64 * 1024 * 1024,
                    "Maximum size of the recent messages that a room keeps in memory for users who enter; a "
                    "single larger message is still kept."))
                .setting(SettingSpec::integer("max_nick_bytes", 64, 1, 1023, "Maximum length of a nickname."))
                .setting(SettingSpec::bytes("max_presence_bytes", 4 * 1024, 256, 1024 * 1024,
                    "Maximum size of a presence stanza that an occupant sends to a room; a larger one is "
                    "refused."))
                .setting(SettingSpec::bytes("max_subject_bytes", 4 * 1024, 256, 1024 * 1024,
                    "Maximum size of the message that sets a subject, with its extensions."))
                .setting(SettingSpec::bytes("max_card_bytes", 128 * 1024, 1024, 1024 * 1024,
                    "Maximum size of the vCard of a room, including the avatar."))
                .setting(SettingSpec::integer("max_hats", 30, 0, 500,
                    "Maximum number of hats that a room may define; 0 = none."));
        return with_archive(with_rates(std::move(manifest)));
    }

    void attach(Handlers& on) override
    {
        Host& host = on.host();
        const std::string& chosen = host.settings("muc").text("domain");
        const auto domain = Jid::parse(chosen.empty() ? "conference." + host.name() : chosen);
        if (!domain || !domain->is_domain() || host.router().host(domain->text()) != nullptr) {
            host.log().error("no rooms: 'domain' of [host.muc] is no domain, or one that has accounts",
                { { "host", host.name() }, { "domain", chosen } });
            return;
        }
        service_ = std::make_unique<MucService>(host, *domain);
        host.router().add_service(domain->text(), *service_);
        on.disco_items(To::host, "", [this](const Context&, const Iq&, Element& query) {
            query.add("item")
                .set_attribute("jid", service_->domain().text())
                .set_attribute("name", "Group chat");
        });
        joined_rooms_.attach(on, service_->domain());
        attach_muc_commands(on, *service_->rooms());
        if (host.shard().index() == 0) { // once per server
            expiry_.emplace(host, domain->text(), [this] { return service_->retention(); });
            host.shard().post([this] {
                expiry_->start();
                load_leftover_rooms(*service_);
            });
        }
    }

private:
    std::unique_ptr<MucService> service_; ///< null if the settings name no domain
    JoinedRooms joined_rooms_;
    std::optional<ArchiveExpiry> expiry_; ///< on shard 0 only
};

} // namespace

std::unique_ptr<Module> make_muc()
{
    return std::make_unique<Muc>();
}

} // namespace stonechat
