#include "sim/models/postgres/mvcc/heap.hpp"

#include <algorithm>

#include "sim/models/postgres/functions/evaluate.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::models::postgres {
namespace {

std::strong_ordering compare_prefix(const Row& key, const Row& prefix) {
    for (std::size_t i = 0; i < prefix.size(); ++i) {
        const std::strong_ordering order = compare(key[i], prefix[i]);
        if (order != std::strong_ordering::equal) return order;
    }
    return std::strong_ordering::equal;
}

}  // namespace

bool Index::EntryOrder::operator()(const Entry& left, const Entry& right) const {
    const std::strong_ordering order = compare(left.key, right.key);
    return order == std::strong_ordering::equal ? left.version < right.version : order < 0;
}

bool Index::EntryOrder::operator()(const Entry& entry, const Row& prefix) const {
    return compare_prefix(entry.key, prefix) < 0;
}

bool Index::EntryOrder::operator()(const Row& prefix, const Entry& entry) const {
    return compare_prefix(entry.key, prefix) > 0;
}

Checked<std::optional<Row>> Index::key_of(const Row& row) const {
    const EvaluationContext context{.rows = {&row}};
    if (definition_->predicate) {
        SQL_TRY(const bool included,
                evaluate_condition(*definition_->predicate->expression, context));
        if (!included) return std::nullopt;
    }
    Row key;
    key.reserve(definition_->keys.size());
    for (const IndexKey& part : definition_->keys) {
        SQL_TRY(Value value, evaluate(*part.expression.expression, context));
        key.push_back(std::move(value));
    }
    return key;
}

void Index::insert(Row key, RowVersion& version) {
    const std::uint64_t id = version.id;
    entries_.emplace(Entry{std::move(key), id}, &version);
}

void Index::remove(const RowVersion& version) {
    Checked<std::optional<Row>> key = key_of(version.values);
    // A row whose key could not be computed never got in.
    if (!key || !*key) return;
    entries_.erase(Entry{**std::move(key), version.id});
}

std::vector<RowVersion*> Index::find(const Row& prefix) const {
    std::vector<RowVersion*> found;
    for (auto [at, end] = entries_.equal_range(prefix); at != end; ++at)
        found.push_back(at->second);
    return found;
}

std::vector<RowVersion*> Index::find(const KeyRange& range) const {
    Row first = range.prefix;
    if (range.from) first.push_back(range.from->value);
    std::vector<RowVersion*> found;
    const auto end = entries_.upper_bound(range.prefix);
    for (auto at = entries_.lower_bound(first); at != end; ++at) {
        if (range.contains(at->first.key)) {
            found.push_back(at->second);
        } else if (range.is_before(at->first.key)) {
            break;
        }
    }
    std::ranges::sort(found, {}, &RowVersion::id);
    return found;
}

RowVersion& Heap::insert(std::uint64_t id, Row values) {
    const auto place = versions_.emplace_hint(versions_.end(), id, RowVersion{});
    RowVersion& version = place->second;
    ATLAS_CHECK(version.id == 0, "a row version's id is used once");
    version.id = id;
    version.page = static_cast<std::uint32_t>(inserted_++ / versions_of_page);
    version.values = std::move(values);
    return version;
}

void Heap::remove(RowVersion& version) {
    for (auto& [oid, index] : indexes_)
        index.remove(version);
    versions_.erase(version.id);
}

RowVersion* Heap::find(std::uint64_t id) {
    const auto found = versions_.find(id);
    return found == versions_.end() ? nullptr : &found->second;
}

Index* Heap::index(Oid index_oid) {
    const auto found = indexes_.find(index_oid);
    return found == indexes_.end() ? nullptr : &found->second;
}

Index& Heap::add_index(std::shared_ptr<const IndexDefinition> definition) {
    const Oid index_oid = definition->oid;
    return indexes_.try_emplace(index_oid, std::move(definition)).first->second;
}

}  // namespace atlas::sim::models::postgres
