#pragma once
// How far a range of seeds has come, as one line for a terminal.

#include <chrono>
#include <cstddef>
#include <string>

namespace atlas::reports {

struct BatchProgress {
    std::size_t done = 0;
    std::size_t all = 0;
    std::size_t failed = 0;
    std::chrono::milliseconds elapsed{};
};

/// "[########            ] 120 of 300 seeds, 3.4 a second, 1 failed, 0:53 left". At most a
/// hundred characters for up to a million seeds.
std::string to_line(const BatchProgress& progress);

}  // namespace atlas::reports
