// SPDX-License-Identifier: Apache-2.0
// Function<Signature>: a callable that is moved, not copied, so that it can own move-only captures (a stanza,
// a settlement, a promise). C++20 has no std::move_only_function.
#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

namespace stonechat {

template <class Signature> class Function;

template <class R, class... Args> class Function<R(Args...)> {
public:
    Function() = default;
    Function(std::nullptr_t) {}

    template <class F>
        requires(!std::is_same_v<std::remove_cvref_t<F>, Function> && std::is_invocable_r_v<R, F&, Args...>)
    Function(F&& f) : callable_(std::make_unique<Holder<std::decay_t<F>>>(std::forward<F>(f)))
    {}

    explicit operator bool() const { return callable_ != nullptr; }
    R operator()(Args... args) { return callable_->call(std::forward<Args>(args)...); }

private:
    struct Callable {
        virtual ~Callable() = default;
        virtual R call(Args... args) = 0;
    };
    template <class F> struct Holder final : Callable {
        explicit Holder(const F& f) : f_(f) {}
        explicit Holder(F&& f) : f_(std::move(f)) {}
        R call(Args... args) override { return static_cast<R>(f_(std::forward<Args>(args)...)); }
        F f_;
    };
    std::unique_ptr<Callable> callable_;
};

} // namespace stonechat
