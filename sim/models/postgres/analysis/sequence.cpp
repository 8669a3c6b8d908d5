// Sequences: CREATE and ALTER SEQUENCE, and those that come with a serial or an identity column.

#include <array>
#include <charconv>

#include "sim/models/postgres/analysis/refusal.hpp"
#include "sim/models/postgres/analysis/statement_analyser.hpp"

namespace atlas::sim::models::postgres {
namespace {

Checked<std::int64_t> number_of(const Node& option) {
    const Node* argument = find(option, "arg");
    if (argument == nullptr) return not_covered("this option of a sequence", location(option));
    const auto [kind, body] = open_node(*argument);
    if (kind == "Integer") return body->value("ival", std::int64_t{0});
    const std::string digits = text(*body, "fval");
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (kind != "Float" || error != std::errc{} || end != digits.data() + digits.size()) {
        return sql_error("22P02",
                         fmt::format("invalid input syntax for type bigint: \"{}\"", digits));
    }
    return number;
}

bool is_integer_column(const Column& column) {
    return is_integer(column.type.id);
}

}  // namespace

Checked<SequenceRequest> StatementAnalyser::sequence_request(const Node& options) {
    SequenceRequest request;
    std::vector<std::string> seen;
    for (const Node& node : options) {
        const Node& option = *open_node(node).body;
        const std::string name = text(option, "defname");
        if (std::ranges::find(seen, name) != seen.end())
            return sql_error_at(location(option), "42601", "conflicting or redundant options");
        seen.push_back(name);
        const bool has_value = find(option, "arg") != nullptr;
        if (name == "as") {
            SQL_TRY(const ColumnType type,
                    analyse_type(*open_node(*find(option, "arg")).body, &catalog_));
            request.type = type.id;
        } else if (name == "increment") {
            SQL_TRY(request.increment, number_of(option));
        } else if (name == "start") {
            SQL_TRY(request.start, number_of(option));
        } else if (name == "cache") {
            SQL_TRY(request.cache, number_of(option));
        } else if (name == "minvalue" && has_value) {
            SQL_TRY(request.minimum, number_of(option));
        } else if (name == "maxvalue" && has_value) {
            SQL_TRY(request.maximum, number_of(option));
        } else if (name == "minvalue") {
            request.default_minimum = true;
        } else if (name == "maxvalue") {
            request.default_maximum = true;
        } else if (name == "restart") {
            request.restart = true;
            if (has_value) {
                SQL_TRY(request.restart_at, number_of(option));
            }
        } else if (name == "cycle") {
            request.cycle = flag(*open_node(*find(option, "arg")).body, "boolval");
        } else if (name == "owned_by") {
            const std::vector<std::string> names =
                strings(list(*open_node(*find(option, "arg")).body, "items"));
            if (names.size() == 1 && names.front() != "none") {
                auto error = sql_error("42601", "invalid OWNED BY option");
                error.error()->hint = "Specify OWNED BY table.column or OWNED BY NONE.";
                return error;
            }
            request.owned_by.emplace();
            if (names.size() > 1) request.owned_by = {names[names.size() - 2], names.back()};
        } else {
            return not_covered(fmt::format("the option {} of a sequence", name), location(option));
        }
    }
    return request;
}

Checked<CreateSequenceStatement> StatementAnalyser::create_sequence(const Node& body) {
    SQL_CHECK(only_members(body, {"sequence", "options", "if_not_exists"}, "CREATE SEQUENCE"));
    const Node& range_variable = *find(body, "sequence");
    const std::string schema = text(range_variable, "schemaname");
    if (!schema.empty() && schema != "public") {
        SQL_CHECK(check_schema(schema));
        return not_covered(fmt::format("sequences in the schema {}", schema));
    }
    if (text(range_variable, "relpersistence") != "p")
        return not_covered("temporary and unlogged sequences");
    CreateSequenceStatement create{.name = text(range_variable, "relname"), .request = {}};
    SQL_TRY(create.request, sequence_request(list(body, "options")));
    create.if_not_exists = flag(body, "if_not_exists");
    return create;
}

Checked<AlterSequenceStatement> StatementAnalyser::alter_sequence(const Node& body) {
    SQL_CHECK(only_members(body, {"sequence", "options", "missing_ok"}, "ALTER SEQUENCE"));
    const Node& range_variable = *find(body, "sequence");
    SQL_CHECK(check_relation_name(range_variable, true));
    AlterSequenceStatement alter{.name = text(range_variable, "relname"), .request = {}};
    SQL_TRY(alter.request, sequence_request(list(body, "options")));
    alter.if_exists = flag(body, "missing_ok");
    if (const TablePtr found = catalog_.find_table(alter.name))
        lock(*found, TableLockMode::share_row_exclusive);
    return alter;
}

Checked<ColumnSequence> StatementAnalyser::identity(const Node& constraint, const Column& column) {
    if (!is_integer_column(column)) {
        return sql_error("22023", "identity column type must be smallint, integer, or bigint");
    }
    ColumnSequence sequence{.column = column.name};
    SQL_TRY(sequence.request, sequence_request(list(constraint, "options")));
    if (sequence.request.owned_by || sequence.request.type)
        return not_covered("this option of an identity column", location(constraint));
    sequence.request.type = column.type.id;
    sequence.identity =
        text(constraint, "generated_when") == "a" ? Identity::always : Identity::by_default;
    return sequence;
}

Checked<std::optional<ColumnSequence>> StatementAnalyser::serial(const Node& type, Column& column) {
    struct Serial {
        std::string_view name;
        TypeId type;
    };
    constexpr std::array serials{
        Serial{"serial", TypeId::int4},      Serial{"serial4", TypeId::int4},
        Serial{"bigserial", TypeId::int8},   Serial{"serial8", TypeId::int8},
        Serial{"smallserial", TypeId::int2}, Serial{"serial2", TypeId::int2},
    };
    const std::vector<std::string> given = strings(list(type, "names"));
    for (const Serial& candidate : serials) {
        if (given.size() != 1 || given.front() != candidate.name) continue;
        if (!list(type, "arrayBounds").empty()) {
            return sql_error_at(location(type), "0A000", "array of serial is not implemented");
        }
        column.type = {candidate.type};
        column.not_null = true;
        return ColumnSequence{.column = column.name, .request = {.type = candidate.type}};
    }
    return std::nullopt;
}

}  // namespace atlas::sim::models::postgres
