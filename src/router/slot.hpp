// SPDX-License-Identifier: Apache-2.0
// Slot<T>: a module's state inside a session or user. The state dies with its owner, so no separate map has
// to be kept in step. A module asks for a Slot when it attaches; the SlotTable of each owner holds the
// values, made on first use. Shard-bound with its owner.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace stonechat {

class Session;
class User;

class SlotTable {
public:
    struct Value {
        virtual ~Value() = default;
    };
    template <class T> struct Holder final : Value {
        T value {};
    };

    template <class T> T* find(std::size_t index) const
    {
        if (index >= values_.size() || !values_[index]) {
            return nullptr;
        }
        return &static_cast<Holder<T>&>(*values_[index]).value;
    }

    template <class T> T& get(std::size_t index)
    {
        if (index >= values_.size()) {
            values_.resize(index + 1);
        }
        if (!values_[index]) {
            values_[index] = std::make_unique<Holder<T>>();
        }
        return static_cast<Holder<T>&>(*values_[index]).value;
    }

    void clear(std::size_t index)
    {
        if (index < values_.size()) {
            values_[index].reset();
        }
    }

private:
    std::vector<std::unique_ptr<Value>> values_;
};

/// An index into the SlotTable of every Owner (Session or User). Cheap to copy.
template <class Owner, class T> class Slot {
public:
    Slot() = default;
    explicit Slot(std::size_t index) : index_(index) {}

    /// Returns the state, made with T{} on first use.
    T& of(Owner& owner) const { return owner.slots().template get<T>(index_); }
    /// Returns the state, or null if it was never made.
    T* find(const Owner& owner) const { return owner.slots().template find<T>(index_); }
    void clear(Owner& owner) const { owner.slots().clear(index_); }

private:
    std::size_t index_ = 0;
};

template <class T> using SessionSlot = Slot<Session, T>;
template <class T> using UserSlot = Slot<User, T>;

} // namespace stonechat
