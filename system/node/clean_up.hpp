#pragma once
// What an API node throws away now and then: idempotency keys older than 24 hours.

#include "system/host/event.hpp"
#include "system/sql/transaction.hpp"

namespace atlas::node {

/// Until it is cancelled. Each node does it, at moments of its own: deleting what another has
/// deleted already costs next to nothing, and needs no lease.
host::Task<> clean_up_for_ever(sql::Database& database, host::Event& database_ready);

}  // namespace atlas::node
