#pragma once
// Puts a load on an HTTP server and tells what came back, when.
//
// At a fixed rate the arrivals are planned beforehand and do not wait for answers (an open loop).
// A latency runs from the planned arrival, not from the moment when a connection was free to send:
// a server that stalls is charged for all who would have come meanwhile (no coordinated omission).
// Without a rate each connection sends when it has its answer (a closed loop): that measures how
// much the server can do, and its latencies are those of a server that is always busy.

#include <cstdint>
#include <map>

#include "reports/bench/load/latencies.hpp"
#include "reports/bench/load/requests.hpp"
#include "system/host/host.hpp"

namespace atlas::load {

struct LoadPlan {
    host::Endpoint to;
    Operation operation = Operation::read;
    std::uint64_t users = 1;
    std::size_t connections = 1;
    /// Arrivals a second; 0 for as many as there are answers.
    std::uint64_t rate = 0;
    /// Before it, nothing is recorded.
    host::Duration warm_up{};
    host::Duration duration{};
    /// How long after the end answers are waited for.
    host::Duration patience = std::chrono::seconds{5};
};

struct LoadResult {
    /// Of the arrivals in the recorded time, with an answer of any status; those that were never
    /// sent count with the time they had waited in vain.
    Latencies latencies;
    /// Answers that came within it.
    std::uint64_t answered = 0;
    std::map<int, std::uint64_t> statuses;
    /// Connections that could not be made, or broke before the answer.
    std::uint64_t lost = 0;
    /// Arrivals for which no connection was free until it was given up.
    std::uint64_t never_sent = 0;
};

/// Ends when all has been answered, at the latest `patience` after the plan's end.
host::Task<LoadResult> drive(host::Host& host, LoadPlan plan);

}  // namespace atlas::load
