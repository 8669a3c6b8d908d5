#include "sim/models/postgres/serializable/predicate_locks.hpp"

#include <algorithm>

#include "sim/models/postgres/serializable/serializable_transaction.hpp"

namespace atlas::sim::models::postgres {
namespace {

using Target = PredicateLockTarget;
using enum PredicateLockTarget::Kind;

Target relation_target(Oid oid) {
    return {.relation = oid, .kind = relation};
}

Target page_target(Oid oid, RowPlace place) {
    return {.relation = oid, .kind = page, .page = place.page};
}

Target row_target(Oid oid, RowPlace place) {
    return {.relation = oid, .kind = row, .page = place.page, .version = place.version};
}

// Locks of that kind in the relation; of rows, in that page.
std::vector<Target> parts(const std::set<Target>& targets, const Target& first) {
    std::vector<Target> found;
    for (auto at = targets.lower_bound(first); at != targets.end(); ++at) {
        if (at->relation != first.relation || at->kind != first.kind) break;
        if (first.kind == row && at->page != first.page) break;
        found.push_back(*at);
    }
    return found;
}

std::size_t count_parts(const HeldPredicateLocks& held, Oid oid) {
    const auto first = held.targets.upper_bound(relation_target(oid));
    const auto end = held.targets.lower_bound(relation_target(oid + 1));
    return static_cast<std::size_t>(std::distance(first, end));
}

}  // namespace

void PredicateLocks::add(SerializableTransaction& owner, const Target& target) {
    if (owner.reads.targets.insert(target).second) locks_[target].push_back(&owner);
}

void PredicateLocks::remove(SerializableTransaction& owner, const Target& target) {
    if (owner.reads.targets.erase(target) == 0) return;
    const auto found = locks_.find(target);
    std::erase(found->second, &owner);
    if (found->second.empty()) locks_.erase(found);
}

void PredicateLocks::remove_parts(SerializableTransaction& owner, Oid oid) {
    std::vector<Target> smaller = parts(owner.reads.targets, {.relation = oid, .kind = page});
    auto at = owner.reads.targets.lower_bound({.relation = oid, .kind = row});
    for (; at != owner.reads.targets.end() && at->relation == oid; ++at)
        smaller.push_back(*at);
    for (const Target& target : smaller)
        remove(owner, target);
    if (owner.reads.ranges.erase(oid) == 0) return;
    const auto found = ranges_.find(oid);
    std::erase_if(found->second, [&](const RangeLock& lock) { return lock.owner == &owner; });
    if (found->second.empty()) ranges_.erase(found);
}

bool PredicateLocks::holds_relation(const SerializableTransaction& owner, Oid oid) const {
    return owner.reads.targets.contains(relation_target(oid));
}

void PredicateLocks::lock_relation(SerializableTransaction& owner, Oid oid) {
    if (holds_relation(owner, oid)) return;
    remove_parts(owner, oid);
    add(owner, relation_target(oid));
}

void PredicateLocks::lock_row(SerializableTransaction& owner, Oid table, RowPlace place) {
    const Target whole_page = page_target(table, place);
    if (holds_relation(owner, table) || owner.reads.targets.contains(whole_page)) return;
    add(owner, row_target(table, place));
    Target first = row_target(table, place);
    first.version = 0;
    const std::vector<Target> rows = parts(owner.reads.targets, first);
    if (rows.size() > limits_.rows_of_page) {
        for (const Target& target : rows)
            remove(owner, target);
        add(owner, whole_page);
    }
    if (count_parts(owner.reads, table) > limits_.parts_of_relation) lock_relation(owner, table);
}

void PredicateLocks::lock_range(SerializableTransaction& owner, Oid index, KeyRange range) {
    if (holds_relation(owner, index)) return;
    std::vector<KeyRange>& held = owner.reads.ranges[index];
    if (std::ranges::find(held, range) != held.end()) return;
    held.push_back(range);
    ranges_[index].push_back({std::move(range), &owner});
    if (held.size() > limits_.parts_of_relation) lock_relation(owner, index);
}

void PredicateLocks::unlock_row(SerializableTransaction& owner, Oid table, RowPlace place) {
    remove(owner, row_target(table, place));
}

void PredicateLocks::release(SerializableTransaction& owner) {
    while (!owner.reads.targets.empty())
        remove(owner, Target(*owner.reads.targets.begin()));
    while (!owner.reads.ranges.empty())
        remove_parts(owner, owner.reads.ranges.begin()->first);
}

void PredicateLocks::find(const Target& target, std::vector<Reader>& readers) const {
    if (const auto found = locks_.find(target); found != locks_.end()) {
        for (SerializableTransaction* owner : found->second)
            readers.push_back({.transaction = owner});
    }
    if (const auto found = summaries_.find(target); found != summaries_.end())
        readers.push_back({.transaction = nullptr, .committed_at = found->second});
}

std::vector<Reader> PredicateLocks::readers_of_row(Oid table, RowPlace place) const {
    std::vector<Reader> readers;
    find(row_target(table, place), readers);
    find(page_target(table, place), readers);
    find(relation_target(table), readers);
    return readers;
}

std::vector<Reader> PredicateLocks::readers_of_relation(Oid oid) const {
    std::vector<Reader> readers;
    find(relation_target(oid), readers);
    return readers;
}

std::vector<Reader> PredicateLocks::readers_of_key(Oid index, const Row& key) const {
    std::vector<Reader> readers;
    if (const auto found = ranges_.find(index); found != ranges_.end()) {
        for (const RangeLock& lock : found->second) {
            if (lock.range.contains(key)) readers.push_back({.transaction = lock.owner});
        }
    }
    find(relation_target(index), readers);
    return readers;
}

std::vector<Reader> PredicateLocks::readers_within(Oid oid) const {
    std::vector<Reader> readers;
    for (auto at = locks_.lower_bound(relation_target(oid));
         at != locks_.end() && at->first.relation == oid; ++at) {
        for (SerializableTransaction* owner : at->second)
            readers.push_back({.transaction = owner});
    }
    if (const auto found = ranges_.find(oid); found != ranges_.end()) {
        for (const RangeLock& lock : found->second)
            readers.push_back({.transaction = lock.owner});
    }
    for (auto at = summaries_.lower_bound(relation_target(oid));
         at != summaries_.end() && at->first.relation == oid; ++at)
        readers.push_back({.transaction = nullptr, .committed_at = at->second});
    return readers;
}

void PredicateLocks::add_summary(const Target& target, CommitNumber committed_at) {
    CommitNumber& latest = summaries_[target];
    latest = std::max(latest, committed_at);
}

void PredicateLocks::summarise(SerializableTransaction& owner, CommitNumber committed_at) {
    for (Target target : owner.reads.targets) {
        if (target.kind == row) {
            target.kind = page;
            target.version = 0;
        }
        add_summary(target, committed_at);
    }
    for (const auto& [index, ranges] : owner.reads.ranges)
        add_summary(relation_target(index), committed_at);
    release(owner);
    if (summaries_.size() <= limits_.summarised) return;
    std::map<Target, CommitNumber> pages;
    pages.swap(summaries_);
    for (const auto& [target, number] : pages)
        add_summary(relation_target(target.relation), number);
}

void PredicateLocks::forget_summaries(CommitNumber through) {
    std::erase_if(summaries_, [&](const auto& summary) { return summary.second <= through; });
}

void PredicateLocks::move_to_table(Oid index, Oid table) {
    for (const Reader& reader : readers_within(index)) {
        if (reader.transaction == nullptr) {
            add_summary(relation_target(table), reader.committed_at);
            summaries_.erase(relation_target(index));
            continue;
        }
        remove_parts(*reader.transaction, index);
        remove(*reader.transaction, relation_target(index));
        lock_relation(*reader.transaction, table);
    }
}

void PredicateLocks::widen_to_table(Oid table) {
    for (const Reader& reader : readers_within(table)) {
        if (reader.transaction == nullptr) {
            add_summary(relation_target(table), reader.committed_at);
        } else {
            lock_relation(*reader.transaction, table);
        }
    }
}

std::size_t PredicateLocks::size() const {
    std::size_t count = summaries_.size();
    for (const auto& [target, owners] : locks_)
        count += owners.size();
    for (const auto& [index, locks] : ranges_)
        count += locks.size();
    return count;
}

}  // namespace atlas::sim::models::postgres
