#pragma once
// How a server finds the one it follows: libpq's connection string in primary_conninfo, and the
// lines of postgresql.auto.conf, where it is written.

#include <optional>
#include <string>
#include <string_view>

#include "system/host/network.hpp"

namespace atlas::failover {

/// A member's name: lower-case letters, digits, "-" and "_", 1 to 63 of them. It stands in
/// connection strings, in synchronous_standby_names, in keys and in logs.
bool is_member_name(std::string_view text);

/// What `self` connects to the server there with.
std::string conninfo(const host::Endpoint& upstream, std::string_view user, std::string_view self);

/// The server that a connection string names, as far as it does.
host::Endpoint endpoint_of(std::string_view conninfo);

/// A setting's value in such a file: the last line of that name counts.
std::optional<std::string> setting_in(std::string_view file, std::string_view name);

/// The file with that setting, and no other line of its name.
std::string with_setting(std::string_view file, std::string_view name, std::string_view value);

}  // namespace atlas::failover
