#pragma once
// How large an HTTP message may be. Nothing that arrives is kept beyond these.

#include <cstddef>

namespace atlas::http {

struct MessageLimits {
    std::size_t target_bytes = 2048;  ///< Beyond it: 414.
    std::size_t header_bytes = 8192;  ///< Start line and fields with their separators: 431.
    std::size_t header_fields = 64;   ///< Beyond it: 431.
    std::size_t body_bytes = 65536;   ///< Beyond it: 413.
};

}  // namespace atlas::http
