#pragma once
// Texts numbered 0, 1, 2, ... in order of their first use.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace atlas::properties {

class InternedStrings {
  public:
    std::uint32_t number_of(std::string_view text) {
        if (const auto found = numbers_.find(text); found != numbers_.end()) return found->second;
        const auto number = static_cast<std::uint32_t>(texts_.size());
        texts_.emplace_back(text);
        numbers_.emplace(std::string(text), number);
        return number;
    }

    const std::string& text(std::uint32_t number) const { return texts_[number]; }
    std::uint32_t size() const { return static_cast<std::uint32_t>(texts_.size()); }

  private:
    std::map<std::string, std::uint32_t, std::less<>> numbers_;
    std::vector<std::string> texts_;
};

}  // namespace atlas::properties
