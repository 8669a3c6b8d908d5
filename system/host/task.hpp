#pragma once
// The coroutine type of all asynchronous code in Atlas. It runs on whatever executor the host
// gives. The traps of coroutines that every author must know are in docs/coroutines.md.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

namespace atlas::host {

template <typename T = void>
using Task = boost::asio::awaitable<T>;

using Executor = boost::asio::any_io_executor;

}  // namespace atlas::host
