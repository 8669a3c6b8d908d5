#include "system/service/health.hpp"

#include <utility>

namespace atlas::service {
namespace {

constexpr sql::Statement probe{"health_probe", "SELECT 1"};

/// The kind and the code alone: the server's words may name hosts and users, and whoever asks about
/// health is not known.
std::string describe(const sql::Error& error, bool circuit_is_closed) {
    switch (error.kind) {
        case sql::ErrorKind::server:
            return "it refused the probe (SQLSTATE " + error.sqlstate + ")";
        case sql::ErrorKind::turned_away:
            return circuit_is_closed ? "it was not asked: all connections are in use"
                                     : "it was not asked: it failed a moment ago";
        case sql::ErrorKind::cannot_connect:
            return "it cannot be reached";
        case sql::ErrorKind::connection_lost:
            return "the connection was lost";
        case sql::ErrorKind::deadline_exceeded:
            return "it did not answer in time";
        case sql::ErrorKind::protocol:
            return "it broke the protocol";
    }
    return "unknown";
}

}  // namespace

std::string_view name(HealthStatus status) noexcept {
    switch (status) {
        case HealthStatus::healthy:
            return "healthy";
        case HealthStatus::degraded:
            return "degraded";
        case HealthStatus::unhealthy:
            return "unhealthy";
    }
    return "unknown";
}

Health::Health(sql::Database& database, const host::Event& database_ready, HealthOptions options)
    : database_(database), database_ready_(database_ready), options_(options) {}

host::Task<> Health::probe_for_ever() {
    host::Host& host = database_.host;
    for (;;) {
        const host::TimePoint begun = host.clock().now();
        const host::Context context{.deadline = host::Deadline::at(begun + options_.probe_time)};
        const sql::Result<sql::QueryResult> probed =
            co_await sql::run_read(database_, context, probe, {});
        note(host.clock().now() - begun, probed);
        co_await host::sleep_until(host, begun + options_.between_probes);
    }
}

void Health::note(host::Duration latency, const sql::Result<sql::QueryResult>& probed) {
    const HealthStatus before = postgresql_.status;
    postgresql_.status = judge(latency, probed);
    postgresql_.latency = latency;
    postgresql_.error = probed ? std::string{} : describe(probed.error(), circuit_is_closed());
    if (postgresql_.status == before) return;
    database_.host.log({host::LogLevel::info,
                        "the health of a dependency has changed",
                        {{"dependency", std::string{postgresql_.name}},
                         {"status", std::string{name(postgresql_.status)}},
                         {"error", postgresql_.error}}});
}

// A probe that was not asked says nothing about a server that answers others: if a full line
// counted, all nodes would leave their load balancer together, just when there is too much to do.
// Where nobody was answered since the last probe, it is one more failure.
HealthStatus Health::judge(host::Duration latency, const sql::Result<sql::QueryResult>& probed) {
    const std::uint64_t answered = database_.pool.breaker().counters().succeeded;
    const bool others_were_answered = std::exchange(answered_, answered) < answered;
    if (probed) {
        failures_ = 0;
        return latency > options_.slow_after ? HealthStatus::degraded : HealthStatus::healthy;
    }
    const HealthStatus before = postgresql_.status;
    if (before == HealthStatus::unhealthy) return before;
    const bool was_asked = probed.error().kind != sql::ErrorKind::turned_away;
    if (!was_asked && others_were_answered) return before;
    ++failures_;
    return failures_ >= options_.failures_allowed ? HealthStatus::unhealthy
                                                  : HealthStatus::degraded;
}

bool Health::circuit_is_closed() const {
    return database_.pool.breaker().state() == reliability::CircuitState::closed;
}

}  // namespace atlas::service
