#include "system/host/host.hpp"

namespace atlas::host {

std::string_view name(LogLevel level) noexcept {
    switch (level) {
        case LogLevel::debug:
            return "debug";
        case LogLevel::info:
            return "info";
        case LogLevel::warning:
            return "warning";
        case LogLevel::error:
            return "error";
    }
    return "unknown";
}

Task<> sleep_until(Host& host, TimePoint moment) {
    Parked place;
    co_await host.park(place, Deadline::at(moment));
}

// Not a coroutine of its own: it counts from the call, and costs no frame.
Task<> sleep_for(Host& host, Duration duration) {
    return sleep_until(host, host.clock().now() + duration);
}

Deadline deadline_after(Host& host, Duration duration) {
    return Deadline::at(host.clock().now() + duration);
}

}  // namespace atlas::host
