#pragma once
// postgresql.auto.conf: settings that ALTER SYSTEM, or whoever runs the server, has written beside
// the data.

#include <map>
#include <string>
#include <string_view>

#include "sim/models/postgres/settings.hpp"

namespace atlas::sim::models::postgres {

using Configuration = std::map<std::string, std::string>;

inline constexpr std::string_view configuration_file = "postgresql.auto.conf";
/// A server whose data directory has this file follows another one.
inline constexpr std::string_view standby_signal_file = "standby.signal";
/// A follower that finds this file stops following.
inline constexpr std::string_view promote_signal_file = "promote";
/// How far those are that have a replication slot here.
inline constexpr std::string_view slots_file = "replication_slots";
/// While there is this file, the directory is being made a copy of another server: it is no
/// server's data until that has been done to the end.
inline constexpr std::string_view copying_file = "copying";

/// Of a name that is set twice the last counts; lines that are no setting are left out.
Configuration parse_configuration(std::string_view text);
std::string format_configuration(const Configuration& configuration);

}  // namespace atlas::sim::models::postgres
