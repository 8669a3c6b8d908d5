// Conflicts between two transactions, and the structures of three in which they are dangerous:
// T1 -> T2 -> T3, each of the first two having read what the next one wrote over, and T3 the first
// to commit. T1 may be T3.

#include <algorithm>

#include "sim/models/postgres/serializable/failures.hpp"
#include "sim/models/postgres/serializable/serializable.hpp"

namespace atlas::sim::models::postgres {

// The new conflict is the first of the two; `writer` is T2.
bool SerializableTransactions::is_dangerous_out(const Watched& reader, const Watched& writer) {
    if (writer.summarised_conflict_out) return true;
    if (writer.committed && writer.has_conflict_out) return true;
    return std::ranges::any_of(writer.out_conflicts, [&](const Watched* third) {
        return third->prepared &&
               (!reader.committed || third->prepared_at <= reader.committed_at) &&
               (!writer.committed || third->prepared_at <= writer.committed_at) &&
               (!reader.read_only || third->prepared_at <= reader.last_commit_before_snapshot);
    });
}

// The new conflict is the second of the two; `reader` is T2.
bool SerializableTransactions::is_dangerous_in(const Watched& reader, const Watched& writer) {
    if (!writer.prepared || reader.read_only) return false;
    if (reader.summarised_conflict_in) return true;
    return std::ranges::any_of(reader.in_conflicts, [&](const Watched* first) {
        return !first->doomed && (!first->committed || first->committed_at >= writer.prepared_at) &&
               (!first->read_only || first->last_commit_before_snapshot >= writer.prepared_at);
    });
}

// The writer is the one to go, unless nothing can make it fail any more.
Checked<> SerializableTransactions::check_danger(Watched& reader, Watched& writer,
                                                 const Watched& self) const {
    if (!is_dangerous_out(reader, writer) && !is_dangerous_in(reader, writer)) return {};
    if (&writer == &self) {
        return dependency_failure("Canceled on identification as a pivot, during write.");
    }
    if (writer.prepared) {
        const TransactionId id =
            writer.running != nullptr ? writer.running->ids.front() : writer.ids.front();
        return dependency_failure(
            fmt::format("Canceled on conflict out to pivot {}, during read.", id));
    }
    writer.doomed = true;
    return {};
}

Checked<> SerializableTransactions::flag_conflict(Watched& reader, Watched& writer,
                                                  const Watched& self) {
    SQL_CHECK(check_danger(reader, writer, self));
    reader.out_conflicts.push_back(&writer);
    writer.in_conflicts.push_back(&reader);
    return {};
}

Checked<> SerializableTransactions::flag_summarised_reader(CommitNumber committed_at,
                                                           Watched& writer) {
    Watched reader;
    reader.prepared = true;
    reader.committed = true;
    reader.committed_at = committed_at;
    SQL_CHECK(check_danger(reader, writer, writer));
    writer.summarised_conflict_in = true;
    return {};
}

Checked<> SerializableTransactions::before_commit(Transaction& transaction) {
    if (transaction.serializable == nullptr) return {};
    Watched& self = *transaction.serializable;
    if (self.doomed) {
        return dependency_failure("Canceled on identification as a pivot, during commit attempt.");
    }
    // This one commits first: whoever it has overwritten, and who has been overwritten, must go.
    for (Watched* near : self.in_conflicts) {
        if (near->committed || near->doomed) continue;
        const bool dangerous = std::ranges::any_of(near->in_conflicts, [&](const Watched* far) {
            return far == &self || (!far->committed && !far->read_only && !far->doomed);
        });
        if (!dangerous) continue;
        if (near->prepared) {
            return dependency_failure(
                "Canceled on commit attempt with conflict in from prepared pivot.");
        }
        near->doomed = true;
    }
    self.prepared_at = ++last_commit_;
    self.prepared = true;
    return {};
}

}  // namespace atlas::sim::models::postgres
