#pragma once
// The bytes of a lease store's file: a line with the SHA-256 of the rest, then JSON.

#include <optional>
#include <string>
#include <string_view>

#include "system/lease_store/entries.hpp"

namespace atlas::lease_store {

std::string encode_file(const Entries& entries);

/// Nullopt if these are not the bytes of a whole and undamaged file.
std::optional<Entries> decode_file(std::string_view bytes);

}  // namespace atlas::lease_store
