#include "system/api/cursor.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "system/api/base64url.hpp"

namespace atlas::api {
namespace {

/// Version, id, checksum.
using Bytes = std::array<std::uint8_t, 18>;
constexpr std::uint8_t version = 1;

}  // namespace

std::string format_cursor(const domain::Uuid& last_shown) {
    Bytes bytes{version};
    std::ranges::copy(last_shown.bytes, bytes.begin() + 1);
    return seal_base64url(bytes);
}

std::optional<domain::Uuid> parse_cursor(std::string_view text) {
    Bytes bytes{};
    if (!open_base64url(text, bytes) || bytes.front() != version) return {};
    domain::Uuid id;
    std::copy(bytes.begin() + 1, bytes.end() - 1, id.bytes.begin());
    return id;
}

}  // namespace atlas::api
