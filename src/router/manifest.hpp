// SPDX-License-Identifier: Apache-2.0
// Manifest: the description of a module. Service discovery, the check of the configuration,
// conf/stonechat.toml and docs/xeps.md are made from it, so they cannot disagree. A value.
#pragma once

#include "config/settings.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace stonechat {

struct Xep {
    int number;
    std::string_view version; ///< the version of the XEP that was implemented
    std::string_view title;
    std::string_view note = {}; ///< what is left out, if anything
};

/// Which addresses show a disco feature.
enum class On { host, account, both };

class Manifest {
public:
    struct Identity {
        std::string category;
        std::string type;
        std::string name;
        On on;
    };
    struct Feature {
        std::string var;
        On on;
    };

    /// `name` is the module's section in the configuration: `[host.NAME]`.
    Manifest(std::string_view name, std::string_view meaning);

    Manifest&& implements(Xep xep) &&;
    Manifest&& implements_rfc(std::string_view section) &&; ///< "RFC 6121 §2"
    Manifest&& feature(std::string_view var, On on = On::host) &&;
    Manifest&& identity(std::string_view category, std::string_view type, std::string_view name, On on) &&;
    Manifest&& setting(SettingSpec spec) &&;
    Manifest&& needs(std::string_view module) &&;
    /// The keyval store this module keeps its data in (KeyvalStore's `store`).
    Manifest&& store(std::string_view name) &&;

    const std::string& name() const { return name_; }
    const std::string& meaning() const { return meaning_; }
    const std::vector<Xep>& xeps() const { return xeps_; }
    const std::vector<std::string>& rfcs() const { return rfcs_; }
    const std::vector<Feature>& features() const { return features_; }
    const std::vector<Identity>& identities() const { return identities_; }
    const std::vector<SettingSpec>& settings() const { return settings_; }
    const std::vector<std::string>& needed() const { return needed_; }
    const std::vector<std::string>& stores() const { return stores_; }

private:
    std::string name_;
    std::string meaning_;
    std::vector<Xep> xeps_;
    std::vector<std::string> rfcs_;
    std::vector<Feature> features_;
    std::vector<Identity> identities_;
    std::vector<SettingSpec> settings_;
    std::vector<std::string> needed_;
    std::vector<std::string> stores_;
};

} // namespace stonechat
