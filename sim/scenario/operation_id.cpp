#include "sim/scenario/operation_id.hpp"

#include <fmt/format.h>

#include <charconv>

namespace atlas::sim::scenario {

namespace {

std::optional<std::uint64_t> number_of(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

}  // namespace

std::string to_string(const OperationId& id) {
    return fmt::format("operation/{}/{}", id.client, id.ordinal);
}

std::optional<OperationId> parse_operation_id(std::string_view text) {
    constexpr std::string_view kind = "operation/";
    if (!text.starts_with(kind)) return std::nullopt;
    text.remove_prefix(kind.size());
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const auto client = number_of(text.substr(0, slash));
    const auto ordinal = number_of(text.substr(slash + 1));
    if (!client || !ordinal) return std::nullopt;
    return OperationId{*client, *ordinal};
}

}  // namespace atlas::sim::scenario
