#pragma once
// For tests: statements of several sessions in a given order, and a transcript of who got what and
// who had to wait. What PostgreSQL's isolationtester does.

#include <string>
#include <vector>

#include "sim/models/postgres/server.hpp"
#include "system/host/host.hpp"

namespace atlas::sim::models::postgres::testing {

struct Step {
    int session;
    /// "sleep 2s" lets that time pass; "cancel" cancels what the session is waiting in.
    std::string text;
};

/// Steps as lines "1: BEGIN", blank lines left out.
std::vector<Step> parse_schedule(const std::string& lines);

/// One line a result: "1: BEGIN", "2: waits", "2: UPDATE 1" when it goes on. A step of a session
/// that is still waiting is an error of the schedule. Sessions are closed at the end.
host::Task<std::string> run_schedule(host::Host& host, Server& server, std::vector<Step> steps);

}  // namespace atlas::sim::models::postgres::testing
