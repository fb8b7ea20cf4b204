// SPDX-License-Identifier: Apache-2.0
#include "readiness.hpp"

#include "base/clock.hpp"
#include "ctl/protocol.hpp"
#include "private_files.hpp"
#include "process.hpp"
#include "process_settings.hpp"
#include "trusted_accounts.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace stonechat {
namespace {

namespace fs = std::filesystem;

/// Collects the findings.
class Survey {
public:
    Survey(const Settings& settings, const std::vector<EffectiveSetting>& running)
        : settings_(settings), running_(running)
    {}

    std::vector<Finding> findings() &&
    {
        const auto privileges = Privileges::of(settings_.section("server"));
        if (!privileges) {
            fatal(privileges.error());
            return std::move(findings_);
        }
        look_at_eyes(*privileges);
        look_at_data_dir();
        if (const auto become = privileges->become(); !become) {
            fatal(become.error());
        }
        look_at_files();
        look_at_certificates();
        look_at_names();
        if (const auto root = privileges->as_root(); !root) {
            fatal(root.error());
        }
        look_at_ports();
        return std::move(findings_);
    }

private:
    void fatal(std::string text) { findings_.push_back({ true, std::move(text) }); }
    void warn(std::string text) { findings_.push_back({ false, std::move(text) }); }

    /// Warns if this process has not the rights of the server's user: what one user may read says nothing
    /// about another.
    void look_at_eyes(const Privileges& privileges)
    {
        if (geteuid() != 0 && !privileges.user().empty() && !privileges.is_user()) {
            warn("the server runs as the user '" + privileges.user()
                + "': look at its files as that user, or as root");
        }
    }

    /// Whether `path` may be accessed in this `way`; adds a fatal finding if not.
    bool may(const std::string& path, int way, std::string_view what)
    {
        if (faccessat(AT_FDCWD, path.c_str(), way, AT_EACCESS) == 0) {
            return true;
        }
        fatal(std::string(what) + " " + path + ": " + std::strerror(errno));
        return false;
    }

    static bool exists(const std::string& path)
    {
        struct stat facts {};
        return stat(path.c_str(), &facts) == 0 || errno != ENOENT;
    }

    /// If data_dir does not exist, the start makes it (as root, if started as root): checks that this will
    /// work.
    void look_at_data_dir()
    {
        const std::string& folder = settings_.section("server").text("data_dir");
        if (exists(folder)) {
            return;
        }
        may(above(folder), W_OK | X_OK, "cannot make data_dir " + folder + " in");
    }

    /// Returns the innermost existing folder above `path`.
    static std::string above(const std::string& path)
    {
        fs::path folder = fs::path(path).parent_path();
        while (folder != folder.root_path() && !exists(folder.string())) {
            folder = folder.parent_path();
        }
        return folder.empty() ? "." : folder.string();
    }

    void look_at_files()
    {
        const std::string& folder = settings_.section("server").text("data_dir");
        if (exists(folder) && may(folder, R_OK | W_OK | X_OK, "cannot work in data_dir")) {
            look_at_secret(data_path(settings_, "secret"));
        }
        const std::string socket = data_path(settings_, ctl::socket_name);
        if (socket.size() >= sizeof(sockaddr_un::sun_path)) {
            fatal("the control socket's path is too long for a socket: " + socket
                + "; choose a shorter data_dir");
        }
        if (settings_.section("storage").text("backend") != "memory") {
            look_at_file(settings_.section("storage").text("file"), R_OK | W_OK, "cannot use the database");
        }
        look_at_openness();
        if (settings_.section("log").text("target") == "file") {
            look_at_file(settings_.section("log").text("file"), W_OK, "cannot write the log");
        }
    }

    void look_at_openness()
    {
        const Openness open = openness_of(settings_);
        for (const std::string& each : open.refusals) {
            fatal(each);
        }
        for (const std::string& each : open.warnings) {
            warn(each);
        }
    }

    void look_at_names()
    {
        for (const std::string& each : trusted_names_without_account(settings_)) {
            warn(each);
        }
    }

    void look_at_secret(const std::string& path)
    {
        if (exists(path) && may(path, R_OK, "cannot read")) {
            if (const auto secret = lasting_secret(path); !secret) { // the file exists, so this makes none
                fatal(secret.error());
            }
        }
    }

    /// Checks a file; if it does not exist, the folder in which the start will make it.
    void look_at_file(const std::string& path, int way, std::string_view what)
    {
        const std::string& data_dir = settings_.section("server").text("data_dir");
        if (exists(path)) {
            may(path, way, what);
        } else if (fs::path(path).parent_path() != fs::path(data_dir)) { // data_dir was checked before
            may(above(path), W_OK | X_OK, std::string(what) + " " + path + " in");
        }
    }

    void look_at_certificates()
    {
        const SystemClock clock;
        for (const TlsIdentity& each : identities(settings_)) {
            if (will_be_made(settings_, each)) {
                continue;
            }
            const auto loaded = TlsContexts::load({ each });
            if (!loaded) {
                fatal(loaded.error().message);
                continue;
            }
            for (CertificateFlaw& flaw : flaws_of((*loaded)->certificates(), clock.wall())) {
                warn(std::move(flaw.text));
            }
        }
    }

    void look_at_ports()
    {
        for (const ListenSettings& each : settings_.listen) {
            const ListenerOptions options = listener_options(settings_, each.core);
            if (!is_ours(options)) {
                if (const auto bound = Listener::try_port(options); !bound) {
                    fatal(bound.error() + "; is another server running, or is the port in [[listen]] wrong?");
                }
            }
        }
    }

    std::string_view running_value(const std::string& path) const
    {
        const auto found = std::find_if(running_.begin(), running_.end(),
            [&path](const EffectiveSetting& each) { return each.path == path; });
        return found == running_.end() ? std::string_view() : std::string_view(found->value);
    }

    /// Whether the running server of this data_dir listens on that port.
    bool is_ours(const ListenerOptions& options) const
    {
        for (std::size_t number = 1;; ++number) {
            const std::string section = "listen." + std::to_string(number);
            const std::string_view port = running_value(section + ".port");
            if (port.empty()) {
                return false;
            }
            if (port == std::to_string(options.port)
                && running_value(section + ".address") == "\"" + options.address + "\"") {
                return true;
            }
        }
    }

    const Settings& settings_;
    const std::vector<EffectiveSetting>& running_;
    std::vector<Finding> findings_;
};

} // namespace

std::vector<Finding> look_at_surroundings(const Settings& settings,
    const std::vector<EffectiveSetting>& running)
{
    return Survey(settings, running).findings();
}

} // namespace stonechat
