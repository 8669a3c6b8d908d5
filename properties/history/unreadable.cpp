#include "properties/history/unreadable.hpp"

#include <fmt/format.h>

namespace atlas::properties {

std::string describe(const Unreadable& unreadable) {
    const std::string place =
        unreadable.line == 0 ? std::string{"the input"} : fmt::format("line {}", unreadable.line);
    return fmt::format("{}: {}. Right would be: {}.", place, unreadable.reason,
                       unreadable.expected);
}

}  // namespace atlas::properties
