#pragma once
// The properties of every run, one function each. Each is in a file beside this one;
// registry.hpp lists them.

#include "properties/invariants/run_record.hpp"
#include "properties/verdict.hpp"

namespace atlas::properties {

/// No two live users have one e-mail, neither in the table nor by what clients were told.
Judgement check_unique_emails(const RunRecord& run);

/// Every acknowledged write is there at the end, and nothing that nobody may have written.
Judgement check_acknowledged_writes(const RunRecord& run);

/// Each user is a linearizable register with compare-and-set; the table's rows are its last reads.
Judgement check_user_records(const RunRecord& run);

/// A client sees what it has written, and nothing older than what it has seen.
Judgement check_session_reads(const RunRecord& run);

/// Every answer is one that the API's contract allows for what was asked.
Judgement check_api_contract(const RunRecord& run);

/// Every response is one that /openapi.json describes.
Judgement check_described(const RunRecord& run);

/// One effect per idempotency key, and a repeated one is told what the first was told.
Judgement check_equal_replays(const RunRecord& run);

/// A walk shows whoever was there throughout, nobody who was never registered, nobody twice.
Judgement check_listings(const RunRecord& run);

/// No answer has status 500.
Judgement check_no_internal_error(const RunRecord& run);

/// No session of the database idles in a transaction beyond its limit, holding locks.
Judgement check_abandoned_transactions(const RunRecord& run);

/// No server of the database goes on taking writes once another one does.
Judgement check_one_primary(const RunRecord& run);

/// Of each pair of owners at least one is on, in every transaction that committed.
Judgement check_ownership(const RunRecord& run);

/// Each job of the queue is done once, and no worker waits for a job that another one has.
Judgement check_job_queue(const RunRecord& run);

/// After faults have stopped, every operation ends within the healing time.
Judgement check_operations_end(const RunRecord& run);

/// After faults have stopped, an operation of each kind succeeds, and the final phase of the
/// workload comes to its end.
Judgement check_service_recovers(const RunRecord& run);

/// While the database gives a node no answer, calls to it are as few as circuit breaker and retry
/// budget promise.
Judgement check_dead_database(const RunRecord& run);

/// Well after faults have stopped, clients are served as they were before faults began.
Judgement check_goodput_returns(const RunRecord& run);

/// When all programs have ended, no task, connection, file or lock is left.
Judgement check_nothing_left_behind(const RunRecord& run);

/// Each kind of operation that the workload has succeeded at least once, and so did each of the
/// workloads that speak SQL; followers, where there are any, answered reads of each level that they
/// may: else the run proves nothing, and is unknown.
Judgement check_not_vacuous(const RunRecord& run);

}  // namespace atlas::properties
