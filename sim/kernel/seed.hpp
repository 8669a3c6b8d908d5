#pragma once
// The root seed of a run, and the derivation of every other seed from it by name.

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "system/host/random.hpp"

namespace atlas::sim::kernel {

/// A root seed as the user wrote it: a u64 in decimal, or exactly 40 hexadecimal digits (a commit).
class Seed {
  public:
    explicit Seed(std::uint64_t number);
    /// nullopt when the text is neither form.
    static std::optional<Seed> parse(std::string_view text);

    const std::string& text() const { return text_; }

    /// A source that depends on the root seed and on all parts, in order, and on nothing else.
    /// Parts are told apart by kind and length: ("ab", "c") and ("a", "bc") differ.
    using Part = std::variant<std::string_view, std::uint64_t>;
    host::RandomSource derive(std::initializer_list<Part> parts) const;

  private:
    explicit Seed(std::string text);

    std::string text_;
    std::uint64_t low_ = 0;
    std::uint64_t high_ = 0;
};

}  // namespace atlas::sim::kernel
