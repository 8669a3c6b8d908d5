#pragma once
// What one client's requests share, however many nodes serve them: how new its reads have to be,
// and how far into the log it has seen.

#include <cstdint>
#include <optional>
#include <string_view>

#include "system/sql/log_position.hpp"

namespace atlas::sql {

enum class Consistency : std::uint8_t {
    /// As if there were one server that does one thing after the other (linearizable), a failover
    /// included.
    strong,
    /// The client sees what it has written, and nothing older than what it has seen.
    session,
    /// What some server has had not long ago.
    eventual,
};

/// "strong", "session", "eventual".
std::string_view name(Consistency consistency) noexcept;
std::optional<Consistency> consistency_named(std::string_view name) noexcept;

struct Session {
    Consistency consistency = Consistency::strong;
    /// All that the client has seen stands before it in the log, and has been confirmed.
    LogPosition seen = {};
};

}  // namespace atlas::sql
