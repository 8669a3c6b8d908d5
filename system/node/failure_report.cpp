#include "system/node/failure_report.hpp"

#include <utility>

namespace atlas::node {

void FailureReport::failed(const sql::Error& error) {
    constexpr host::Duration repeat = std::chrono::seconds{30};
    const host::TimePoint now = host_.clock().now();
    // Not the message: it may name a port or a time, and differ at each attempt.
    std::string what = std::to_string(static_cast<int>(error.kind)) + error.sqlstate;
    if (what == last_ && now < repeat_at_) return;
    last_ = std::move(what);
    repeat_at_ = now + repeat;
    host_.log({host::LogLevel::warning,
               "the database is not ready; trying until it is",
               {{"error", error.message}, {"sqlstate", error.sqlstate}}});
}

}  // namespace atlas::node
