// SPDX-License-Identifier: Apache-2.0
// A module that a test makes up: the test writes what it registers into `Example::attached`.
#pragma once

#include "support/world.hpp"

#include <functional>

namespace stonechat::test {

class Example final : public Module {
public:
    using Attach = std::function<void(Handlers&)>;
    /// What the next Example attaches; the table of modules holds plain functions only.
    static Attach& attached()
    {
        static Attach attach;
        return attach;
    }

    Manifest describe() const override { return Manifest("example", "Whatever a test makes of it."); }
    void attach(Handlers& on) override { attached()(on); }
};

/// A server whose only module does what `attach` registers.
inline std::vector<ModuleEntry> example_module(Example::Attach attach)
{
    Example::attached() = std::move(attach);
    return { { []() -> std::unique_ptr<Module> { return std::make_unique<Example>(); }, true } };
}

} // namespace stonechat::test
