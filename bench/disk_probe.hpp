// SPDX-License-Identifier: Apache-2.0
//
// How long the disk takes to make 4 KiB durable: what a server's commit cannot go below. A thread of its own
// writes to a small file of its own beside the server's data, ten times a second, and is stopped by the
// destructor; the results are read after stop(), or before start().
#pragma once

#include "histogram.hpp"

#include <atomic>
#include <string>
#include <thread>

namespace stonechat::bench {

class DiskProbe {
public:
    /// Makes the file in `folder`; throws BenchError when it cannot.
    explicit DiskProbe(const std::string& folder);
    ~DiskProbe();
    DiskProbe(const DiskProbe&) = delete;
    DiskProbe& operator=(const DiskProbe&) = delete;

    /// So many writes here and now.
    void sample(int times);
    void start();
    void stop();
    /// Answers what was measured since the last call.
    Histogram take();

private:
    void sample_once();

    int descriptor_;
    long position_ = 0;
    Histogram times_;
    std::atomic<bool> is_running_ = false;
    std::thread thread_;
};

} // namespace stonechat::bench
