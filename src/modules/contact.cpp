// SPDX-License-Identifier: Apache-2.0
#include "modules/contact.hpp"

#include "router/host.hpp"
#include "xmpp/data_form.hpp"
#include "xmpp/ns.hpp"

#include <array>

namespace stonechat {
namespace {

/// The roles of the registrar's form (XEP-0157 §4.2), each a list of URIs in the configuration.
constexpr std::array roles { "abuse", "admin", "feedback", "sales", "security", "status", "support" };

class Contact final : public Module {
public:
    Manifest describe() const override
    {
        Manifest manifest("contact", "Announces the contact addresses of the people who run this server.");
        for (const char* role : roles) {
            // NOLINTNEXTLINE(bugprone-use-after-move): setting() changes the manifest and returns it
            std::move(manifest).setting(SettingSpec::list(role, {},
                "Contact addresses (mailto:, xmpp: or https:) announced for " + std::string(role) + "."));
        }
        return std::move(manifest).implements(Xep { 157, "1.1.1", "Contact Addresses for XMPP Services" });
    }

    void attach(Handlers& on) override
    {
        on.disco_info(To::host, "",
            [](const Context& context, const Iq&, Element& query) { add_form(context.host, query); });
    }

private:
    static void add_form(const Host& host, Element& query)
    {
        DataForm form(DataForm::Type::result, ns::server_info_form);
        bool any = false;
        for (const char* role : roles) {
            const auto& addresses = host.settings("contact").list(role);
            if (addresses.empty()) {
                continue;
            }
            DataForm::Field field;
            field.var = std::string(role) + "-addresses";
            field.type = DataForm::FieldType::list_multi;
            field.values = addresses;
            form.add(std::move(field));
            any = true;
        }
        if (any) {
            query.add(form.to_element());
        }
    }
};

} // namespace

std::unique_ptr<Module> make_contact()
{
    return std::make_unique<Contact>();
}

} // namespace stonechat
