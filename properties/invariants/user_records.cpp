// Each user is a linearizable register with compare-and-set, and the row found in the table at the
// end is what one more read would have answered.

#include <algorithm>

#include "properties/checkers/user_records.hpp"
#include "properties/invariants/invariants.hpp"

namespace atlas::properties {

namespace {

/// A read by a client of its own, after all others, of each row.
void add_rows_as_reads(const std::vector<UserRow>& rows, host::Duration ended_at,
                       std::vector<UserOperation>& operations) {
    std::size_t line = 0;
    std::uint64_t process = 0;
    for (const UserOperation& operation : operations) {
        line = std::max({line, operation.invoke_line, operation.end_line});
        process = std::max(process, operation.process);
    }
    for (const UserRow& row : rows) {
        UserOperation read{.function = UserFunction::get_user,
                           .process = process + 1,
                           .outcome = EntryType::ok,
                           .invoke_line = line + 1,
                           .end_line = line + 2,
                           .invoked_at = ended_at,
                           .ended_at = ended_at};
        read.request.id = row.id;
        if (row.is_live) {
            read.response = {
                .email = row.email, .display_name = row.display_name, .version = row.version};
        } else {
            read.response.absent = true;
        }
        operations.push_back(std::move(read));
        line += 2;
    }
}

}  // namespace

Judgement check_user_records(const RunRecord& run) {
    std::vector<UserOperation> operations = run.operations;
    if (run.users) add_rows_as_reads(*run.users, run.facts.ended_at, operations);
    Judgement judgement =
        check_linearizable(user_record_partitions(operations), run.budget).judgement;
    if (judgement.verdict == Verdict::invalid && run.users) {
        judgement.prose +=
            "(Reads on the last line and later are the table of users at the end.)\n";
    }
    return judgement;
}

}  // namespace atlas::properties
