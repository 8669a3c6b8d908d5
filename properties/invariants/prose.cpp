#include "properties/invariants/prose.hpp"

#include <fmt/format.h>

namespace atlas::properties {

std::string describe(const UserOperation& operation) {
    if (operation.end_line == 0) {
        return fmt::format("client {}'s {} on line {}, which has no end", operation.process,
                           name(operation.function), operation.invoke_line);
    }
    return fmt::format("client {}'s {} on lines {} to {}", operation.process,
                       name(operation.function), operation.invoke_line, operation.end_line);
}

std::string describe(host::Duration time) {
    return fmt::format("{}.{:06} s", time.count() / 1'000'000'000,
                       time.count() % 1'000'000'000 / 1000);
}

Judgement judge(const std::vector<std::string>& wrong, std::string_view held) {
    if (wrong.empty()) return {Verdict::valid, std::string(held) + "\n"};
    constexpr std::size_t most_shown = 10;
    std::string prose;
    for (std::size_t i = 0; i < wrong.size() && i < most_shown; ++i)
        prose += wrong[i] + "\n";
    if (wrong.size() > most_shown) {
        prose += fmt::format("... and {} more.\n", wrong.size() - most_shown);
    }
    return {Verdict::invalid, std::move(prose)};
}

}  // namespace atlas::properties
