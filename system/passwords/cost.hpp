#pragma once
// What one password hash costs: ordinary configuration, to be raised with the years.

#include <chrono>
#include <cstdint>

namespace atlas::passwords {

/// Argon2id's parameters (RFC 9106 section 3.1). The default is OWASP's minimum recommendation
/// (Password Storage Cheat Sheet): 19 MiB, two passes, about 14 ms on one core.
struct Argon2Cost {
    std::uint32_t memory_kib = 19 * 1024;  ///< At least 8.
    std::uint32_t iterations = 2;          ///< At least 1.

    /// About how long one core works on it (measured: 0.36 microseconds for each KiB and pass).
    constexpr std::chrono::nanoseconds estimate() const {
        return std::chrono::microseconds{20} +
               std::chrono::nanoseconds{360} * memory_kib * iterations;
    }

    friend bool operator==(const Argon2Cost&, const Argon2Cost&) = default;
};

}  // namespace atlas::passwords
