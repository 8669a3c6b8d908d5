// FOREIGN KEY, kept: what PostgreSQL's triggers do at the end of each statement, in their order.
// A row that refers to another locks it FOR KEY SHARE; a row that goes away, or whose key changes,
// takes those that refer to it along, or is refused.
//
// What the queries of these triggers see: in READ COMMITTED a snapshot of their own. In REPEATABLE
// READ the referenced row must be in the transaction's snapshot, but the referring ones are looked
// for in the newest state: one that the transaction cannot see must not be changed by it (40001).

#include <algorithm>

#include "sim/models/postgres/analysis/coercion.hpp"
#include "sim/models/postgres/executor/executor.hpp"
#include "sim/models/postgres/executor/reference_queries.hpp"
#include "sim/models/postgres/functions/evaluate.hpp"
#include "sim/models/postgres/mvcc/visibility.hpp"
#include "sim/models/postgres/plan/access_path.hpp"
#include "sim/models/postgres/types/compared.hpp"
#include "sim/models/postgres/types/text_format.hpp"

namespace atlas::sim::models::postgres {

using host::Task;

namespace {

bool any_null(const Row& row, const std::vector<std::size_t>& places) {
    return std::ranges::any_of(places, [&](std::size_t place) { return is_null(row[place]); });
}

bool same_values(const Row& left, const Row& right, const std::vector<std::size_t>& places) {
    return std::ranges::all_of(places, [&](std::size_t place) {
        return compare(left[place], right[place]) == std::strong_ordering::equal;
    });
}

bool same_images(const Row& left, const Row& right, const std::vector<std::size_t>& places) {
    return std::ranges::all_of(
        places, [&](std::size_t place) { return is_same_image(left[place], right[place]); });
}

// "(a, b)=(1, 2)"
std::string described_key(const TableDefinition& table, const Row& row,
                          const std::vector<std::size_t>& places) {
    std::string names;
    std::string values;
    for (const std::size_t place : places) {
        if (!names.empty()) {
            names += ", ";
            values += ", ";
        }
        names += table.columns[place].name;
        values += format_value(table.columns[place].type.id, row[place]);
    }
    return fmt::format("({})=({})", names, values);
}

std::unexpected<Failure> still_referenced(const TableDefinition& table, const Row& row,
                                          const Reference& reference) {
    const ForeignKey& key = reference.foreign_key();
    auto error = sql_error(
        "23503", fmt::format("update or delete on table \"{}\" violates foreign key constraint "
                             "\"{}\" on table \"{}\"",
                             table.name, key.name, reference.table->name));
    error.error()->detail =
        fmt::format("Key {} is still referenced from table \"{}\".",
                    described_key(table, row, key.referenced), reference.table->name);
    add_table_fields(*error.error(), *reference.table, key.name);
    return error;
}

ExpressionPtr column_of(const TableDefinition& table, std::size_t place) {
    return std::make_shared<const Expression>(Expression{
        .kind = ExpressionKind::column, .type = table.columns[place].type, .index = place});
}

ExpressionPtr constant_of(const TableDefinition& table, std::size_t place, const Row& row) {
    return std::make_shared<const Expression>(Expression{.kind = ExpressionKind::constant,
                                                         .type = {table.columns[place].type.id},
                                                         .constant = row[place]});
}

}  // namespace

Executor::WantedRows Executor::rows_where(TablePtr table, std::vector<ExpressionPtr> conditions) {
    WantedRows wanted{.table = std::move(table), .condition = conditions.front(), .path = {}};
    wanted.path = choose_path(*wanted.table, 0, conditions, 0);
    if (conditions.size() > 1) {
        wanted.condition =
            std::make_shared<const Expression>(Expression{.kind = ExpressionKind::logical_and,
                                                          .type = {TypeId::boolean},
                                                          .arguments = std::move(conditions)});
    }
    return wanted;
}

// The row that this one refers to.
Checked<Executor::WantedRows> Executor::referenced_row(const TableDefinition& table, const Row& row,
                                                       const ForeignKey& key, TablePtr referenced) {
    std::vector<ExpressionPtr> conditions;
    for (std::size_t i = 0; i < key.columns.size(); ++i) {
        SQL_TRY(ExpressionPtr equal, reference_equality(column_of(*referenced, key.referenced[i]),
                                                        constant_of(table, key.columns[i], row)));
        conditions.push_back(std::move(equal));
    }
    return rows_where(std::move(referenced), std::move(conditions));
}

// The rows that refer to this one.
Checked<Executor::WantedRows> Executor::referring_rows(const TableDefinition& table, const Row& row,
                                                       const Reference& reference) {
    const ForeignKey& key = reference.foreign_key();
    std::vector<ExpressionPtr> conditions;
    for (std::size_t i = 0; i < key.columns.size(); ++i) {
        SQL_TRY(ExpressionPtr equal,
                reference_equality(constant_of(table, key.referenced[i], row),
                                   column_of(*reference.table, key.columns[i])));
        conditions.push_back(std::move(equal));
    }
    return rows_where(reference.table, std::move(conditions));
}

Checked<bool> Executor::is_wanted(const WantedRows& wanted, const Row& row) {
    return evaluate_condition(*wanted.condition, context_of(&row));
}

Checked<std::vector<RowVersion*>> Executor::find_rows(const WantedRows& wanted) {
    std::vector<RowVersion*> visible;
    SQL_CHECK(visible_versions(*wanted.table, wanted.path, context_of(nullptr), visible));
    std::vector<RowVersion*> found;
    for (RowVersion* version : visible) {
        SQL_TRY(const bool holds, is_wanted(wanted, version->values));
        if (holds) found.push_back(version);
    }
    return found;
}

Checked<ExpressionPtr> reference_equality(ExpressionPtr referenced, ExpressionPtr referring) {
    const auto compared_as = [](TypeId type) { return is_string(type) ? TypeId::text : type; };
    const TypeId left = compared_as(referenced->type.id);
    const Function* equality = find_operator("=", left, compared_as(referring->type.id));
    if (equality == nullptr) {
        if (!can_coerce(referring->type.id, left, CoercionContext::implicit))
            return ExpressionPtr{};
        ParameterTypes none({}, true);
        SQL_TRY(referring, coerce(std::move(referring), {left}, CoercionContext::implicit, none));
        equality = find_operator("=", left, left);
    }
    return std::make_shared<const Expression>(
        Expression{.kind = ExpressionKind::call,
                   .type = {TypeId::boolean},
                   .function = equality,
                   .arguments = {std::move(referenced), std::move(referring)}});
}

void Executor::note_insert(const TableDefinition& table, const RowVersion& version) {
    for (std::size_t place = 0; place < table.foreign_keys.size(); ++place) {
        reference_events_.push_back({.kind = ReferenceEvent::Kind::check,
                                     .table = &table,
                                     .place = place,
                                     .after = &version});
    }
}

void Executor::note_update(const TableDefinition& table, const RowVersion& before,
                           const RowVersion& after) {
    for (const Reference& reference : view().references_to(table.oid)) {
        const std::vector<std::size_t>& places = reference.foreign_key().referenced;
        if (any_null(before.values, places) || same_images(before.values, after.values, places))
            continue;
        reference_events_.push_back({.kind = ReferenceEvent::Kind::updated,
                                     .table = &table,
                                     .reference = reference,
                                     .before = &before,
                                     .after = &after});
    }
    for (std::size_t place = 0; place < table.foreign_keys.size(); ++place) {
        const std::vector<std::size_t>& places = table.foreign_keys[place].columns;
        if (any_null(after.values, places)) continue;
        // A row of our own may not have been checked yet.
        if (!transaction_.is_mine(before.made_by) &&
            same_values(before.values, after.values, places))
            continue;
        reference_events_.push_back({.kind = ReferenceEvent::Kind::check,
                                     .table = &table,
                                     .place = place,
                                     .after = &after});
    }
}

void Executor::note_delete(const TableDefinition& table, const RowVersion& version) {
    for (const Reference& reference : view().references_to(table.oid)) {
        if (any_null(version.values, reference.foreign_key().referenced)) continue;
        reference_events_.push_back({.kind = ReferenceEvent::Kind::deleted,
                                     .table = &table,
                                     .reference = reference,
                                     .before = &version});
    }
}

// What the actions change is looked at in turn, behind what the statement itself changed. The list
// keeps the definitions alive that later entries point to.
Task<Checked<>> Executor::keep_references() {
    for (std::size_t i = 0; i < reference_events_.size(); ++i) {
        const ReferenceEvent event = reference_events_[i];
        if (event.kind == ReferenceEvent::Kind::check) {
            SQL_CO_CHECK(co_await check_reference(event));
        } else {
            SQL_CO_CHECK(co_await act_on_reference(event));
        }
    }
    reference_events_.clear();
    co_return Checked<>{};
}

void Executor::begin_reference_query(bool newest) {
    ++transaction_.command;
    const bool own_snapshot = transaction_.isolation == IsolationLevel::read_committed || newest;
    snapshot_ = own_snapshot ? engine_.transactions().take_snapshot() : transaction_.snapshot;
}

Task<Checked<>> Executor::lock_other_table(Oid table, TableLockMode mode) {
    const LockTag tag{LockKind::relation, table};
    if (engine_.locks().is_held(locks_, tag, mode)) co_return Checked<>{};
    SQL_CO_CHECK(co_await engine_.locks().acquire(locks_, tag, mode, limits_));
    co_return Checked<>{};
}

// The first row found is enough: true if there is one, locked FOR KEY SHARE.
Task<Checked<bool>> Executor::lock_any_for_key_share(WantedRows wanted) {
    SQL_CO_TRY(const std::vector<RowVersion*> found, find_rows(wanted));
    for (RowVersion* version : found) {
        SQL_CO_TRY(const RowVersion* locked, co_await claim_for_key_share(wanted, *version));
        if (locked != nullptr) co_return true;
    }
    co_return false;
}

Task<Checked<RowVersion*>> Executor::claim_for_key_share(const WantedRows& wanted,
                                                         RowVersion& version) {
    RowVersion* current = &version;
    while (true) {
        SQL_CO_TRY(const RowFate fate,
                   co_await claim(*wanted.table, *current, RowLockStrength::key_share,
                                  WaitPolicy::wait, AfterWait::follow));
        if (fate == RowFate::ready) break;
        const bool changed = fate == RowFate::updated || fate == RowFate::deleted;
        if (!changed) co_return nullptr;
        if (transaction_.isolation != IsolationLevel::read_committed) co_return concurrent_update();
        if (fate == RowFate::deleted) co_return nullptr;
        current = current->newer;
        SQL_CO_TRY(const bool still_wanted, is_wanted(wanted, current->values));
        if (!still_wanted) co_return nullptr;
    }
    remember_lock(*current, RowLockStrength::key_share);
    co_return current;
}

Task<Checked<>> Executor::check_reference(ReferenceEvent event) {
    const TableDefinition& table = *event.table;
    const ForeignKey& key = table.foreign_keys[event.place];
    // Deleted or updated again by this statement: the newest version is checked by its own entry.
    if (event.after->ended_by != no_transaction && transaction_.is_mine(event.after->ended_by))
        co_return Checked<>{};
    const Row row = event.after->values;
    // A new row that refers to nothing waits for the other table all the same, and lets go of it.
    if (any_null(row, key.columns)) {
        const LockTag tag{LockKind::relation, key.table};
        constexpr TableLockMode mode = TableLockMode::row_share;
        SQL_CO_CHECK(co_await engine_.locks().acquire(locks_, tag, mode, limits_));
        engine_.locks().release(locks_, tag, mode);
        co_return Checked<>{};
    }
    SQL_CO_CHECK(co_await lock_other_table(key.table, TableLockMode::row_share));
    const TablePtr referenced = view().find_table(key.table);
    SQL_CO_TRY(WantedRows wanted, referenced_row(table, row, key, referenced));
    begin_reference_query(false);
    Checked<bool> found = co_await lock_any_for_key_share(std::move(wanted));
    if (!found)
        co_return in_query(std::move(found).error(), referenced_row_query(table, key, *referenced));
    if (*found) co_return Checked<>{};
    co_return missing_reference(table, row, key, referenced->name);
}

std::unexpected<Failure> Executor::missing_reference(const TableDefinition& table, const Row& row,
                                                     const ForeignKey& key,
                                                     std::string_view referenced) {
    auto error = sql_error(
        "23503",
        fmt::format("insert or update on table \"{}\" violates foreign key constraint \"{}\"",
                    table.name, key.name));
    error.error()->detail = fmt::format("Key {} is not present in table \"{}\".",
                                        described_key(table, row, key.columns), referenced);
    add_table_fields(*error.error(), table, key.name);
    return error;
}

// True if no row of the table refers to another that is not there: when the constraint is made.
Checked<> Executor::check_all_references(const TableDefinition& table, const ForeignKey& key,
                                         const TablePtr& referenced) {
    begin_reference_query(true);
    SQL_CHECK(engine_.serializable().relation_read(transaction_, table.oid));
    for (const auto& [id, version] : engine_.heap(table.oid).versions()) {
        if (!is_live(version, engine_.transactions(), transaction_) ||
            any_null(version.values, key.columns))
            continue;
        SQL_TRY(const WantedRows wanted, referenced_row(table, version.values, key, referenced));
        SQL_TRY(const std::vector<RowVersion*> found, find_rows(wanted));
        if (found.empty()) return missing_reference(table, version.values, key, referenced->name);
    }
    return {};
}

Task<Checked<>> Executor::act_on_reference(ReferenceEvent event) {
    const ForeignKey& key = event.reference.foreign_key();
    const bool deleted = event.kind == ReferenceEvent::Kind::deleted;
    const ReferentialAction action = deleted ? key.on_delete : key.on_update;
    switch (action) {
        case ReferentialAction::no_action:
        case ReferentialAction::restrict:
            SQL_CO_CHECK(
                co_await refuse_if_referenced(event, action == ReferentialAction::no_action));
            break;
        case ReferentialAction::cascade:
        case ReferentialAction::set_null:
        case ReferentialAction::set_default: {
            SQL_CO_CHECK(co_await lock_other_table(event.reference.table->oid,
                                                   TableLockMode::row_exclusive));
            Checked<> changed = co_await change_referring(event, action);
            if (!changed) {
                co_return in_query(std::move(changed).error(),
                                   change_query(event.reference, *event.table, action, deleted));
            }
            // Rows that had the defaults already did not change, and so were not checked.
            if (action == ReferentialAction::set_default)
                SQL_CO_CHECK(co_await refuse_if_referenced(event, true));
            break;
        }
    }
    co_return Checked<>{};
}

Task<Checked<>> Executor::refuse_if_referenced(ReferenceEvent event, bool another_row_will_do) {
    const TableDefinition& table = *event.table;
    const ForeignKey& key = event.reference.foreign_key();
    const Row row = event.before->values;
    SQL_CO_CHECK(co_await lock_other_table(event.reference.table->oid, TableLockMode::row_share));
    if (another_row_will_do) {
        std::vector<ExpressionPtr> conditions;
        const TablePtr same_table = view().find_table(table.oid);
        for (const std::size_t place : key.referenced) {
            SQL_CO_TRY(ExpressionPtr equal,
                       reference_equality(column_of(table, place), constant_of(table, place, row)));
            conditions.push_back(std::move(equal));
        }
        begin_reference_query(true);
        Checked<bool> found =
            co_await lock_any_for_key_share(rows_where(same_table, std::move(conditions)));
        if (!found) co_return in_query(std::move(found).error(), same_key_query(key, table));
        if (*found) co_return Checked<>{};
    }
    SQL_CO_TRY(WantedRows wanted, referring_rows(table, row, event.reference));
    begin_reference_query(true);
    Checked<bool> found = co_await lock_any_for_key_share(std::move(wanted));
    if (!found) {
        co_return in_query(std::move(found).error(), referring_row_query(event.reference, table));
    }
    if (*found) co_return still_referenced(table, row, event.reference);
    co_return Checked<>{};
}

// CASCADE, SET NULL and SET DEFAULT. The table is locked.
Task<Checked<>> Executor::change_referring(ReferenceEvent event, ReferentialAction action) {
    const TableDefinition& table = *event.reference.table;
    const bool deleted = event.kind == ReferenceEvent::Kind::deleted;
    SQL_CO_TRY(const WantedRows wanted,
               referring_rows(*event.table, event.before->values, event.reference));
    begin_reference_query(true);
    SQL_CO_TRY(const std::vector<RowVersion*> found, find_rows(wanted));
    for (RowVersion* version : found) {
        if (deleted && action == ReferentialAction::cascade) {
            SQL_CO_TRY(RowVersion * latest,
                       co_await claim_referring(wanted, *version, RowLockStrength::update));
            if (latest != nullptr) SQL_CO_CHECK(delete_version(table, *latest));
            continue;
        }
        SQL_CO_TRY(Row row, changed_referring_row(event, action, version->values));
        SQL_CO_CHECK(check_row(table, row));
        const RowLockStrength strength = strength_of_update(table, version->values, row);
        SQL_CO_TRY(RowVersion * latest, co_await claim_referring(wanted, *version, strength));
        if (latest == nullptr) continue;
        if (latest != version) {
            SQL_CO_TRY(row, changed_referring_row(event, action, latest->values));
            SQL_CO_CHECK(check_row(table, row));
        }
        SQL_CO_CHECK(co_await replace_version(table, *latest, std::move(row)));
    }
    co_return Checked<>{};
}

Task<Checked<RowVersion*>> Executor::claim_referring(const WantedRows& wanted, RowVersion& version,
                                                     RowLockStrength strength) {
    SQL_CO_TRY(RowVersion * latest,
               co_await claim_latest(*wanted.table, version, strength, WaitPolicy::wait));
    if (latest != nullptr && latest != &version) {
        SQL_CO_TRY(const bool still_wanted, is_wanted(wanted, latest->values));
        if (!still_wanted) co_return nullptr;
    }
    const bool unseen = latest != nullptr &&
                        transaction_.isolation != IsolationLevel::read_committed &&
                        !is_visible(*latest, *transaction_.snapshot, transaction_);
    if (unseen) co_return concurrent_update();
    co_return latest;
}

Checked<Row> Executor::changed_referring_row(const ReferenceEvent& event, ReferentialAction action,
                                             const Row& before) {
    const TableDefinition& table = *event.reference.table;
    const ForeignKey& key = event.reference.foreign_key();
    const bool some_only =
        event.kind == ReferenceEvent::Kind::deleted && !key.set_on_delete.empty();
    Row row = before;
    for (std::size_t i = 0; i < key.columns.size(); ++i) {
        const std::size_t place = key.columns[i];
        const Column& column = table.columns[place];
        if (some_only && std::ranges::find(key.set_on_delete, place) == key.set_on_delete.end())
            continue;
        if (action == ReferentialAction::cascade) {
            ParameterTypes none({}, true);
            SQL_TRY(const ExpressionPtr value,
                    coerce(constant_of(*event.table, key.referenced[i], event.after->values),
                           column.type, CoercionContext::assignment, none));
            SQL_TRY(row[place], evaluate(*value, context_of(nullptr)));
        } else if (action == ReferentialAction::set_default && column.default_value) {
            SQL_TRY(row[place], evaluate(*column.default_value->expression, context_of(nullptr)));
        } else {
            row[place] = Null{};
        }
    }
    return row;
}

}  // namespace atlas::sim::models::postgres
