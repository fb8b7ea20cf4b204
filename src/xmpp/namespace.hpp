// SPDX-License-Identifier: Apache-2.0
// Namespace: the name of an XML namespace. A name in the table of namespace.cpp is a pointer to a constant,
// which costs no memory to hold, copy and compare; any other owns its text. A value of 16 bytes; pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace stonechat {

class Namespace {
public:
    Namespace() = default;
    Namespace(std::string_view name);
    Namespace(const char* name) : Namespace(std::string_view(name)) {}
    Namespace(const Namespace& other) : data_(other.data_), size_(other.size_)
    {
        if (other.owned_) {
            own();
        }
    }
    Namespace(Namespace&& other) noexcept : data_(other.data_), size_(other.size_), owned_(other.owned_)
    {
        other.forget();
    }
    Namespace& operator=(const Namespace& other)
    {
        if (this != &other) {
            *this = Namespace(other);
        }
        return *this;
    }
    Namespace& operator=(Namespace&& other) noexcept
    {
        if (this != &other) {
            release();
            data_ = other.data_;
            size_ = other.size_;
            owned_ = other.owned_;
            other.forget();
        }
        return *this;
    }
    ~Namespace() { release(); }

    std::string_view text() const { return { data_, size_ }; }
    bool empty() const { return size_ == 0; }
    /// Returns the number of heap bytes that this object owns.
    std::size_t heap_bytes() const { return owned_ ? size_ : 0; }

    friend bool operator==(const Namespace& a, const Namespace& b) { return a == b.text(); }
    friend bool operator==(const Namespace& a, std::string_view b)
    {
        return a.size_ == b.size() && (a.data_ == b.data() || a.text() == b);
    }
    friend bool operator==(const Namespace& a, const char* b) { return a.text() == b; }

private:
    void own(); ///< replaces data_ by a copy
    void release()
    {
        if (owned_) {
            delete[] data_;
        }
    }
    void forget()
    {
        data_ = "";
        size_ = 0;
        owned_ = false;
    }

    const char* data_ = ""; ///< a constant, or an array of our own
    std::uint32_t size_ = 0;
    bool owned_ = false;
};

} // namespace stonechat
