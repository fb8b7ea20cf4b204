// SPDX-License-Identifier: Apache-2.0
// Descriptor: owns one file descriptor. DescriptorReserve: one spare descriptor for when the process has none
// left, so that a new connection can still be accepted and closed. Values that move.
#pragma once

#include <utility>

namespace stonechat {

class Descriptor {
public:
    Descriptor() = default;
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept
    {
        std::swap(fd_, other.fd_);
        return *this;
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() { close(); }

    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }
    void close();

private:
    int fd_ = -1;
};

class DescriptorReserve {
public:
    DescriptorReserve() { refill(); }

    /// Frees the reserve, so that one descriptor can be opened; call `refill` when that one is closed.
    void release() { spare_.close(); }
    void refill();

private:
    Descriptor spare_;
};

} // namespace stonechat
