// SPDX-License-Identifier: Apache-2.0
// Result<T, E>: a value, or the reason why there is none. Expected failures (a bad JID, a full queue, a store
// that is down) are values. Exceptions are for bugs and a broken start.
#pragma once

#include <boost/system/result.hpp>

namespace stonechat {

/// Holds T on success, E on an expected failure. Test it like a pointer, read `*r` or `r.error()`.
template <class T, class E> using Result = boost::system::result<T, E>;

/// The result of a function that succeeds without a value.
struct Done {};

} // namespace stonechat
