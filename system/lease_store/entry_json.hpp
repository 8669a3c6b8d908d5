#pragma once
// An entry as JSON: the same in the file and on the wire.
//
//     {"key": "leader", "value": "postgres-1", "revision": 12, "created": 7, "time_to_live_ms":
//     5000}

#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "system/lease_store/entries.hpp"

namespace atlas::lease_store {

nlohmann::json to_json(const Entry& entry);

/// Nullopt if that is no entry, or none that a store can have.
std::optional<Entry> to_entry(const nlohmann::json& json);

/// {"revision": 12, "entries": [...]}, of the keys that begin so.
nlohmann::json to_json(const Entries& entries, std::string_view prefix);
std::optional<Entries> to_entries(const nlohmann::json& json);

}  // namespace atlas::lease_store
