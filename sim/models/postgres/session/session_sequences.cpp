// nextval, currval, lastval and setval. Their effect is no part of the transaction. The steps are
// those of PostgreSQL's sequence.c, because how far the log is ahead follows from them.

#include "sim/models/postgres/session/backend_session.hpp"

namespace atlas::sim::models::postgres {
namespace {

/// How many values the log is ahead of those given (SEQ_LOG_VALS).
constexpr std::int64_t logged_ahead = 32;

std::unexpected<Failure> not_yet_defined(std::string_view what) {
    return sql_error("55000", fmt::format("{} is not yet defined in this session", what));
}

// The value after this one; nullopt at the end.
std::optional<std::int64_t> value_after(const SequenceDefinition& sequence, std::int64_t value) {
    std::int64_t next = 0;
    const bool overflowed = __builtin_add_overflow(value, sequence.increment, &next);
    const bool ascending = sequence.increment > 0;
    const bool at_end =
        overflowed || (ascending ? next > sequence.maximum : next < sequence.minimum);
    return at_end ? std::nullopt : std::optional(next);
}

std::unexpected<Failure> at_the_end(const TableDefinition& table) {
    const SequenceDefinition& sequence = *table.sequence;
    const bool ascending = sequence.increment > 0;
    return sql_error("2200H", fmt::format("nextval: reached {} value of sequence \"{}\" ({})",
                                          ascending ? "maximum" : "minimum", table.name,
                                          ascending ? sequence.maximum : sequence.minimum));
}

}  // namespace

Checked<TablePtr> BackendSession::open_sequence(std::uint32_t oid, std::string_view writer) {
    const TablePtr table = view().find_table(oid);
    if (table == nullptr)
        return sql_error("XX000", fmt::format("could not open relation with OID {}", oid));
    if (!table->sequence)
        return sql_error("42809", fmt::format("\"{}\" is not a sequence", table->name));
    if (!writer.empty() && transaction().read_only) {
        return sql_error("25006",
                         fmt::format("cannot execute {} in a read-only transaction", writer));
    }
    // The statement has waited for it already, where it names the sequence.
    const TableLockMode mode = TableLockMode::row_exclusive;
    const LockTag tag{LockKind::relation, oid};
    LockTable& locks = engine_.locks();
    if (!locks.is_held(*locks_, tag, mode) && !locks.try_acquire(*locks_, tag, mode))
        return not_covered("waiting for a sequence that the statement does not name");
    return table;
}

Checked<std::int64_t> BackendSession::next_value(std::uint32_t oid) {
    SQL_TRY(const TablePtr table, open_sequence(oid, "nextval()"));
    const SequenceDefinition& sequence = *table->sequence;
    TakenValues& taken = sequences_[oid];
    if (taken.storage != sequence.storage) taken = {.storage = sequence.storage};
    if (taken.last && *taken.last != taken.cached) {
        last_sequence_ = oid;
        *taken.last += sequence.increment;
        return *taken.last;
    }
    SequenceState& state = engine_.sequence(sequence);
    const bool tell_log = !state.called || state.ahead < sequence.cache;
    std::int64_t wanted = sequence.cache - (state.called ? 0 : 1);
    std::int64_t ahead = state.ahead;
    if (tell_log) {
        wanted += logged_ahead;
        ahead = wanted;
    }
    std::int64_t given = state.called ? 0 : 1;
    std::int64_t result = state.last;
    std::int64_t last = state.last;
    std::int64_t next = state.last;
    while (wanted > 0) {
        std::optional<std::int64_t> after = value_after(sequence, next);
        // Nothing is taken in advance beyond the end.
        if (!after && given > 0) break;
        if (!after && !sequence.cycle) return at_the_end(*table);
        if (!after) after = sequence.increment > 0 ? sequence.minimum : sequence.maximum;
        next = *after;
        --wanted;
        if (given < sequence.cache) {
            --ahead;
            ++given;
            last = next;
            if (given == 1) result = next;
        }
    }
    if (tell_log) engine_.log_sequence(transaction(), sequence.storage, next, true);
    state = {.last = last, .called = true, .ahead = ahead - wanted};
    taken.last = result;
    taken.cached = last;
    last_sequence_ = oid;
    return result;
}

Checked<std::int64_t> BackendSession::current_value(std::uint32_t oid) {
    SQL_TRY(const TablePtr table, open_sequence(oid, ""));
    const auto taken = sequences_.find(oid);
    if (taken == sequences_.end() || !taken->second.last)
        return not_yet_defined(fmt::format("currval of sequence \"{}\"", table->name));
    return *taken->second.last;
}

Checked<std::int64_t> BackendSession::last_value() {
    const bool there = last_sequence_ != 0 && view().find_table(last_sequence_) != nullptr;
    if (!there) return not_yet_defined("lastval");
    return *sequences_[last_sequence_].last;
}

Checked<> BackendSession::set_value(std::uint32_t oid, std::int64_t value, bool called) {
    SQL_TRY(const TablePtr table, open_sequence(oid, "setval()"));
    const SequenceDefinition& sequence = *table->sequence;
    if (value < sequence.minimum || value > sequence.maximum) {
        return sql_error("22003",
                         fmt::format("setval: value {} is out of bounds for sequence \"{}\" "
                                     "({}..{})",
                                     value, table->name, sequence.minimum, sequence.maximum));
    }
    TakenValues& taken = sequences_[oid];
    if (taken.storage != sequence.storage) taken = {.storage = sequence.storage};
    if (called) taken.last = value;
    taken.cached = taken.last.value_or(0);
    engine_.log_sequence(transaction(), sequence.storage, value, called);
    engine_.sequence(sequence) = {.last = value, .called = called};
    return {};
}

}  // namespace atlas::sim::models::postgres
