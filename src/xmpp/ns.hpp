// SPDX-License-Identifier: Apache-2.0
// ns: every XML namespace that the server knows, once, under the name that its RFC or XEP gives it.
#pragma once

#include <string_view>

namespace stonechat::ns {

// RFC 6120
inline constexpr std::string_view client = "jabber:client";
inline constexpr std::string_view server = "jabber:server";
inline constexpr std::string_view streams = "http://etherx.jabber.org/streams";
inline constexpr std::string_view stream_errors = "urn:ietf:params:xml:ns:xmpp-streams";
inline constexpr std::string_view stanza_errors = "urn:ietf:params:xml:ns:xmpp-stanzas";
inline constexpr std::string_view tls = "urn:ietf:params:xml:ns:xmpp-tls";
inline constexpr std::string_view sasl = "urn:ietf:params:xml:ns:xmpp-sasl";
inline constexpr std::string_view bind = "urn:ietf:params:xml:ns:xmpp-bind";
inline constexpr std::string_view session = "urn:ietf:params:xml:ns:xmpp-session"; // RFC 3921, optional today
inline constexpr std::string_view xml = "http://www.w3.org/XML/1998/namespace";

// RFC 6121
inline constexpr std::string_view roster = "jabber:iq:roster";
inline constexpr std::string_view roster_versioning = "urn:xmpp:features:rosterver";
inline constexpr std::string_view pre_approval = "urn:xmpp:features:pre-approval";

inline constexpr std::string_view data_forms = "jabber:x:data"; // XEP-0004
inline constexpr std::string_view data_forms_validate =
    "http://jabber.org/protocol/xdata-validate";                                          // XEP-0122
inline constexpr std::string_view last_activity = "jabber:iq:last";                       // XEP-0012
inline constexpr std::string_view disco_info = "http://jabber.org/protocol/disco#info";   // XEP-0030
inline constexpr std::string_view disco_items = "http://jabber.org/protocol/disco#items"; // XEP-0030
inline constexpr std::string_view private_xml = "jabber:iq:private";                      // XEP-0049
inline constexpr std::string_view commands = "http://jabber.org/protocol/commands";       // XEP-0050
inline constexpr std::string_view vcard_temp = "vcard-temp";                              // XEP-0054
inline constexpr std::string_view result_set = "http://jabber.org/protocol/rsm";          // XEP-0059
inline constexpr std::string_view in_band_registration = "jabber:iq:register";            // XEP-0077
inline constexpr std::string_view registration_feature = "http://jabber.org/features/iq-register";
inline constexpr std::string_view chat_states = "http://jabber.org/protocol/chatstates";       // XEP-0085
inline constexpr std::string_view software_version = "jabber:iq:version";                      // XEP-0092
inline constexpr std::string_view caps = "http://jabber.org/protocol/caps";                    // XEP-0115
inline constexpr std::string_view caps_2 = "urn:xmpp:caps";                                    // XEP-0390
inline constexpr std::string_view hashes = "urn:xmpp:hashes:2";                                // XEP-0300
inline constexpr std::string_view compression_feature = "http://jabber.org/features/compress"; // XEP-0138
inline constexpr std::string_view compression = "http://jabber.org/protocol/compress";         // XEP-0138
inline constexpr std::string_view admin = "http://jabber.org/protocol/admin";                  // XEP-0133
inline constexpr std::string_view offline = "msgoffline";                                      // XEP-0160
inline constexpr std::string_view receipts = "urn:xmpp:receipts";                              // XEP-0184
inline constexpr std::string_view blocking = "urn:xmpp:blocking";                              // XEP-0191
inline constexpr std::string_view blocking_errors = "urn:xmpp:blocking:errors";                // XEP-0191
inline constexpr std::string_view stream_management = "urn:xmpp:sm:3";                         // XEP-0198
inline constexpr std::string_view ping = "urn:xmpp:ping";                                      // XEP-0199
inline constexpr std::string_view entity_time = "urn:xmpp:time";                               // XEP-0202
inline constexpr std::string_view delay = "urn:xmpp:delay";                                    // XEP-0203
inline constexpr std::string_view carbons = "urn:xmpp:carbons:2";                              // XEP-0280
inline constexpr std::string_view archive = "urn:xmpp:mam:2";                                  // XEP-0313
inline constexpr std::string_view idle = "urn:xmpp:idle:1";                                    // XEP-0319
inline constexpr std::string_view markers = "urn:xmpp:chat-markers:0";                         // XEP-0333
inline constexpr std::string_view hints = "urn:xmpp:hints";                                    // XEP-0334
inline constexpr std::string_view stanza_id = "urn:xmpp:sid:0";                                // XEP-0359
inline constexpr std::string_view push = "urn:xmpp:push:0";                                    // XEP-0357
inline constexpr std::string_view push_summary = "urn:xmpp:push:summary";                      // XEP-0357
inline constexpr std::string_view pubsub = "http://jabber.org/protocol/pubsub";                // XEP-0060
inline constexpr std::string_view publish_options = "http://jabber.org/protocol/pubsub#publish-options";
inline constexpr std::string_view pubsub_owner = "http://jabber.org/protocol/pubsub#owner";
inline constexpr std::string_view pubsub_event = "http://jabber.org/protocol/pubsub#event";
inline constexpr std::string_view pubsub_errors = "http://jabber.org/protocol/pubsub#errors";
inline constexpr std::string_view pubsub_node_config = "http://jabber.org/protocol/pubsub#node_config";
inline constexpr std::string_view pubsub_meta_data = "http://jabber.org/protocol/pubsub#meta-data";
inline constexpr std::string_view pubsub_subscribe_options =
    "http://jabber.org/protocol/pubsub#subscribe_options";
inline constexpr std::string_view pubsub_subscribe_authorization =
    "http://jabber.org/protocol/pubsub#subscribe_authorization";
inline constexpr std::string_view order_by = "urn:xmpp:order-by:1";    // XEP-0413
inline constexpr std::string_view bookmarks = "urn:xmpp:bookmarks:1";  // XEP-0402
inline constexpr std::string_view bookmarks_old = "storage:bookmarks"; // XEP-0048
inline constexpr std::string_view bookmarks_compat = "urn:xmpp:bookmarks:1#compat";
inline constexpr std::string_view bookmarks_compat_pep = "urn:xmpp:bookmarks:1#compat-pep";
inline constexpr std::string_view bookmarks_conversion = "urn:xmpp:bookmarks-conversion:0"; // XEP-0411
inline constexpr std::string_view displayed_sync = "urn:xmpp:mds:displayed:0";              // XEP-0490
inline constexpr std::string_view vcard_update = "vcard-temp:x:update";                     // XEP-0153
inline constexpr std::string_view avatar_data = "urn:xmpp:avatar:data";                     // XEP-0084
inline constexpr std::string_view avatar_metadata = "urn:xmpp:avatar:metadata";             // XEP-0084
inline constexpr std::string_view displayed_assist = "urn:xmpp:mds:server-assist:0";        // XEP-0490
inline constexpr std::string_view vcard4 = "urn:xmpp:vcard4";                   // XEP-0292, a node
inline constexpr std::string_view microblog = "urn:xmpp:microblog:0";           // XEP-0472
inline constexpr std::string_view omemo_2_devices = "urn:xmpp:omemo:2:devices"; // XEP-0384
inline constexpr std::string_view omemo_2_bundles = "urn:xmpp:omemo:2:bundles"; // XEP-0384
inline constexpr std::string_view forward = "urn:xmpp:forward:0";               // XEP-0297
inline constexpr std::string_view carbons_rules = "urn:xmpp:carbons:rules:0";   // XEP-0280
inline constexpr std::string_view archive_extended = "urn:xmpp:mam:2#extended"; // XEP-0313
inline constexpr std::string_view archive_groupchat_field = "urn:xmpp:mam:2#groupchat-field"; // XEP-0313
inline constexpr std::string_view archive_configure = "urn:xmpp:mam#configure"; // XEP-0441, a command node
inline constexpr std::string_view archive_delete = "urn:stonechat:archive:0#delete"; // a command node of ours
inline constexpr std::string_view inbox = "urn:xmpp:inbox:1";                        // XEP-0430
inline constexpr std::string_view full_text_search = "urn:xmpp:fulltext:0";          // XEP-0431
inline constexpr std::string_view client_state = "urn:xmpp:csi:0";                   // XEP-0352
inline constexpr std::string_view correction = "urn:xmpp:message-correct:0";         // XEP-0308
inline constexpr std::string_view retraction = "urn:xmpp:message-retract:1";         // XEP-0424
inline constexpr std::string_view retraction_tombstone = "urn:xmpp:message-retract:1#tombstone"; // XEP-0424
inline constexpr std::string_view fallback = "urn:xmpp:fallback:0";                              // XEP-0428
inline constexpr std::string_view reactions = "urn:xmpp:reactions:0";                            // XEP-0444
inline constexpr std::string_view reply = "urn:xmpp:reply:0";                                    // XEP-0461
inline constexpr std::string_view encryption = "urn:xmpp:eme:0";                                 // XEP-0380
inline constexpr std::string_view omemo = "eu.siacs.conversations.axolotl";    // XEP-0384 0.3
inline constexpr std::string_view omemo_2 = "urn:xmpp:omemo:2";                // XEP-0384
inline constexpr std::string_view openpgp = "urn:xmpp:openpgp:0";              // XEP-0373
inline constexpr std::string_view openpgp_legacy = "jabber:x:encrypted";       // XEP-0027
inline constexpr std::string_view call_invites = "urn:xmpp:jingle-message:0";  // XEP-0353
inline constexpr std::string_view conference = "jabber:x:conference";          // XEP-0249
inline constexpr std::string_view session_state = "urn:stonechat:session:0";   // kept of a resumable session
inline constexpr std::string_view sasl_channel_binding = "urn:xmpp:sasl-cb:0"; // XEP-0440
inline constexpr std::string_view stream_limits = "urn:xmpp:stream-limits:0";  // XEP-0478
inline constexpr std::string_view occupant_id = "urn:xmpp:occupant-id:0";      // XEP-0421
inline constexpr std::string_view muc = "http://jabber.org/protocol/muc";      // XEP-0045
inline constexpr std::string_view muc_user = "http://jabber.org/protocol/muc#user";           // XEP-0045
inline constexpr std::string_view muc_admin = "http://jabber.org/protocol/muc#admin";         // XEP-0045
inline constexpr std::string_view muc_owner = "http://jabber.org/protocol/muc#owner";         // XEP-0045
inline constexpr std::string_view muc_stable_id = "http://jabber.org/protocol/muc#stable_id"; // XEP-0045
inline constexpr std::string_view muc_request =
    "http://jabber.org/protocol/muc#request"; // XEP-0045, a feature
inline constexpr std::string_view muc_self_ping =
    "http://jabber.org/protocol/muc#self-ping-optimization";                                  // XEP-0410
inline constexpr std::string_view moderation = "urn:xmpp:message-moderate:1";                 // XEP-0425
inline constexpr std::string_view hats = "urn:xmpp:hats:0";                                   // XEP-0317
inline constexpr std::string_view reference = "urn:xmpp:reference:0";                         // XEP-0372
inline constexpr std::string_view notification_settings = "urn:xmpp:notification-settings:1"; // XEP-0492
inline constexpr std::string_view group_ticks = "urn:stonechat:muc:ticks:0"; // docs/protocol/group-ticks.md
inline constexpr std::string_view room_registration =
    "urn:stonechat:muc:register:0";                                        // fields of forms of ours
inline constexpr std::string_view rooms_kept = "urn:stonechat:muc:kept:0"; // kept of a resumable session
inline constexpr std::string_view avatar_conversion =
    "urn:xmpp:pep-vcard-conversion:0"; // XEP-0398, a feature

// Form types (XEP-0068)
inline constexpr std::string_view room_config_form = "http://jabber.org/protocol/muc#roomconfig"; // XEP-0045
inline constexpr std::string_view room_info_form = "http://jabber.org/protocol/muc#roominfo";     // XEP-0045
inline constexpr std::string_view room_register_form = "http://jabber.org/protocol/muc#register"; // XEP-0045
inline constexpr std::string_view room_request_form = "http://jabber.org/protocol/muc#request";   // XEP-0045
inline constexpr std::string_view hats_form = "urn:xmpp:hats:commands";                           // XEP-0317
inline constexpr std::string_view server_info_form = "http://jabber.org/network/serverinfo";      // XEP-0157

} // namespace stonechat::ns
