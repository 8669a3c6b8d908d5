#include "sim/faults/fault_id.hpp"

#include <charconv>

namespace atlas::sim::faults {

std::string to_string(const FaultId& id) {
    std::string text{name(id.kind)};
    text += '/';
    text += id.target;
    text += '/';
    text += std::to_string(id.ordinal);
    return text;
}

std::optional<FaultId> parse_fault_id(std::string_view text) {
    const std::size_t first = text.find('/');
    const std::size_t last = text.rfind('/');
    if (first == std::string_view::npos || first == last) return std::nullopt;
    const auto kind = find_fault_kind(text.substr(0, first));
    const std::string_view target = text.substr(first + 1, last - first - 1);
    const std::string_view number = text.substr(last + 1);
    FaultId id;
    const auto [end, error] =
        std::from_chars(number.data(), number.data() + number.size(), id.ordinal);
    if (!kind || target.empty() || target.find('/') != std::string_view::npos) return std::nullopt;
    if (error != std::errc{} || end != number.data() + number.size()) return std::nullopt;
    id.kind = *kind;
    id.target = target;
    return id;
}

}  // namespace atlas::sim::faults
