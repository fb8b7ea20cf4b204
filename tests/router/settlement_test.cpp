// SPDX-License-Identifier: Apache-2.0
#include "router/settlement.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace stonechat;

namespace {

/// A home whose mail is read when the test says so.
class HandHome final : public Home {
public:
    void post(Function<void()> task) override { mail_.push_back(std::move(task)); }
    bool is_current() const override { return current; }

    std::size_t read_mail()
    {
        auto mail = std::move(mail_);
        mail_.clear();
        for (auto& task : mail) {
            task();
        }
        return mail.size();
    }

    bool current = true;

private:
    std::vector<Function<void()>> mail_;
};

} // namespace

TEST_CASE("settlement: a stanza is settled when its last holder lets go")
{
    HandHome home;
    int settled = 0;
    Ledger ledger(home, [&settled] { ++settled; });
    {
        Settlement first = ledger.open();
        const Settlement second = first.share();
        first = Settlement();
        CHECK(ledger.open_count() == 1);
        CHECK(settled == 0);
    }
    CHECK(ledger.open_count() == 0);
    CHECK(settled == 1);
}

TEST_CASE("settlement: the ledger hears of it only when nothing is open any more")
{
    HandHome home;
    int settled = 0;
    Ledger ledger(home, [&settled] { ++settled; });
    Settlement one = ledger.open();
    Settlement two = ledger.open();
    one = Settlement();
    CHECK(settled == 0);
    two = Settlement();
    CHECK(settled == 1);
}

TEST_CASE("settlement: a token dropped on another thread settles by mail at home")
{
    HandHome home;
    int settled = 0;
    Ledger ledger(home, [&settled] { ++settled; });
    home.current = false;
    ledger.open();
    CHECK(settled == 0);
    CHECK(home.read_mail() == 1);
    CHECK(settled == 1);
}

TEST_CASE("settlement: a token may outlive its ledger")
{
    HandHome home;
    Settlement late;
    int settled = 0;
    {
        Ledger ledger(home, [&settled] { ++settled; });
        late = ledger.open();
    }
    late = Settlement();
    CHECK(settled == 0);
}

TEST_CASE("settlement: an empty token belongs to nobody")
{
    const Settlement nobody;
    const Settlement shared = nobody.share();
}
