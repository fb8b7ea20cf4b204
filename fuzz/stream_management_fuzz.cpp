// SPDX-License-Identifier: Apache-2.0
// The counters of stream management against a list of all that was ever sent: the first byte says where
// they begin, each further byte is a step, some with an `h` of four bytes behind it. Nothing is sent
// twice on one connection or out of order, and nothing goes that was not acknowledged.
#include "c2s/stream_management.hpp"
#include "expect.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace {

using namespace stonechat;

class Input {
public:
    Input(const std::uint8_t* data, std::size_t size) : data_(data), left_(size) {}
    bool is_over() const { return left_ == 0; }
    std::uint8_t byte()
    {
        if (left_ == 0) {
            return 0;
        }
        --left_;
        return *data_++;
    }
    std::uint32_t word()
    {
        std::uint32_t word = 0;
        for (int i = 0; i < 4; ++i) {
            word = word << 8 | byte();
        }
        return word;
    }

private:
    const std::uint8_t* data_;
    std::size_t left_;
};

/// What the class should do, written down without a thought for speed.
class Model {
public:
    explicit Model(std::uint64_t start)
        : start_(start), acknowledged_(start), sent_(start), management_(start, start)
    {}

    void step(Input& input)
    {
        const std::uint8_t what = input.byte();
        switch (what % 8) {
        case 0: push("x" + std::to_string(what)); break;
        case 1: hold(); break;
        case 2: fill(what / 8); break;
        case 3: transmit(); break;
        case 4: acknowledge(static_cast<std::uint32_t>(acknowledged_ + what / 8), false); break;
        case 5: acknowledge(input.word(), false); break;
        case 6: acknowledge(what % 16 == 6 ? static_cast<std::uint32_t>(sent_) : input.word(), true); break;
        case 7: tell(what / 8); break;
        }
        check();
    }

private:
    void push(std::string xml)
    {
        all_.push_back(std::move(xml));
        expect(management_.push(all_.back()) == start_ + all_.size(), "a stanza has a wrong number");
    }

    void hold()
    {
        all_.emplace_back();
        expect(management_.hold() == start_ + all_.size(), "a place has a wrong number");
    }

    void fill(std::size_t back)
    {
        if (back >= all_.size()) {
            return;
        }
        const std::size_t index = all_.size() - 1 - back;
        if (all_[index].empty()) {
            all_[index] = "filled";
        }
        management_.fill(start_ + index + 1, "filled");
    }

    void transmit()
    {
        management_.transmit([] { return true; },
            [this](const std::string& xml) {
                expect(sent_ < start_ + all_.size(), "more is sent than there is");
                expect(xml == at(sent_ + 1), "something is sent out of order");
                ++sent_;
            });
        expect(sent_ == start_ + all_.size() || at(sent_ + 1).empty(), "something is not sent");
    }

    void acknowledge(std::uint32_t h, bool resume)
    {
        const auto answer = resume ? management_.resume(h) : management_.acknowledge(h);
        for (std::uint64_t number = acknowledged_; number <= sent_; ++number) {
            if (static_cast<std::uint32_t>(number) == h) {
                expect(answer == StreamManagement::Ack::fine, "a true count is refused");
                acknowledged_ = number;
                sent_ = resume ? number : sent_;
                return;
            }
        }
        if (answer == StreamManagement::Ack::fine) {
            const std::uint32_t behind = static_cast<std::uint32_t>(acknowledged_) - h;
            expect(behind <= acknowledged_, "a count is taken that never was");
            sent_ = resume ? acknowledged_ : sent_;
        }
    }

    void tell(std::uint64_t more)
    {
        durable_ += more;
        management_.set_durable(start_ + durable_);
        management_.asked(start_ + durable_ + more);
        expect(management_.take_h() == static_cast<std::uint32_t>(start_ + durable_),
            "a wrong count is told");
        expect(!management_.has_to_tell(), "what was told has to be told");
        if (management_.has_to_ask()) {
            management_.ask();
            expect(!management_.has_to_ask(), "it is asked twice");
        }
    }

    void check()
    {
        expect(management_.acknowledged() == acknowledged_, "acknowledged is wrong");
        expect(management_.sent() == sent_, "sent is wrong");
        expect(management_.last() == start_ + all_.size(), "something is lost");
        std::size_t bytes = 0;
        for (std::uint64_t number = acknowledged_ + 1; number <= management_.last(); ++number) {
            bytes += at(number).size();
        }
        expect(management_.bytes() == bytes, "the bytes are miscounted");
    }

    const std::string& at(std::uint64_t number) const
    {
        return all_[static_cast<std::size_t>(number - start_ - 1)];
    }

    std::uint64_t start_;
    std::uint64_t acknowledged_;
    std::uint64_t sent_;
    std::uint64_t durable_ = 0;
    std::vector<std::string> all_; ///< an empty one is not ready
    StreamManagement management_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Input input(data, size);
    const std::uint8_t first = input.byte();
    Model model(first % 2 == 0 ? 0 : UINT32_MAX - static_cast<std::uint64_t>(first));
    for (int steps = 0; steps < 1000 && !input.is_over(); ++steps) {
        model.step(input);
    }
    return 0;
}
