#include "system/lease_store/entry_json.hpp"

#include <nlohmann/json.hpp>
#include <set>
#include <utility>

namespace atlas::lease_store {
namespace {

using Json = nlohmann::json;

std::optional<std::uint64_t> number(const Json& json, const char* name) {
    const auto found = json.find(name);
    if (found == json.end() || !found->is_number_unsigned()) return std::nullopt;
    return found->get<std::uint64_t>();
}

std::optional<std::string> text(const Json& json, const char* name) {
    const auto found = json.find(name);
    if (found == json.end() || !found->is_string()) return std::nullopt;
    return found->get<std::string>();
}

}  // namespace

Json to_json(const Entry& entry) {
    Json json{{"key", entry.key},
              {"value", entry.value},
              {"revision", entry.revision},
              {"created", entry.created}};
    if (entry.time_to_live) json["time_to_live_ms"] = entry.time_to_live->count();
    return json;
}

std::optional<Entry> to_entry(const Json& json) {
    if (!json.is_object()) return std::nullopt;
    std::optional<std::string> key = text(json, "key");
    std::optional<std::string> value = text(json, "value");
    const std::optional<std::uint64_t> revision = number(json, "revision");
    const std::optional<std::uint64_t> created = number(json, "created");
    if (!key || !value || !revision || !created) return std::nullopt;
    Entry entry{*std::move(key), *std::move(value), *revision, *created};
    if (json.contains("time_to_live_ms")) {
        const std::optional<std::uint64_t> life = number(json, "time_to_live_ms");
        if (!life || *life > static_cast<std::uint64_t>(Limits::longest_life.count()))
            return std::nullopt;
        entry.time_to_live = std::chrono::milliseconds(*life);
    }
    return is_whole(entry) ? std::optional(std::move(entry)) : std::nullopt;
}

Json to_json(const Entries& entries, std::string_view prefix) {
    Json list = Json::array();
    for (const auto& [key, entry] : entries.all()) {
        if (key.starts_with(prefix)) list.push_back(to_json(entry));
    }
    return {{"revision", entries.revision()}, {"entries", std::move(list)}};
}

std::optional<Entries> to_entries(const Json& json) {
    if (!json.is_object()) return std::nullopt;
    const std::optional<std::uint64_t> revision = number(json, "revision");
    const auto list = json.find("entries");
    if (!revision || list == json.end() || !list->is_array()) return std::nullopt;
    Entries::Map entries;
    // Each change has a revision of its own.
    std::set<std::uint64_t> revisions;
    for (const Json& each : *list) {
        std::optional<Entry> entry = to_entry(each);
        if (!entry || entry->revision > *revision) return std::nullopt;
        if (!revisions.insert(entry->revision).second) return std::nullopt;
        std::string key = entry->key;
        if (!entries.emplace(std::move(key), *std::move(entry)).second) return std::nullopt;
    }
    return Entries(*revision, std::move(entries));
}

}  // namespace atlas::lease_store
