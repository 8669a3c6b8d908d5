#pragma once
// Small values as opaque text: base64url (RFC 4648 section 5) without padding. The last byte is a
// checksum, so that text with a slip in it is refused, and is not some other value.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace atlas::api {

/// Sets the last byte. The size is a multiple of three, so that no bits are spare.
std::string seal_base64url(std::span<std::uint8_t> bytes);

/// Whether the text is that many bytes with the right checksum, which then are in `bytes`.
bool open_base64url(std::string_view text, std::span<std::uint8_t> bytes);

}  // namespace atlas::api
