// SPDX-License-Identifier: Apache-2.0
#include "modules/vcard4.hpp"

#include "router/host.hpp"
#include "router/personal_nodes.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stream_parser.hpp"
#include "xmpp/vcard4.hpp"

#include <string>
#include <utility>

namespace stonechat {
namespace {

constexpr const char* mark = "fields-in"; ///< an attribute of a stored vcard-temp

/// The newest item of the node.
struct PublishedCard {
    std::string id = "current"; ///< XEP-0222: of a node with one item
    std::optional<Element> vcard4;
};

Task<Result<PublishedCard, StanzaError>> read_vcard4(std::shared_ptr<User> account, Jid reader)
{
    NodeStore::ItemQuery newest;
    newest.newest = 1;
    auto reading = account->host().personal_nodes()->read(account, std::move(reader), std::string(ns::vcard4),
        std::move(newest));
    const auto items = co_await reading;
    if (!items) {
        co_return items.error();
    }
    PublishedCard published;
    if (items->empty()) {
        co_return published;
    }
    published.id = items->front().id;
    auto payload = parse_element(items->front().payload);
    if (payload && payload->is("vcard", ns::vcard4_format)) {
        published.vcard4 = std::move(*payload);
    }
    co_return published;
}

/// A node that does not exist is made open: a vcard-temp is for everybody.
Task<std::optional<StanzaError>> publish_vcard4(std::shared_ptr<User> account, std::string id, Element vcard4)
{
    NodeItem item;
    item.id = std::move(id);
    item.publisher = account->jid();
    item.payload = to_xml(vcard4);
    item.modified = account->host().clock().wall();
    auto publishing = account->host().personal_nodes()->publish(account, std::string(ns::vcard4),
        std::move(item), PersonalNodes::NewNode::open);
    auto failed = co_await publishing;
    co_return failed;
}

/// Whether the text fields of vCards are those of the vCard4 in the nodes of accounts.
bool converts_vcard4(const Host& host)
{
    return host.is_on("vcard4") && host.personal_nodes() != nullptr;
}

class VCard4 final : public Module {
public:
    Manifest describe() const override
    {
        return Manifest("vcard4", "Shows the profile of a user to clients of both kinds of vCards.")
            .implements(Xep { 292, "0.12.0", "vCard4 Over XMPP" })
            .needs("pep")
            .needs("vcard")
            .feature(ns::vcard4_format, On::account);
    }

    void attach(Handlers&) override {} // `vcard` asks for the fields when it answers
};

} // namespace

std::unique_ptr<Module> make_vcard4()
{
    return std::make_unique<VCard4>();
}

Task<Result<Element, StanzaError>> publish_fields(std::shared_ptr<User> account, Element vcard_temp)
{
    vcard_temp.remove_attribute(mark);
    if (!converts_vcard4(account->host())) {
        co_return vcard_temp;
    }
    auto reading = read_vcard4(account, account->jid());
    auto now = co_await reading;
    if (!now) {
        co_return now.error();
    }
    const bool has_one = now->vcard4.has_value();
    const Element before = has_one ? std::move(*now->vcard4) : Element("vcard", ns::vcard4_format);
    const Element after = update_vcard4(before, vcard_temp);
    if (after != before) {
        auto publishing = publish_vcard4(account, std::move(now->id), after);
        const auto failed = co_await publishing;
        if (failed) {
            co_return *failed;
        }
    }
    if (has_one || after != before) {
        vcard_temp.set_attribute(mark, ns::vcard4);
    }
    co_return vcard_temp;
}

Task<Result<std::optional<Element>, StanzaError>> show_fields(std::shared_ptr<User> account, Jid reader,
    std::optional<Element> vcard_temp)
{
    const bool is_own = reader.same_bare(account->jid());
    const bool is_on = converts_vcard4(account->host());
    bool is_in_node = vcard_temp && vcard_temp->has_attribute(mark);
    if (vcard_temp) {
        vcard_temp->remove_attribute(mark);
    }
    if (is_on) {
        auto reading = read_vcard4(account, reader);
        auto readable = co_await reading;
        if (!readable) {
            co_return readable.error();
        }
        if (readable->vcard4) {
            Element card = vcard_temp ? std::move(*vcard_temp) : Element("vCard", ns::vcard_temp);
            co_return std::optional(update_vcard_temp(std::move(card), *readable->vcard4));
        }
    }
    if (is_on && vcard_temp && !is_in_node && !is_own) {
        auto reading = read_vcard4(account, account->jid());
        const auto own = co_await reading;
        if (!own) {
            co_return own.error();
        }
        is_in_node = own->vcard4.has_value();
    }
    const bool is_hidden = is_in_node && (is_on || !is_own); // if it was turned off, nobody knows for whom
    if (is_hidden && remove_fields(*vcard_temp) && vcard_temp->child_count() == 0) {
        co_return std::optional<Element>();
    }
    co_return vcard_temp;
}

} // namespace stonechat
