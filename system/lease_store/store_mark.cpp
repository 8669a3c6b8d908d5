#include "system/lease_store/store_mark.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace atlas::lease_store {
namespace {

constexpr std::size_t identity_digits = 16;

}  // namespace

bool StoreMark::continues(const StoreMark& earlier) const {
    return identity == earlier.identity && revision >= earlier.revision;
}

std::string to_string(const StoreMark& mark) {
    return fmt::format("{} {}", mark.identity, mark.revision);
}

std::optional<StoreMark> read_mark(std::string_view text) {
    if (text.size() <= identity_digits || text[identity_digits] != ' ') return std::nullopt;
    const std::string_view number = text.substr(identity_digits + 1);
    StoreMark mark{std::string(text.substr(0, identity_digits))};
    const char* end = number.data() + number.size();
    const auto [stop, error] = std::from_chars(number.data(), end, mark.revision);
    if (error != std::errc{} || stop != end || !is_identity(mark.identity)) return std::nullopt;
    return mark;
}

bool is_identity(std::string_view text) {
    return text.size() == identity_digits && std::ranges::all_of(text, [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

std::string identity_of(std::uint64_t number) {
    return fmt::format("{:016x}", number);
}

}  // namespace atlas::lease_store
