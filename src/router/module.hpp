// SPDX-License-Identifier: Apache-2.0
// Module: a feature of a virtual host. It describes itself (Manifest) and registers what it handles
// (Handlers). One instance per host and shard, used by that shard's thread only: its members need no lock.
// See docs/adding-a-xep.md.
#pragma once

#include "router/manifest.hpp"

#include <memory>

namespace stonechat {

class Handlers;

class Module {
public:
    virtual ~Module() = default;
    virtual Manifest describe() const = 0;
    virtual void attach(Handlers& on) = 0;
    /// Called after the configuration was reloaded: settings that are hot may have changed.
    virtual void reconfigured() {}
};

/// A row of the table of modules (modules/table.cpp). A module is made without a host, because its manifest
/// is the same for all hosts; it learns its host in attach() (Handlers::host).
struct ModuleEntry {
    std::unique_ptr<Module> (*make)();
    bool on_by_default;
};

} // namespace stonechat
