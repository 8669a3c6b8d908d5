#pragma once
// Sabotage: a node that tries again at once, many times, whatever became of it before. Settings
// alone do it; the driver counts.

#include <memory>

#include "properties/sabotage/sabotage.hpp"
#include "system/host/host.hpp"
#include "system/node/api_node.hpp"
#include "system/sql/connection.hpp"

namespace atlas::properties {

node::ApiNodeOptions without_jitter_and_budget(node::ApiNodeOptions options);

/// Counts the attempts to connect that came within a few milliseconds of a failed one.
class HastyDriver final : public sql::Driver {
  public:
    /// All three outlive the driver.
    HastyDriver(host::Host& host, sql::Driver& inner, SabotageLedger& ledger);

    host::Task<sql::Result<std::unique_ptr<sql::Connection>>> connect(
        host::Context context, sql::ConnectionTarget target) override;

  private:
    host::Host& host_;
    sql::Driver& inner_;
    SabotageLedger& ledger_;
    host::TimePoint hasty_until_{};
};

}  // namespace atlas::properties
