// SPDX-License-Identifier: Apache-2.0
#include "net/blocking_pool.hpp"

#include <algorithm>

namespace stonechat {

BlockingPool::BlockingPool(unsigned threads, std::size_t queue) : limit_(queue)
{
    for (unsigned i = 0; i < std::max(1U, threads); ++i) {
        threads_.emplace_back([this] { work(); });
    }
}

BlockingPool::~BlockingPool()
{
    stop();
}

void BlockingPool::stop()
{
    std::deque<Job> left;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        left.swap(queue_);
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) {
        thread.join();
    }
    threads_.clear();
    for (Job& job : left) {
        job(false);
    }
}

bool BlockingPool::enqueue(Job job)
{
    {
        const std::lock_guard lock(mutex_);
        if (stopping_ || queue_.size() >= limit_) {
            return false;
        }
        queue_.push_back(std::move(job));
    }
    wake_.notify_one();
    return true;
}

void BlockingPool::work()
{
    for (;;) {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
        if (stopping_) {
            return;
        }
        Job job = std::move(queue_.front());
        queue_.pop_front();
        lock.unlock();
        job(true);
    }
}

} // namespace stonechat
