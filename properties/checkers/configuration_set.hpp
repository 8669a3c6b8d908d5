#pragma once
// The configurations that a search has been in: a set of records of a fixed number of words.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace atlas::properties {

/// Open addressing with linear probing; records are stored whole, so that two that hash alike are
/// told apart. About 1.4 to 2.9 times the size of its records.
class ConfigurationSet {
  public:
    /// `words` in each record, at least one. The first word is never all ones.
    explicit ConfigurationSet(std::size_t words);

    /// False when it is there already.
    bool insert(std::span<const std::uint64_t> record);

    std::size_t size() const { return size_; }

  private:
    static constexpr std::uint64_t vacant = ~std::uint64_t{0};

    std::size_t place_of(std::span<const std::uint64_t> record) const;
    void grow();

    std::size_t words_;
    std::size_t mask_;
    std::size_t size_ = 0;
    std::vector<std::uint64_t> table_;
};

}  // namespace atlas::properties
