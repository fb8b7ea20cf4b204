// SPDX-License-Identifier: Apache-2.0
#include "modules/private_xml.hpp"

#include "router/data_view.hpp"
#include "router/host.hpp"
#include "router/store_errors.hpp"
#include "storage/storage.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stream_parser.hpp"

#include <set>

namespace stonechat {
namespace {

constexpr const char* private_store = "private";

/// Returns the key of a fragment: the namespace and name of its root (§3).
std::string name_of(const Element& fragment)
{
    return std::string(fragment.ns().text()) + " " + fragment.name();
}

class PrivateXml final : public Module {
public:
    Manifest describe() const override
    {
        return Manifest("private_xml", "Stores small private data for clients, such as old bookmarks.")
            .implements(Xep { 49, "1.2", "Private XML Storage" })
            .feature(ns::private_xml, On::both)
            .setting(SettingSpec::bytes("max_bytes", 1024 * 1024, 1024, 64 * 1024 * 1024,
                "Maximum total size of the fragments of one account."))
            .setting(SettingSpec::integer("max_fragments", 100, 1, 10000,
                "Maximum number of fragments of one account."))
            .store(private_store);
    }

    void attach(Handlers& on) override
    {
        on.iq_get_later(To::own_account, ns::private_xml, "query", get);
        on.iq_set_later(To::own_account, ns::private_xml, "query", set);
        const auto refuse = [](const Iq&, const Context&) -> IqAnswer {
            return StanzaError(StanzaError::forbidden);
        };
        for (const To to : { To::account, To::nobody }) {
            on.iq_get(to, ns::private_xml, "query", refuse); // §3: another account's data
            on.iq_set(to, ns::private_xml, "query", refuse);
        }
    }

private:
    static Task<IqAnswer> get(Iq iq, Context context)
    {
        if (iq.payload().child_count() != 1) {
            co_return StanzaError(StanzaError::bad_request); // example 6: there must be exactly one child
        }
        const Element* wanted = iq.payload().first_child();
        if (wanted->ns() == ns::private_xml) {
            co_return StanzaError(StanzaError::not_acceptable);
        }
        if (DataView* view = view_of(context.host, *wanted)) {
            auto reading = view->read(context.user->shared_from_this(), iq.from());
            auto data = co_await reading;
            if (!data) {
                co_return data.error();
            }
            co_return Element("query", ns::private_xml).with(std::move(data->content));
        }
        auto pending = context.host.storage().keyval().get(context.user->key(), private_store,
            name_of(*wanted));
        const auto found = co_await pending;
        if (!found) {
            co_return to_stanza_error(found.error());
        }
        Element query("query", ns::private_xml);
        if (!found->has_value()) {
            query.add(Element(wanted->name(), wanted->ns())); // example 4: nothing stored: an empty element
            co_return query;
        }
        auto fragments = parse_element(**found);
        if (!fragments) {
            co_return StanzaError(StanzaError::internal_server_error);
        }
        for (const Element* fragment : fragments->children()) {
            query.add(*fragment);
        }
        co_return query;
    }

    /// Old data that is kept in another form now, or null.
    static DataView* view_of(const Host& host, const Element& fragment)
    {
        return host.data_view(fragment.ns().text());
    }

    /// Returns the changes to the store for a request: one entry for all fragments of one name.
    static Result<KeyvalStore::Changes, StanzaError> changes_of(const Host& host, const Element& query)
    {
        std::vector<std::pair<std::string, Element>> groups;
        for (const Element* fragment : query.children()) {
            if (fragment->ns() == ns::private_xml || fragment->ns().text().empty()) {
                return StanzaError(StanzaError::not_acceptable);
            }
            if (view_of(host, *fragment) != nullptr) {
                continue;
            }
            const std::string name = name_of(*fragment);
            auto group = std::find_if(groups.begin(), groups.end(),
                [&name](const auto& each) { return each.first == name; });
            if (group == groups.end()) {
                groups.emplace_back(name, Element("fragments", ns::private_xml));
                group = std::prev(groups.end());
            }
            group->second.add(*fragment);
        }
        if (query.first_child() == nullptr) {
            return StanzaError(StanzaError::not_acceptable);
        }
        KeyvalStore::Changes changes;
        for (const auto& [name, group] : groups) {
            changes.emplace_back(name, to_xml(group));
        }
        return changes;
    }

    /// Gives fragments to their views.
    static Task<std::optional<StanzaError>> write_views(Iq iq, Context context)
    {
        for (const Element* fragment : iq.payload().children()) {
            if (DataView* view = view_of(context.host, *fragment)) {
                auto writing = view->write(context.user->shared_from_this(), iq.from(), *fragment);
                auto failed = co_await writing;
                if (failed) {
                    co_return failed;
                }
            }
        }
        co_return std::nullopt;
    }

    static Task<IqAnswer> set(Iq iq, Context context)
    {
        auto changes = changes_of(context.host, iq.payload());
        if (!changes) {
            co_return changes.error();
        }
        KeyvalStore& keyval = context.host.storage().keyval();
        auto loading = keyval.load(context.user->key(), private_store);
        const auto stored = co_await loading;
        if (!stored) {
            co_return to_stanza_error(stored.error());
        }
        if (!fits(context.host.settings("private_xml"), *stored, *changes)) {
            co_return StanzaError(StanzaError::resource_constraint, StanzaError::Type::cancel,
                "The private storage is full");
        }
        auto showing = write_views(iq, context);
        auto refused = co_await showing;
        if (refused) {
            co_return std::move(*refused);
        }
        if (changes->empty()) {
            co_return std::nullopt;
        }
        auto writing = keyval.apply(context.user->key(), private_store, std::move(*changes));
        const auto saved = co_await writing;
        if (!saved) {
            co_return to_stanza_error(saved.error());
        }
        co_return std::nullopt;
    }

    static bool fits(const Section& limits, const KeyvalStore::Entries& stored,
        const KeyvalStore::Changes& changes)
    {
        std::set<std::string> names;
        std::size_t bytes = 0;
        for (const auto& [name, value] : changes) {
            names.insert(name);
            bytes += value->size();
        }
        for (const auto& [name, value] : stored) {
            if (names.insert(name).second) {
                bytes += value.size();
            }
        }
        return bytes <= static_cast<std::size_t>(limits.integer("max_bytes"))
            && names.size() <= static_cast<std::size_t>(limits.integer("max_fragments"));
    }
};

} // namespace

std::unique_ptr<Module> make_private_xml()
{
    return std::make_unique<PrivateXml>();
}

} // namespace stonechat
