#pragma once
// Universally unique identifiers (RFC 9562), and the sequence that makes version 7.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace atlas::domain {

struct Uuid {
    std::array<std::uint8_t, 16> bytes{};

    friend auto operator<=>(const Uuid&, const Uuid&) = default;
};

/// "0190163d-8694-739b-aea5-966c26f8ad91": lower case.
std::string to_string(const Uuid& uuid);

/// The same form, in either case; nothing else.
std::optional<Uuid> parse_uuid(std::string_view text);

/// Makes version 7: 48 bits of Unix milliseconds, then 74 random bits. Within one sequence each is
/// greater than the one before, even when the clock stands still or goes back: the last time is
/// then kept and the random bits are counted up by a random step (RFC 9562 section 6.2, method 2).
class Uuid7Sequence {
  public:
    /// `random` are two uniform words, fresh for each call.
    Uuid next(std::uint64_t unix_milliseconds, std::array<std::uint64_t, 2> random);

  private:
    std::uint64_t milliseconds_ = 0;
    std::uint64_t high_ = 0;  ///< 12 bits: rand_a.
    std::uint64_t low_ = 0;   ///< 62 bits: rand_b.
};

}  // namespace atlas::domain
