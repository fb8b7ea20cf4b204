// SPDX-License-Identifier: Apache-2.0
// A form that was read and written once reads and writes the same from then on, with the same values.
#include "expect.hpp"
#include "xmpp/data_form.hpp"
#include "xmpp/serialize.hpp"
#include "xmpp/stream_parser.hpp"

#include <cstdint>
#include <string_view>

namespace {

using namespace stonechat;

/// Over the wire and back.
DataForm again(const DataForm& form)
{
    const auto x = parse_element(to_xml(form.to_element()));
    expect(x.has_value(), "what was written cannot be parsed");
    auto read = DataForm::from_element(*x);
    expect(read.has_value(), "what was written is no form");
    return std::move(*read);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto x = parse_element(std::string_view(reinterpret_cast<const char*>(data), size));
    if (!x) {
        return 0;
    }
    const auto form = DataForm::from_element(*x);
    if (!form) {
        return 0;
    }
    const DataForm once = again(*form);
    expect(again(once) == once, "a form changes each time it is written");
    expect(once.fields().size() == form->fields().size(), "a field is lost");
    for (const DataForm::Field& field : form->fields()) {
        expect(once.values(field.var) == form->values(field.var), "values are lost");
        expect(once.flag(field.var) == form->flag(field.var), "a flag is lost");
    }
    expect(once.form_type() == form->form_type(), "the form type is lost");
    return 0;
}
