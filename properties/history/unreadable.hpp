#pragma once
// What is wrong with an input that cannot be read, told so that it can be put right.

#include <cstddef>
#include <string>

namespace atlas::properties {

struct Unreadable {
    std::size_t line = 0;  ///< From 1; 0 when the whole input is meant.
    std::string reason;    ///< What is there.
    std::string expected;  ///< What would be right.

    friend bool operator==(const Unreadable&, const Unreadable&) = default;
};

/// "line 7: the process is missing. Right would be: ...".
std::string describe(const Unreadable& unreadable);

}  // namespace atlas::properties
