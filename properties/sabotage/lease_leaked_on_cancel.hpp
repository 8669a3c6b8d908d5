#pragma once
// Sabotage over the SQL driver: a statement that its deadline cuts off never comes back to its
// task, so the task never gives its lease back to the pool. (In Atlas an operation is cancelled by
// its deadline; tasks are cancelled only when their node stops, and then these end too.)

#include <memory>

#include "properties/sabotage/sabotage.hpp"
#include "system/host/host.hpp"
#include "system/sql/connection.hpp"

namespace atlas::properties {

class LeakingDriver final : public sql::Driver {
  public:
    /// All three outlive the driver and its connections. Counted are the leases that leak.
    LeakingDriver(host::Host& host, sql::Driver& inner, SabotageLedger& ledger);

    host::Task<sql::Result<std::unique_ptr<sql::Connection>>> connect(
        host::Context context, sql::ConnectionTarget target) override;

  private:
    host::Host& host_;
    sql::Driver& inner_;
    SabotageLedger& ledger_;
};

}  // namespace atlas::properties
