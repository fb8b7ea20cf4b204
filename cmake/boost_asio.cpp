// SPDX-License-Identifier: Apache-2.0
// The one place where Boost.Asio is compiled (BOOST_ASIO_SEPARATE_COMPILATION is set for all).
#include <boost/asio/impl/src.hpp>
