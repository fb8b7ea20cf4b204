// SPDX-License-Identifier: Apache-2.0
#include "xmpp/data_form.hpp"

#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stream_parser.hpp"

#include <doctest/doctest.h>

using namespace stonechat;

namespace {

Result<DataForm, StanzaError> read(std::string_view content, std::string_view type = "submit")
{
    return DataForm::from_element(*parse_element("<x xmlns='jabber:x:data' type='" + std::string(type) + "'>"
        + std::string(content) + "</x>"));
}

DataForm::Field field(std::string_view var, DataForm::FieldType type, std::vector<std::string> values = {})
{
    DataForm::Field made;
    made.var = var;
    made.type = type;
    made.values = std::move(values);
    return made;
}

} // namespace

// XEP-0004 §3.1-1
TEST_CASE("data form: a submission is read by name (XEP-0004 §3.2, XEP-0068 §3)")
{
    const auto form = read("<field var='FORM_TYPE'><value>urn:x</value></field>"
                           "<field var='a'><value>1</value></field>"
                           "<field var='b'><value>x</value><value>y</value></field>"
                           "<field var='c'/><field var='d' type='boolean'><value>false</value></field>"
                           "<field var='e' type='unheard-of'><value>maybe</value></field>");
    REQUIRE(form.has_value());
    CHECK(form->type() == DataForm::Type::submit);
    CHECK(form->form_type() == "urn:x");
    CHECK(form->value("a") == "1");
    CHECK(form->flag("a") == true);
    CHECK(form->values("b") == std::vector<std::string> { "x", "y" });
    CHECK_FALSE(form->value("c"));
    CHECK(form->flag("d") == false);
    CHECK_FALSE(form->flag("e"));
    CHECK(form->field("e")->type == DataForm::FieldType::text_single);
    CHECK_FALSE(form->flag("absent"));
    CHECK(form->values("absent").empty());
    CHECK(form->field("absent") == nullptr);
}

TEST_CASE("data form: FORM_TYPE counts only where it is hidden, or submitted (XEP-0068 §3.3)")
{
    CHECK(read("<field var='FORM_TYPE' type='hidden'><value>a</value></field>", "result")->form_type()
        == "a");
    CHECK(read("<field var='FORM_TYPE'><value>a</value></field>", "result")->form_type().empty());
    CHECK(read("<field var='FORM_TYPE' type='hidden'/>", "result")->form_type().empty());
    CHECK(read("", "cancel")->form_type().empty());
}

TEST_CASE("data form: what breaks XEP-0004 is a bad request")
{
    std::string many_fields;
    for (int i = 0; i < 600; ++i) {
        many_fields += "<field var='f" + std::to_string(i) + "'/>";
    }
    std::string many_values = "<field var='a'>";
    for (int i = 0; i < 3000; ++i) {
        many_values += "<value/>";
    }
    many_values += "</field>";
    for (const std::string& content :
        { std::string("<field/>"), std::string("<field type='boolean'><value>1</value></field>"),
            std::string("<field var='a'/><field var='a'/>"), many_fields, many_values,
            std::string("<reported><field/></reported>"),
            std::string("<item><field var='a'/><field var='a'/></item>") }) {
        const auto form = read(content);
        REQUIRE_FALSE(form.has_value());
        CHECK(form.error().condition() == StanzaError::bad_request);
    }
    CHECK_FALSE(read("", "").has_value());
    CHECK_FALSE(read("", "SUBMIT").has_value());
    CHECK_FALSE(DataForm::from_element(Element("x", ns::client)).has_value());
    CHECK(read("<field type='fixed'><value>a</value></field><field type='fixed'><value>b</value></field>",
        "form")
              .has_value());
}

// XEP-0004 §3.2-2
TEST_CASE("data form: a form to fill in goes out and comes back (XEP-0004 §3)")
{
    using Type = DataForm::FieldType;
    DataForm form(DataForm::Type::form, "urn:example:room");
    form.set_title("Configuration").set_instructions("Fill in <this>");
    form.add(field("name", Type::text_single, { "Chamber" }).labelled("Name").must());
    form.add("public", Type::boolean, "1");
    auto whois = field("whois", Type::list_single, { "anyone" });
    whois.desc = "Who sees addresses";
    whois.options = { { "Moderators", "moderators" }, { "", "anyone" } };
    form.add(whois);
    for (const auto type : { Type::fixed, Type::hidden, Type::jid_multi, Type::jid_single, Type::list_multi,
             Type::text_multi, Type::text_private }) {
        form.add(field("t" + std::to_string(static_cast<int>(type)), type, { "a", "b" }));
    }
    const Element element = form.to_element();
    const auto back = DataForm::from_element(*parse_element(to_xml(element)));
    REQUIRE(back.has_value());
    CHECK(*back == form);
    CHECK(back->form_type() == "urn:example:room");
    CHECK(back->field("name")->required);
    CHECK(back->title() == "Configuration");
    CHECK(to_xml(element).find(
              "<field var='name' type='text-single' label='Name'><required/><value>Chamber</value></field>")
        != std::string::npos);
}

// XEP-0004 §3.4-1
TEST_CASE("data form: results with several items (XEP-0004 §3.4)")
{
    using Type = DataForm::FieldType;
    DataForm form(DataForm::Type::result, "urn:example:search");
    form.set_reported({ field("name", Type::text_single).labelled("Name"), field("jid", Type::jid_single) });
    form.add_item({ field("name", Type::text_single, { "Romeo" }),
        field("jid", Type::text_single, { "r@m" }) });
    form.add_item({ field("name", Type::text_single, { "Juliet" }) });
    const std::string xml = to_xml(form.to_element());
    CHECK(xml.find("<reported><field var='name' type='text-single' label='Name'/><field var='jid' "
                   "type='jid-single'/></reported>"
                   "<item><field var='name'><value>Romeo</value></field>")
        != std::string::npos);
    const auto back = DataForm::from_element(*parse_element(xml));
    REQUIRE(back.has_value());
    CHECK(back->items().size() == 2);
    CHECK(back->reported().size() == 2);
    CHECK(*back == form);
}
