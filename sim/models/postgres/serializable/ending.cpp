// How serializable transactions end, and how long they are remembered.

#include <algorithm>

#include "sim/models/postgres/serializable/serializable.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::models::postgres {

void SerializableTransactions::committed(Transaction& transaction) {
    if (transaction.serializable == nullptr) return;
    Watched& self = *transaction.serializable;
    transaction.serializable = nullptr;
    self.ids = transaction.ids;
    end(self, true);
}

void SerializableTransactions::rolled_back(Transaction& transaction) {
    if (transaction.serializable == nullptr) return;
    Watched& self = *transaction.serializable;
    transaction.serializable = nullptr;
    end(self, false);
}

void SerializableTransactions::stop_watching(Transaction& transaction) {
    rolled_back(transaction);
}

void SerializableTransactions::end(Watched& ending, bool commits) {
    ending.running = nullptr;
    ending.finished_before = transactions_.next_id();
    if (commits) {
        ATLAS_CHECK(ending.prepared, "a commit is asked for before it is made");
        ending.committed = true;
        ending.committed_at = ++last_commit_;
        ending.read_only |= !ending.wrote;
    } else {
        ending.doomed = true;
    }
    if (!ending.declared_read_only) {
        --writable_;
        if (writable_ == 0) can_clear_reads_through_ = last_commit_;
    }
    settle_out_conflicts(ending, commits);
    std::erase_if(ending.in_conflicts, [&](Watched* reader) {
        const bool settled = !commits || reader->committed || reader->read_only;
        if (settled) std::erase(reader->out_conflicts, &ending);
        return settled;
    });
    if (ending.declared_read_only) {
        for (Watched* writer : ending.possibly_unsafe)
            std::erase(writer->possibly_unsafe, &ending);
        ending.possibly_unsafe.clear();
    } else {
        settle_read_only(ending, commits);
    }
    if (commits) {
        ending.session.reset();
        finished_.push_back(&ending);
        for (const TransactionId id : ending.ids)
            finished_by_id_.emplace(id, &ending);
    } else {
        release(ending, false);
    }
    clear_old();
    if (finished_.size() > limits_.committed) summarise_oldest();
}

void SerializableTransactions::settle_out_conflicts(Watched& ending, bool commits) {
    if (commits && !ending.read_only && ending.summarised_conflict_out) {
        // As early as can be.
        ending.earliest_out_conflict = 0;
        ending.has_conflict_out = true;
    }
    std::erase_if(ending.out_conflicts, [&](Watched* writer) {
        if (commits && !ending.read_only && writer->committed) {
            ending.earliest_out_conflict =
                std::min(ending.earliest_out_conflict, writer->prepared_at);
            ending.has_conflict_out = true;
        }
        const bool settled =
            !commits || writer->committed || writer->last_commit_before_snapshot >= last_commit_;
        if (settled) std::erase(writer->in_conflicts, &ending);
        return settled;
    });
}

// What the end of a writer says of the snapshots of those that only read.
void SerializableTransactions::settle_read_only(Watched& writer, bool commits) {
    std::vector<Watched*> readers;
    readers.swap(writer.possibly_unsafe);
    for (Watched* reader : readers) {
        std::erase(reader->possibly_unsafe, &writer);
        const bool harmful = commits && writer.wrote && writer.has_conflict_out &&
                             writer.earliest_out_conflict <= reader->last_commit_before_snapshot;
        if (harmful) {
            reader->unsafe = true;
            for (Watched* other : reader->possibly_unsafe)
                std::erase(other->possibly_unsafe, reader);
            reader->possibly_unsafe.clear();
        } else if (reader->possibly_unsafe.empty() && !reader->unsafe) {
            reader->safe = true;
        }
        if (reader->waits_for_safety && (reader->safe || reader->unsafe)) reader->session->wake();
    }
}

// The oldest snapshot that a watched transaction still has; past all if there is none.
TransactionId SerializableTransactions::horizon() const {
    TransactionId oldest = transactions_.next_id();
    for (const Watched& watched : all_) {
        if (watched.running != nullptr) oldest = std::min(oldest, watched.snapshot->horizon());
    }
    return oldest;
}

void SerializableTransactions::clear_old() {
    const TransactionId oldest = horizon();
    while (!finished_.empty() && finished_.front()->finished_before <= oldest)
        release(*finished_.front(), false);
    // Those that overlap only what reads cannot be harmed by what they have read.
    std::vector<Watched*> readers_only;
    for (Watched* finished : finished_) {
        if (finished->committed_at > can_clear_reads_through_) break;
        if (finished->read_only) {
            readers_only.push_back(finished);
        } else {
            release_reads(*finished);
        }
    }
    for (Watched* finished : readers_only)
        release(*finished, false);
    locks_.forget_summaries(can_clear_reads_through_);
    std::erase_if(summarised_, [&](const auto& old) { return old.first < oldest; });
}

void SerializableTransactions::release_reads(Watched& old) {
    locks_.release(old);
    for (Watched* reader : old.in_conflicts)
        std::erase(reader->out_conflicts, &old);
    old.in_conflicts.clear();
}

void SerializableTransactions::summarise_oldest() {
    Watched& old = *finished_.front();
    if (!old.read_only) {
        const CommitNumber earliest =
            old.has_conflict_out ? old.earliest_out_conflict : never_committed;
        for (const TransactionId id : old.ids)
            summarised_.emplace(id, earliest);
    }
    release(old, true);
}

void SerializableTransactions::release(Watched& old, bool summarise) {
    if (summarise) {
        locks_.summarise(old, old.committed_at);
    } else {
        locks_.release(old);
    }
    for (Watched* writer : old.out_conflicts) {
        if (summarise) writer->summarised_conflict_in = true;
        std::erase(writer->in_conflicts, &old);
    }
    for (Watched* reader : old.in_conflicts) {
        if (summarise) reader->summarised_conflict_out = true;
        std::erase(reader->out_conflicts, &old);
    }
    for (const TransactionId id : old.ids)
        finished_by_id_.erase(id);
    remove(old);
}

void SerializableTransactions::remove(Watched& gone) {
    std::erase(finished_, &gone);
    all_.remove_if([&](const Watched& watched) { return &watched == &gone; });
}

SerializableTransactions::Safety SerializableTransactions::safety(
    const Transaction& transaction) const {
    const Watched* const self = transaction.serializable;
    if (self == nullptr || self->safe) return Safety::safe;
    return self->unsafe ? Safety::unsafe : Safety::undecided;
}

void SerializableTransactions::wait_for_safety(Transaction& transaction, bool waits) {
    transaction.serializable->waits_for_safety = waits;
}

std::vector<std::uint32_t> SerializableTransactions::safe_snapshot_blockers(
    std::uint32_t process_id) const {
    std::vector<std::uint32_t> blockers;
    for (const Watched& watched : all_) {
        if (!watched.waits_for_safety || watched.session->process_id() != process_id) continue;
        for (const Watched* writer : watched.possibly_unsafe)
            blockers.push_back(writer->session->process_id());
    }
    return blockers;
}

}  // namespace atlas::sim::models::postgres
