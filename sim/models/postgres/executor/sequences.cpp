// CREATE and ALTER SEQUENCE, and the sequences of serial and identity columns.

#include <algorithm>
#include <limits>

#include "sim/models/postgres/analysis/analyse.hpp"
#include "sim/models/postgres/analysis/node.hpp"
#include "sim/models/postgres/executor/executor.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::models::postgres {

using host::Task;

namespace {

struct Range {
    std::int64_t least;
    std::int64_t most;
};

Range range_of(TypeId type) {
    const auto of = [](auto number) {
        return Range{std::numeric_limits<decltype(number)>::min(),
                     std::numeric_limits<decltype(number)>::max()};
    };
    return type == TypeId::int2   ? of(std::int16_t{})
           : type == TypeId::int4 ? of(std::int32_t{})
                                  : of(std::int64_t{});
}

std::unexpected<Failure> refused(std::string message) {
    return sql_error("22023", std::move(message));
}

std::unexpected<Failure> out_of_range(std::string_view what, std::int64_t value, TypeId type) {
    return refused(fmt::format("{} ({}) is out of range for sequence data type {}", what, value,
                               display_name(type)));
}

Checked<> check_within(std::string_view what, std::int64_t value,
                       const SequenceDefinition& sequence) {
    if (value < sequence.minimum) {
        return refused(fmt::format("{} value ({}) cannot be less than MINVALUE ({})", what, value,
                                   sequence.minimum));
    }
    if (value > sequence.maximum) {
        return refused(fmt::format("{} value ({}) cannot be greater than MAXVALUE ({})", what,
                                   value, sequence.maximum));
    }
    return {};
}

// The limits: given, or the type's, or 1 and -1 on the side where the values begin.
Checked<> set_limits(SequenceDefinition& sequence, const SequenceRequest& request, bool is_new,
                     TypeId old_type) {
    const Range range = range_of(sequence.type);
    const bool ascending = sequence.increment > 0;
    const bool new_type = !is_new && sequence.type != old_type;
    if (request.maximum) {
        sequence.maximum = *request.maximum;
    } else if (is_new || request.default_maximum ||
               (new_type && sequence.maximum == range_of(old_type).most)) {
        sequence.maximum = ascending ? range.most : -1;
    }
    if (sequence.maximum < range.least || sequence.maximum > range.most)
        return out_of_range("MAXVALUE", sequence.maximum, sequence.type);
    if (request.minimum) {
        sequence.minimum = *request.minimum;
    } else if (is_new || request.default_minimum ||
               (new_type && sequence.minimum == range_of(old_type).least)) {
        sequence.minimum = ascending ? 1 : range.least;
    }
    if (sequence.minimum < range.least || sequence.minimum > range.most)
        return out_of_range("MINVALUE", sequence.minimum, sequence.type);
    if (sequence.minimum >= sequence.maximum) {
        return refused(fmt::format("MINVALUE ({}) must be less than MAXVALUE ({})",
                                   sequence.minimum, sequence.maximum));
    }
    return {};
}

// In PostgreSQL's order, which decides what is refused first.
Checked<> set_options(SequenceDefinition& sequence, const SequenceRequest& request, bool is_new) {
    const TypeId old_type = sequence.type;
    if (request.type) {
        if (!is_integer(*request.type))
            return refused("sequence type must be smallint, integer, or bigint");
        sequence.type = *request.type;
    }
    if (request.increment == 0) return refused("INCREMENT must not be zero");
    sequence.increment = request.increment.value_or(sequence.increment);
    sequence.cycle = request.cycle.value_or(sequence.cycle);
    SQL_CHECK(set_limits(sequence, request, is_new, old_type));
    if (request.start) {
        sequence.start = *request.start;
    } else if (is_new) {
        sequence.start = sequence.increment > 0 ? sequence.minimum : sequence.maximum;
    }
    SQL_CHECK(check_within("START", sequence.start, sequence));
    if (request.restart || is_new) {
        sequence.first_value = request.restart_at.value_or(sequence.start);
        sequence.first_called = false;
    }
    SQL_CHECK(check_within("RESTART", sequence.first_value, sequence));
    if (request.cache && *request.cache < 1)
        return refused(fmt::format("CACHE ({}) must be greater than zero", *request.cache));
    sequence.cache = request.cache.value_or(sequence.cache);
    return {};
}

std::unexpected<Failure> no_such_relation(std::string_view name) {
    return sql_error("42P01", fmt::format("relation \"{}\" does not exist", name));
}

// nextval('16385'::regclass), as the parser would have it.
StoredExpression next_value_of(Oid sequence, TypeId type) {
    const Node literal{{"A_Const", {{"sval", {{"sval", std::to_string(sequence)}}}}}};
    const Node call{{"FuncCall",
                     {{"funcname", Node::array({{{"String", {{"sval", "nextval"}}}}})},
                      {"args", Node::array({literal})},
                      {"funcformat", "COERCE_EXPLICIT_CALL"}}}};
    Checked<ExpressionPtr> analysed = analyse_stored(call.dump(), {}, {type});
    ATLAS_CHECK(analysed.has_value(), "nextval is a function of the model");
    return {call.dump(), *std::move(analysed)};
}

std::unexpected<Failure> identity_error(std::string_view column, const TableDefinition& table,
                                        std::string_view what) {
    return sql_error("55000",
                     fmt::format("column \"{}\" of relation \"{}\" {}", column, table.name, what));
}

}  // namespace

Task<Checked<TableDefinition>> Executor::make_sequence(std::string name,
                                                       const SequenceRequest& request) {
    TableDefinition table;
    table.name = std::move(name);
    table.sequence.emplace();
    SQL_CO_CHECK(set_options(*table.sequence, request, true));
    SQL_CO_CHECK(co_await reserve_name(table.name, false));
    table.oid = engine_.next_oid();
    table.sequence->storage = engine_.next_oid();
    engine_.make_heap(transaction_, table.oid);
    const bool locked = engine_.locks().try_acquire(locks_, {LockKind::relation, table.oid},
                                                    TableLockMode::access_exclusive);
    ATLAS_CHECK(locked, "nobody else knows of a sequence just made");
    co_return table;
}

Checked<> Executor::give_owner(TableDefinition& sequence, const SequenceRequest& request) {
    if (!request.owned_by) return {};
    if (sequence.sequence->owner && sequence.sequence->owner->identity) {
        auto error = sql_error("0A000", "cannot change ownership of identity sequence");
        const TablePtr owner = view().find_table(sequence.sequence->owner->table);
        error.error()->detail =
            fmt::format("Sequence \"{}\" is linked to table \"{}\".", sequence.name, owner->name);
        return error;
    }
    const auto& [table_name, column_name] = *request.owned_by;
    sequence.sequence->owner.reset();
    if (table_name.empty()) return {};
    const TablePtr table = view().find_table(table_name);
    if (table == nullptr) return no_such_relation(table_name);
    if (table->sequence) {
        return sql_error("42809",
                         fmt::format("sequence cannot be owned by relation \"{}\"", table_name));
    }
    const auto column = table->find_column(column_name);
    if (!column) {
        return sql_error("42703", fmt::format("column \"{}\" of relation \"{}\" does not exist",
                                              column_name, table_name));
    }
    sequence.sequence->owner = SequenceOwner{.table = table->oid, .column = *column};
    return {};
}

Task<Checked<StatementResult>> Executor::create_sequence(const CreateSequenceStatement& statement) {
    if (view().relation_exists(statement.name)) {
        const std::string message = fmt::format("relation \"{}\" already exists", statement.name);
        if (!statement.if_not_exists) co_return sql_error("42P07", message);
        StatementResult result = completed("CREATE SEQUENCE");
        result.notices.push_back(
            {.severity = "NOTICE", .sqlstate = "42P07", .message = message + ", skipping"});
        co_return result;
    }
    SQL_CO_TRY(TableDefinition sequence, co_await make_sequence(statement.name, statement.request));
    SQL_CO_CHECK(give_owner(sequence, statement.request));
    put_table(std::move(sequence));
    co_return completed("CREATE SEQUENCE");
}

Checked<> Executor::change_sequence(TableDefinition& table, const SequenceRequest& request) {
    SequenceDefinition& sequence = *table.sequence;
    if (!request.changes_values()) return {};
    const SequenceState reached = engine_.sequence(sequence);
    sequence.first_value = reached.last;
    sequence.first_called = reached.called;
    SQL_CHECK(set_options(sequence, request, false));
    sequence.storage = engine_.next_oid();
    return {};
}

Task<Checked<StatementResult>> Executor::alter_sequence(const AlterSequenceStatement& statement) {
    StatementResult result = completed("ALTER SEQUENCE");
    SQL_CO_TRY(const TablePtr found,
               co_await lock_table(statement.name, TableLockMode::share_row_exclusive));
    if (found == nullptr) {
        if (!statement.if_exists) co_return no_such_relation(statement.name);
        result.notices.push_back(
            {.severity = "NOTICE",
             .sqlstate = "00000",
             .message = fmt::format("relation \"{}\" does not exist, skipping", statement.name)});
        co_return result;
    }
    if (!found->sequence)
        co_return sql_error("42809", fmt::format("\"{}\" is not a sequence", statement.name));
    TableDefinition sequence = *found;
    SQL_CO_CHECK(change_sequence(sequence, statement.request));
    SQL_CO_CHECK(give_owner(sequence, statement.request));
    put_table(std::move(sequence));
    co_return result;
}

Task<Checked<>> Executor::add_column_sequence(TableDefinition& table,
                                              const ColumnSequence& wanted) {
    const std::size_t place = *table.find_column(wanted.column);
    Column& column = table.columns[place];
    std::string name = unused_name(object_name(table.name, wanted.column, "seq"));
    SQL_CO_TRY(TableDefinition sequence, co_await make_sequence(name, wanted.request));
    sequence.sequence->owner = SequenceOwner{
        .table = table.oid, .column = place, .identity = wanted.identity != Identity::none};
    column.identity = wanted.identity;
    column.default_value = next_value_of(sequence.oid, column.type.id);
    put_table(std::move(sequence));
    co_return Checked<>{};
}

Task<Checked<>> Executor::add_identity(TableDefinition& table, const ColumnSequence& wanted) {
    const auto place = table.find_column(wanted.column);
    if (!place) co_return Checked<>{};
    const Column& column = table.columns[*place];
    if (!column.not_null) {
        co_return identity_error(column.name, table,
                                 "must be declared NOT NULL before identity can be added");
    }
    if (column.identity != Identity::none)
        co_return identity_error(column.name, table, "is already an identity column");
    if (column.default_value)
        co_return identity_error(column.name, table, "already has a default value");
    SQL_CO_CHECK(co_await add_column_sequence(table, wanted));
    co_return Checked<>{};
}

Checked<> Executor::set_identity(TableDefinition& table, const ColumnSequence& wanted) {
    SQL_TRY(const std::size_t place, column_to_change(table, wanted.column));
    Column& column = table.columns[place];
    if (column.identity == Identity::none)
        return identity_error(column.name, table, "is not an identity column");
    if (wanted.identity != Identity::none) column.identity = wanted.identity;
    if (!wanted.request.changes_values()) return {};
    for (const TablePtr& owned : view().owned_sequences(table.oid, place)) {
        if (!owned->sequence->owner->identity) continue;
        TableDefinition sequence = *owned;
        SQL_CHECK(change_sequence(sequence, wanted.request));
        put_table(std::move(sequence));
    }
    return {};
}

Checked<> Executor::drop_identity(TableDefinition& table, const AlterTableAction& action,
                                  StatementResult& result) {
    SQL_TRY(const std::size_t place, column_to_change(table, action.drop_identity));
    Column& column = table.columns[place];
    if (column.identity == Identity::none) {
        auto error = identity_error(column.name, table, "is not an identity column");
        if (!action.if_exists) return error;
        result.notices.push_back({.severity = "NOTICE",
                                  .sqlstate = "00000",
                                  .message = error.error()->message + ", skipping"});
        return {};
    }
    column.identity = Identity::none;
    column.default_value.reset();
    for (const TablePtr& owned : view().owned_sequences(table.oid, place)) {
        if (owned->sequence->owner->identity) drop_relation(*owned);
    }
    return {};
}

void Executor::restart_owned_sequences(const TableDefinition& table) {
    for (const TablePtr& owned : view().owned_sequences(table.oid)) {
        TableDefinition sequence = *owned;
        sequence.sequence->first_value = sequence.sequence->start;
        sequence.sequence->first_called = false;
        sequence.sequence->storage = engine_.next_oid();
        put_table(std::move(sequence));
    }
}

}  // namespace atlas::sim::models::postgres
