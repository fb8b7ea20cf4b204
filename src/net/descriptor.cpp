// SPDX-License-Identifier: Apache-2.0
#include "net/descriptor.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace stonechat {

void Descriptor::close()
{
    if (fd_ >= 0) {
        ::close(std::exchange(fd_, -1));
    }
}

void DescriptorReserve::refill()
{
    if (!spare_) {
        spare_ = Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    }
}

} // namespace stonechat
