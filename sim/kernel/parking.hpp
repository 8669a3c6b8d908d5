#pragma once
// A suspended task of a simulated process: the state behind host::Parked. It lives in the frame of
// the suspended coroutine and is linked to its process, so that a crash finds it.

#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <cstdint>
#include <optional>

#include "sim/kernel/event.hpp"
#include "sim/kernel/process.hpp"
#include "system/host/host.hpp"

namespace atlas::sim::kernel {

struct Parking {
    using Handler =
        boost::asio::async_result<boost::asio::use_awaitable_t<>,
                                  void(boost::system::error_code, host::Wake)>::handler_type;

    Parking(Process& owner, host::Parked& at);
    ~Parking();
    Parking(const Parking&) = delete;
    Parking& operator=(const Parking&) = delete;

    void suspend(Handler suspended, std::uint32_t of_task, host::Deadline deadline);
    void wake(boost::system::error_code error, host::Wake reason);
    /// The handler, which ends this parking: it is no longer pending.
    Handler take();

    Process& process;
    host::Parked& place;
    std::optional<Handler> handler;
    Event* alarm = nullptr;
    std::uint32_t task = 0;
    Parking* previous = nullptr;
    Parking* next = nullptr;
};

}  // namespace atlas::sim::kernel
