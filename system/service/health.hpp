#pragma once
// How the process and what it depends on are doing. Dependencies are probed in the background, so
// that asking costs nothing and does not hang with what it asks about.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "system/host/event.hpp"
#include "system/sql/transaction.hpp"

namespace atlas::service {

enum class HealthStatus : std::uint8_t {
    healthy,
    degraded,   ///< It answers slowly, or has failed a moment ago.
    unhealthy,  ///< It has failed again and again, or was never reached.
};

/// "healthy" and so on.
std::string_view name(HealthStatus status) noexcept;

struct DependencyHealth {
    std::string_view name;
    HealthStatus status = HealthStatus::unhealthy;
    /// Of the last probe.
    host::Duration latency{};
    /// Why the last probe failed; empty when it did not.
    std::string error = "not probed yet";
};

struct HealthOptions {
    host::Duration between_probes = std::chrono::seconds{5};
    /// After it a probe has failed.
    host::Duration probe_time = std::chrono::seconds{1};
    /// A probe that takes longer is slow.
    host::Duration slow_after = std::chrono::milliseconds{250};
    /// So many in a row, and the dependency is unhealthy. Probes that were not asked, because there
    /// was no connection for them or the circuit was open, are left out while others are answered.
    unsigned failures_allowed = 3;
};

class Health {
  public:
    /// Both outlive it. The process has started when `database_ready` is set.
    Health(sql::Database& database, const host::Event& database_ready, HealthOptions options = {});

    /// Until it is cancelled.
    host::Task<> probe_for_ever();

    /// From now on it should get no new work.
    void drain() { draining_ = true; }

    bool has_started() const { return database_ready_.is_set(); }
    bool is_draining() const { return draining_; }
    /// The worst of all dependencies.
    HealthStatus status() const { return postgresql_.status; }
    std::vector<DependencyHealth> dependencies() const { return {postgresql_}; }

  private:
    void note(host::Duration latency, const sql::Result<sql::QueryResult>& probed);
    HealthStatus judge(host::Duration latency, const sql::Result<sql::QueryResult>& probed);
    bool circuit_is_closed() const;

    sql::Database& database_;
    const host::Event& database_ready_;
    HealthOptions options_;
    DependencyHealth postgresql_{.name = "postgresql"};
    unsigned failures_ = 0;
    std::uint64_t answered_ = 0;  ///< By the database, up to the last probe.
    bool draining_ = false;
};

}  // namespace atlas::service
