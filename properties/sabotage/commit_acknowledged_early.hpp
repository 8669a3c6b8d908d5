#pragma once
// Sabotage over the SQL driver: COMMIT is answered with success at once, while the real one is
// still on its way. The connection is used again only when the server has answered it.

#include <memory>

#include "properties/sabotage/sabotage.hpp"
#include "system/host/task_group.hpp"
#include "system/sql/connection.hpp"

namespace atlas::properties {

class EarlyCommitDriver final : public sql::Driver {
  public:
    /// All three outlive the driver, and the driver its connections.
    EarlyCommitDriver(host::Host& host, sql::Driver& inner, SabotageLedger& ledger);

    host::Task<sql::Result<std::unique_ptr<sql::Connection>>> connect(
        host::Context context, sql::ConnectionTarget target) override;

    /// Gives up on the commits under way; to be awaited before the driver is destroyed.
    host::Task<> stop();

  private:
    host::Host& host_;
    sql::Driver& inner_;
    SabotageLedger& ledger_;
    host::TaskGroup commits_;
};

}  // namespace atlas::properties
