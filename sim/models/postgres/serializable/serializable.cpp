// What scans and writes report, and whom it concerns.

#include "sim/models/postgres/serializable/serializable.hpp"

#include <algorithm>
#include <set>

#include "sim/models/postgres/serializable/failures.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::models::postgres {

SerializableTransactions::SerializableTransactions(TransactionTable& transactions,
                                                   SerializableLimits limits)
    : transactions_(transactions), limits_(limits), locks_(limits.locks) {}

SerializableTransactions::~SerializableTransactions() = default;

void SerializableTransactions::begin(Transaction& transaction, std::shared_ptr<LockOwner> session) {
    ATLAS_CHECK(transaction.snapshot != nullptr, "it begins with its snapshot");
    // Nobody who writes overlaps it.
    if (transaction.read_only && writable_ == 0) return;
    Watched& self = all_.emplace_back();
    self.running = &transaction;
    self.session = std::move(session);
    self.snapshot = transaction.snapshot;
    self.last_commit_before_snapshot = last_commit_;
    transaction.serializable = &self;
    if (!transaction.read_only) {
        ++writable_;
        return;
    }
    self.declared_read_only = true;
    self.read_only = true;
    for (Watched& other : all_) {
        if (&other == &self || other.committed || other.doomed || other.read_only) continue;
        self.possibly_unsafe.push_back(&other);
        other.possibly_unsafe.push_back(&self);
    }
    if (self.possibly_unsafe.empty()) stop_watching(transaction);
}

std::vector<Oid> SerializableTransactions::relations_read(const Transaction& transaction) {
    std::set<Oid> relations;
    for (const PredicateLockTarget& target : transaction.serializable->reads.targets)
        relations.insert(target.relation);
    for (const auto& [index, ranges] : transaction.serializable->reads.ranges)
        relations.insert(index);
    return {relations.begin(), relations.end()};
}

void SerializableTransactions::resume(Transaction& transaction,
                                      const std::vector<Oid>& relations_read) {
    Watched& self = all_.emplace_back();
    self.running = &transaction;
    self.session = transaction.locks;
    self.snapshot = transactions_.take_snapshot();
    self.last_commit_before_snapshot = last_commit_;
    self.prepared = true;
    self.prepared_at = last_commit_;
    self.wrote = true;
    self.summarised_conflict_in = true;
    self.summarised_conflict_out = true;
    transaction.serializable = &self;
    ++writable_;
    for (const Oid relation : relations_read)
        locks_.lock_relation(self, relation);
}

// A snapshot may have become a safe one since the last read.
bool SerializableTransactions::is_watched(Transaction& reader) {
    if (!reader.serializable->safe) return true;
    stop_watching(reader);
    return false;
}

Checked<> SerializableTransactions::read_relation(Transaction& reader, Oid table) {
    if (is_watched(reader)) locks_.lock_relation(*reader.serializable, table);
    return {};
}

Checked<> SerializableTransactions::read_range(Transaction& reader, Oid index,
                                               const KeyRange& range) {
    if (is_watched(reader)) locks_.lock_range(*reader.serializable, index, range);
    return {};
}

Checked<> SerializableTransactions::read_row(Transaction& reader, Oid table,
                                             const RowVersion& version, bool visible) {
    if (!is_watched(reader)) return {};
    if (reader.serializable->doomed) return dependency_failure(pivot_during_read);
    // Whoever made what is not seen yet, or ended what still is.
    TransactionId writer = no_transaction;
    const Snapshot& snapshot = *reader.snapshot;
    const auto is_later = [&](TransactionId id) {
        return id != no_transaction && !reader.is_mine(id) && !snapshot.has_committed(id);
    };
    // The actions of foreign keys see more than the transaction does: what they see is no conflict,
    // and what they may not change they fail on by themselves.
    const TransactionId other = visible ? version.ended_by : version.made_by;
    if (is_later(other)) writer = other;
    if (writer != no_transaction) {
        SQL_CHECK(conflict_out(reader, writer));
    }
    // What it wrote itself nobody else can write without waiting for it.
    if (visible && !reader.is_mine(version.made_by))
        locks_.lock_row(*reader.serializable, table, {version.page, version.id});
    return {};
}

SerializableTransaction* SerializableTransactions::find(TransactionId id) const {
    const auto running = transactions_.running().find(id);
    if (running != transactions_.running().end()) return running->second->serializable;
    const auto finished = finished_by_id_.find(id);
    return finished == finished_by_id_.end() ? nullptr : finished->second;
}

Checked<> SerializableTransactions::conflict_out(Transaction& reader, TransactionId writer_id) {
    Watched& self = *reader.serializable;
    Watched* const writer = find(writer_id);
    if (writer == nullptr) return conflict_with_forgotten(self, writer_id);
    if (writer == &self || writer->doomed) return {};
    if (writer->summarised_conflict_out) {
        if (writer->prepared) return dependency_failure("Canceled on conflict out to old pivot.");
        writer->doomed = true;
        return {};
    }
    // One that only reads is harmed only by what was there before its snapshot.
    if (self.read_only && writer->committed &&
        (!writer->has_conflict_out ||
         self.last_commit_before_snapshot < writer->earliest_out_conflict))
        return {};
    if (std::ranges::find(self.out_conflicts, writer) != self.out_conflicts.end()) return {};
    return flag_conflict(self, *writer, self);
}

// The writer is not serializable, or committed so long ago that only its worst is known.
Checked<> SerializableTransactions::conflict_with_forgotten(Watched& reader, TransactionId writer) {
    const auto old = summarised_.find(writer);
    if (old == summarised_.end()) return {};
    const CommitNumber earliest = old->second;
    if (earliest != never_committed &&
        (!reader.read_only || earliest <= reader.last_commit_before_snapshot)) {
        return dependency_failure(fmt::format("Canceled on conflict out to old pivot {}.", writer));
    }
    if (reader.summarised_conflict_in || !reader.in_conflicts.empty()) {
        return dependency_failure(
            fmt::format("Canceled on identification as a pivot, with conflict out to old committed "
                        "transaction {}.",
                        writer));
    }
    reader.summarised_conflict_out = true;
    return {};
}

Checked<> SerializableTransactions::write_row(Transaction& writer, Oid table,
                                              const RowVersion* version) {
    Watched& self = *writer.serializable;
    if (self.doomed) return dependency_failure(pivot_during_write);
    self.wrote = true;
    if (version == nullptr) return conflicts_in(writer, locks_.readers_of_relation(table));
    const RowPlace place{version->page, version->id};
    SQL_CHECK(conflicts_in(writer, locks_.readers_of_row(table, place)));
    // Whoever writes it now has to wait for this one. A savepoint may take the write back.
    if (writer.savepoints.empty()) locks_.unlock_row(self, table, place);
    return {};
}

Checked<> SerializableTransactions::write_key(Transaction& writer, Oid index, const Row& key) {
    Watched& self = *writer.serializable;
    if (self.doomed) return dependency_failure(pivot_during_write);
    self.wrote = true;
    return conflicts_in(writer, locks_.readers_of_key(index, key));
}

void SerializableTransactions::key_given_up(Transaction& writer, Oid index, Row key) {
    if (writer.serializable == nullptr) return;
    locks_.lock_range(*writer.serializable, index, {.prefix = std::move(key)});
}

Checked<> SerializableTransactions::write_table(Transaction& writer, Oid table) {
    Watched& self = *writer.serializable;
    if (self.doomed) return dependency_failure(pivot_during_write);
    self.wrote = true;
    return conflicts_in(writer, locks_.readers_within(table));
}

Checked<> SerializableTransactions::conflicts_in(Transaction& writer,
                                                 const std::vector<Reader>& readers) {
    Watched& self = *writer.serializable;
    for (const Reader& reader : readers) {
        if (reader.transaction == nullptr) {
            if (reader.committed_at > self.last_commit_before_snapshot) {
                SQL_CHECK(flag_summarised_reader(reader.committed_at, self));
            }
            continue;
        }
        Watched& other = *reader.transaction;
        if (&other == &self || other.doomed) continue;
        if (other.committed && self.snapshot->horizon() >= other.finished_before) continue;
        if (std::ranges::find(other.out_conflicts, &self) != other.out_conflicts.end()) continue;
        SQL_CHECK(flag_conflict(other, self, self));
    }
    return {};
}

}  // namespace atlas::sim::models::postgres
