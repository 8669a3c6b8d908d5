#pragma once
// From what a run left to a report with verdicts and an exit code.

#include <vector>

#include "properties/invariants/run_record.hpp"
#include "reports/run_report.hpp"
#include "sim/atlas_sim/simulation.hpp"
#include "sim/faults/ledger.hpp"
#include "sim/faults/swarm_options.hpp"
#include "sim/models/postgres/server.hpp"

namespace atlas::sim::atlas_sim {

/// Whether a process may end itself so. PostgreSQL does when its disk gave it an error that it may
/// not go on after, and only for an error that the disk did give; nobody else has a reason to.
bool is_expected(const Death& death, const faults::Ledger& ledger);

/// The table of users as the properties want it. Its columns are known to be there.
std::vector<properties::UserRow> to_user_rows(const models::postgres::CommittedRows& table);

/// Fills what a run decides: operations, faults, properties, trace, exit code. The caller adds what
/// it was asked for: seed, options, replay line.
reports::RunReport judge(Simulation& simulation, const faults::SwarmOptions& options);

}  // namespace atlas::sim::atlas_sim
