#pragma once
// The bytes of a lease store's file: a line with the SHA-256 of the rest, then JSON:
//
//     {"store": "3f0c9a515e2b7d84", "revision": 12, "entries": [...]}

#include <optional>
#include <string>
#include <string_view>

#include "system/lease_store/entries.hpp"

namespace atlas::lease_store {

/// Its name, in the store's directory.
inline constexpr std::string_view entries_file_name = "entries";

struct StoredEntries {
    /// Of the store (store_mark.hpp).
    std::string identity;
    Entries entries;

    friend bool operator==(const StoredEntries&, const StoredEntries&) = default;
};

std::string encode_file(const std::string& identity, const Entries& entries);

/// Nullopt if these are not the bytes of a whole and undamaged file.
std::optional<StoredEntries> decode_file(std::string_view bytes);

}  // namespace atlas::lease_store
