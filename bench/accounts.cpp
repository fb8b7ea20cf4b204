// SPDX-License-Identifier: Apache-2.0
// `accounts`: writes the list of accounts for a server's own tool, or registers them in-band (XEP-0077).
#include "crew.hpp"
#include "modes.hpp"

#include <fmt/format.h>
#include <fstream>
#include <memory>
#include <vector>

namespace stonechat::bench {
namespace {

struct AccountsMode {
    CommonOptions common;
    std::uint32_t count = 1000;
    std::string out;
    bool do_register = false;
};

// One connection per account, one after the other: servers limit registration by address anyway.
class Registration final : private ClientEvents {
public:
    explicit Registration(Workbench& bench) : bench_(bench) {}

    bool add(std::uint32_t index)
    {
        is_done_ = false;
        failure_.clear();
        Client client(bench_.loop, bench_.target, *this, bench_.account(index, ""), index);
        client.start();
        bench_.loop.run_until(bench_.in(30), [this] { return is_done_; });
        client.abandon();
        return is_done_ && failure_.empty();
    }

    [[nodiscard]] const std::string& failure() const { return failure_; }

private:
    void on_online(Client&) override { is_done_ = true; }
    void on_element(Client&, const Item&) override {}
    void on_batch_end(Client&) override {}
    void on_offline(Client&, const std::string& reason) override
    {
        failure_ = reason;
        is_done_ = true;
    }

    Workbench& bench_;
    bool is_done_ = false;
    std::string failure_;
};

void write_list(const AccountsMode& mode)
{
    std::ofstream file(mode.out);
    const auto& common = mode.common;
    for (std::uint32_t i = 0; i < mode.count; ++i) {
        file << fmt::format("{}{}@{} {}\n", common.user_prefix, common.first_user + i, common.domain,
            common.password);
    }
    if (!file.flush()) {
        throw BenchError(fmt::format("cannot write {}", mode.out));
    }
}

int register_all(const AccountsMode& mode)
{
    Workbench bench("accounts", mode.common);
    bench.target.negotiation = Negotiation::registration;
    Registration registration(bench);
    std::uint32_t made = 0;
    while (made < mode.count && registration.add(made)) {
        ++made;
    }
    if (made < mode.count) {
        bench.report.note(fmt::format("account {} was not made: {}", made, registration.failure()));
    }
    bench.report.figure("accounts", made, "");
    return bench.finish(made == mode.count);
}

int run_accounts(const AccountsMode& mode)
{
    if (mode.out.empty() && !mode.do_register) {
        throw BenchError("accounts: say --out FILE, or --register");
    }
    if (!mode.out.empty()) {
        write_list(mode);
    }
    return mode.do_register ? register_all(mode) : 0;
}

} // namespace

void add_accounts_mode(CLI::App& app, int& exit_code)
{
    auto* const command = app.add_subcommand("accounts",
        "Prepare the accounts that the other modes log in with");
    const auto mode = std::make_shared<AccountsMode>();
    add_server_options(*command, mode->common);
    add_run_options(*command, mode->common);
    command->add_option("--count", mode->count, "How many")->capture_default_str();
    command->add_option("--out", mode->out, "Write `user@domain password` lines to this file");
    command->add_flag("--register", mode->do_register,
        "Create them in-band, where the server allows it (XEP-0077)");
    command->callback([mode, &exit_code] { exit_code = run_accounts(*mode); });
}

} // namespace stonechat::bench
