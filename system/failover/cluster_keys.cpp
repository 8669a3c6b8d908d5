#include "system/failover/cluster_keys.hpp"

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

namespace atlas::failover {

using host::ErrorCode;
using host::failure;
using host::Result;
using Json = nlohmann::json;

namespace {

std::optional<std::string> text_in(const Json& json, const char* name) {
    if (!json.is_object() || !json.contains(name) || !json[name].is_string()) return std::nullopt;
    return json[name].get<std::string>();
}

std::optional<std::uint64_t> number_in(const Json& json, const char* name, std::uint64_t most) {
    if (!json.is_object() || !json.contains(name) || !json[name].is_number_unsigned())
        return std::nullopt;
    const auto number = json[name].get<std::uint64_t>();
    return number <= most ? std::optional(number) : std::nullopt;
}

std::optional<Synchronous> read_synchronous(const lease_store::Entry& entry) {
    const Json json = Json::parse(entry.value, nullptr, false);
    const std::optional<std::string> primary = text_in(json, "primary");
    if (!primary || !json.contains("followers") || !json["followers"].is_array() ||
        !json.contains("created") || !json["created"].is_boolean())
        return std::nullopt;
    // Somebody who writes it by hand need not know it.
    const std::string database = text_in(json, "database").value_or("");
    Synchronous synchronous{.primary = *primary,
                            .followers = {},
                            .created = json["created"].get<bool>(),
                            .database = database,
                            .revision = entry.revision};
    for (const Json& follower : json["followers"]) {
        if (!follower.is_string()) return std::nullopt;
        synchronous.followers.push_back(follower.get<std::string>());
    }
    return synchronous;
}

std::optional<Member> read_member(std::string name, const lease_store::Entry& entry) {
    const Json json = Json::parse(entry.value, nullptr, false);
    const std::optional<std::string> address = text_in(json, "address");
    const std::optional<std::string> role = text_in(json, "role");
    const auto port = number_in(json, "port", std::numeric_limits<std::uint16_t>::max());
    const auto timeline = number_in(json, "timeline", std::numeric_limits<std::uint32_t>::max());
    const auto position = number_in(json, "position", std::numeric_limits<std::uint64_t>::max());
    if (!address || !role || !port || !timeline || !position) return std::nullopt;
    if (*role != "primary" && *role != "follower") return std::nullopt;
    return Member{.name = std::move(name),
                  .endpoint = {*address, static_cast<std::uint16_t>(*port)},
                  .role = *role == "primary" ? Role::primary : Role::follower,
                  .received = {static_cast<std::uint32_t>(*timeline), *position}};
}

std::unexpected<host::Error> unreadable(const lease_store::Entry& entry) {
    return failure(ErrorCode::protocol_error,
                   fmt::format("the lease store's key \"{}\" holds {}", entry.key, entry.value));
}

}  // namespace

ClusterKeys::ClusterKeys(std::string_view cluster)
    : prefix(fmt::format("failover/{}/", cluster)),
      leader(prefix + "leader"),
      synchronous(prefix + "synchronous") {}

std::string ClusterKeys::member(std::string_view name) const {
    return fmt::format("{}member/{}", prefix, name);
}

std::string leader_value(std::string_view member) {
    return Json{{"member", member}}.dump();
}

std::string value_of(const Synchronous& synchronous) {
    return Json{{"primary", synchronous.primary},
                {"followers", synchronous.followers},
                {"created", synchronous.created},
                {"database", synchronous.database}}
        .dump();
}

std::string value_of(const Member& member) {
    return Json{{"address", member.endpoint.address},
                {"port", member.endpoint.port},
                {"role", member.role == Role::primary ? "primary" : "follower"},
                {"timeline", member.received.timeline},
                {"position", member.received.position}}
        .dump();
}

Result<StoreView> read_view(const ClusterKeys& keys, const lease_store::Entries& entries) {
    StoreView view;
    if (const lease_store::Entry* entry = entries.find(keys.leader)) {
        auto holder = text_in(Json::parse(entry->value, nullptr, false), "member");
        if (!holder) return unreadable(*entry);
        view.leadership = Leadership{.holder = *std::move(holder), .revision = entry->revision};
    }
    if (const lease_store::Entry* entry = entries.find(keys.synchronous)) {
        view.synchronous = read_synchronous(*entry);
        if (!view.synchronous) return unreadable(*entry);
    }
    const std::string members = keys.member("");
    for (const auto& [key, entry] : entries.all()) {
        if (!key.starts_with(members)) continue;
        std::optional<Member> member = read_member(key.substr(members.size()), entry);
        if (!member) return unreadable(entry);
        view.members.push_back(*std::move(member));
    }
    return view;
}

}  // namespace atlas::failover
