#include "system/sql/blame.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace atlas::sql {
namespace {

/// Connection exception, insufficient resources, operator intervention (shutting down, starting up,
/// its database dropped), system error, internal error.
constexpr std::array<std::string_view, 5> classes_of_trouble{"08", "53", "57P", "58", "XX"};

/// The server's own clock ran out: statement_timeout.
constexpr std::string_view query_canceled = "57014";

}  // namespace

Blame blame_for(const Error& error, host::Duration took, host::Duration patience) {
    const Blame late = took >= patience ? Blame::server : Blame::caller;
    switch (error.kind) {
        case ErrorKind::turned_away:
            return Blame::caller;
        case ErrorKind::cannot_connect:
        case ErrorKind::connection_lost:
        case ErrorKind::protocol:
            return Blame::server;
        case ErrorKind::deadline_exceeded:
            return late;
        case ErrorKind::server:
            break;
    }
    if (error.sqlstate == query_canceled) return late;
    const bool in_trouble = std::ranges::any_of(classes_of_trouble, [&](std::string_view prefix) {
        return error.sqlstate.starts_with(prefix);
    });
    return in_trouble ? Blame::server : Blame::nobody;
}

}  // namespace atlas::sql
