#pragma once
// What a property says of a run, in three values, and how the words of many become one.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace atlas::properties {

/// Ordered so that the greater one wins: invalid beats unknown beats valid.
enum class Verdict : std::uint8_t {
    valid,    ///< The property held.
    unknown,  ///< Nothing was shown either way: a budget ran out, or the run proved nothing.
    invalid,  ///< The property was violated, and the prose says how.
};

constexpr Verdict merge(Verdict a, Verdict b) {
    return std::max(a, b);
}

constexpr std::string_view name(Verdict verdict) {
    switch (verdict) {
        case Verdict::valid:
            return "valid";
        case Verdict::unknown:
            return "unknown";
        case Verdict::invalid:
            return "invalid";
    }
    return "unknown";
}

/// A verdict and why, in sentences for whoever reads it at night. The prose of a valid one says in
/// a line what was looked at.
struct Judgement {
    Verdict verdict = Verdict::valid;
    std::string prose = {};
};

}  // namespace atlas::properties
