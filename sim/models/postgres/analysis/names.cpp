// What a column's name means at one place of a statement, from the innermost query outwards, and
// what PostgreSQL has to say of names that mean nothing.

#include <algorithm>

#include "sim/models/postgres/analysis/refusal.hpp"
#include "sim/models/postgres/analysis/scope.hpp"
#include "sim/models/postgres/system_catalog/system_table.hpp"

namespace atlas::sim::models::postgres {
namespace {

ExpressionPtr make(Expression expression) {
    return std::make_shared<const Expression>(std::move(expression));
}

ExpressionPtr column_of_table(const Column& column, std::size_t index, std::size_t relation) {
    return make({.kind = ExpressionKind::column,
                 .type = column.type,
                 .index = index,
                 .relation = relation});
}

// As it looks from a query that many levels further in.
ExpressionPtr seen_from(const ExpressionPtr& expression, std::size_t levels, int place) {
    Expression copy = *expression;
    copy.location = place;
    if (copy.kind == ExpressionKind::column) copy.levels_up += levels;
    for (ExpressionPtr& argument : copy.arguments)
        argument = seen_from(argument, levels, place);
    return make(std::move(copy));
}

// The queries in between get to know that they depend on a column of one further out.
void note_outer_references(const Scope& scope, const Expression& expression) {
    visit_expression(expression, [&](const Expression& part) {
        if (part.kind != ExpressionKind::column) return;
        const Scope* level = &scope;
        for (std::size_t up = part.levels_up; up > 0; --up) {
            Expression seen = part;
            seen.levels_up = up - 1;
            if (level->query != nullptr)
                level->query->outer_references.push_back(make(std::move(seen)));
            level = level->outer;
        }
    });
}

bool names_relation(const Relation& relation, std::string_view alias) {
    return !relation.nameless && relation.alias == alias;
}

// Insertions, deletions and changes of one byte between the two.
std::size_t edit_distance(std::string_view left, std::string_view right) {
    std::vector<std::size_t> row(right.size() + 1);
    for (std::size_t j = 0; j < row.size(); ++j)
        row[j] = j;
    for (std::size_t i = 1; i <= left.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= right.size(); ++j) {
            const std::size_t changed = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
        }
    }
    return row.back();
}

// A relation of pg_catalog may have columns that the model has no values for.
Checked<> check_system_column(const Relation& relation, std::string_view name, int place) {
    if (relation.table == nullptr || !is_system_relation(relation.table->oid)) return {};
    if (std::ranges::find(relation.table->columns, name, &Column::name) ==
        relation.table->columns.end())
        return {};
    return not_covered(fmt::format("the column {} of {}", name, relation.table->name), place);
}

// The columns that come nearest to a name that there is not, as PostgreSQL ranks them: an alias
// that differs counts as well as a name that does; more than half of the name wrong is too far.
struct NearestColumns {
    std::size_t distance = 4;
    std::vector<std::string> shown = {};

    void consider(const Relation& relation, const std::vector<NamedExpression>& columns,
                  std::span<const std::string> names) {
        std::size_t alias_distance = 0;
        if (names.size() > 1) alias_distance = edit_distance(names.front(), relation.alias);
        const std::string& wanted = names.back();
        for (const NamedExpression& column : columns) {
            const std::size_t name_distance = edit_distance(wanted, column.name);
            const std::size_t found = name_distance + alias_distance;
            if (name_distance > wanted.size() / 2 && wanted.size() > 0) continue;
            if (found > distance || found > 3) continue;
            if (found < distance) shown.clear();
            distance = found;
            shown.push_back(relation.alias + "." + column.name);
        }
    }
};

}  // namespace

std::vector<NamedExpression> columns_of(const Relation& relation, std::size_t place) {
    if (relation.columns != nullptr) return *relation.columns;
    std::vector<NamedExpression> columns;
    for (std::size_t i = 0; i < relation.table->columns.size(); ++i) {
        const Column& column = relation.table->columns[i];
        if (!column.dropped) columns.push_back({column.name, column_of_table(column, i, place)});
    }
    return columns;
}

Checked<ExpressionPtr> ExpressionAnalyser::found_column(const Scope& scope,
                                                        std::span<const std::string> names,
                                                        int place) {
    std::size_t levels = 0;
    const bool qualified = names.size() > 1;
    for (const Scope* level = &scope; level != nullptr; level = level->outer, ++levels) {
        ExpressionPtr found;
        bool relation_found = false;
        for (std::size_t i = 0; i < level->relations.size(); ++i) {
            const Relation& relation = level->relations[i];
            if (qualified ? !names_relation(relation, names.front()) : relation.qualified_only)
                continue;
            relation_found = qualified;
            const auto consider = [&](const ExpressionPtr& column) -> Checked<> {
                if (found != nullptr) {
                    return sql_error_at(
                        place, "42702",
                        fmt::format("column reference \"{}\" is ambiguous", names.back()));
                }
                found = seen_from(column, levels, place);
                return {};
            };
            if (relation.columns == nullptr) {
                if (const auto column = relation.table->find_column(names.back())) {
                    SQL_CHECK(
                        consider(column_of_table(relation.table->columns[*column], *column, i)));
                }
                continue;
            }
            for (const NamedExpression& column : *relation.columns) {
                if (column.name == names.back()) SQL_CHECK(consider(column.expression));
            }
        }
        if (found != nullptr) {
            note_outer_references(scope, *found);
            return found;
        }
        // A qualified name is of the innermost relation of that name, whatever columns it has.
        if (relation_found) break;
    }
    return ExpressionPtr{};
}

std::unexpected<Failure> ExpressionAnalyser::no_such_column(const Scope& scope,
                                                            std::span<const std::string> names,
                                                            int place) {
    const std::string& name = names.back();
    for (const Relation& relation : scope.relations) {
        if (names.size() == 1 || names_relation(relation, names.front()))
            SQL_CHECK(check_system_column(relation, name, place));
    }
    if (names.size() > 1) {
        bool known = false;
        for (const Scope* level = &scope; level != nullptr && !known; level = level->outer) {
            known = std::ranges::any_of(level->relations, [&](const Relation& relation) {
                return names_relation(relation, names.front());
            });
        }
        if (!known) return no_such_relation(scope, names.front(), place);
    }
    const std::string shown =
        names.size() == 1 ? fmt::format("\"{}\"", name) : fmt::format("{}.{}", names[0], name);
    auto error = sql_error_at(place, "42703", fmt::format("column {} does not exist", shown));
    NearestColumns nearest;
    for (const Scope* level = &scope; level != nullptr; level = level->outer) {
        for (const std::vector<Relation>* list : {&level->relations, &level->hidden}) {
            for (std::size_t i = 0; i < list->size(); ++i) {
                const Relation& relation = (*list)[i];
                if (relation.nameless) continue;
                const std::vector<NamedExpression> columns = columns_of(relation, i);
                for (const NamedExpression& column : columns) {
                    const bool here = list == &level->relations;
                    if (here || column.name != name || names.size() > 1) continue;
                    return with_hint(
                        std::move(error),
                        fmt::format("There is a column named \"{}\" in table \"{}\", but it cannot "
                                    "be referenced from this part of the query.",
                                    name, relation.alias));
                }
                nearest.consider(relation, columns, names);
            }
        }
    }
    if (nearest.shown.size() == 1) {
        error.error()->hint =
            fmt::format("Perhaps you meant to reference the column \"{}\".", nearest.shown.front());
    } else if (nearest.shown.size() == 2) {
        error.error()->hint =
            fmt::format("Perhaps you meant to reference the column \"{}\" or the column \"{}\".",
                        nearest.shown[0], nearest.shown[1]);
    }
    return error;
}

std::unexpected<Failure> no_such_relation(const Scope& scope, std::string_view name, int place) {
    const auto error = [&](std::string_view what) {
        return sql_error_at(place, "42P01",
                            fmt::format("{} FROM-clause entry for table \"{}\"", what, name));
    };
    for (const Scope* level = &scope; level != nullptr; level = level->outer) {
        for (const std::vector<Relation>* list : {&level->relations, &level->hidden}) {
            for (const Relation& relation : *list) {
                if (relation.nameless) continue;
                if (relation.alias == name && relation.beside_outer_join) {
                    auto refused = sql_error_at(
                        place, "42P10",
                        fmt::format("invalid reference to FROM-clause entry for table \"{}\"",
                                    name));
                    refused.error()->detail =
                        "The combining JOIN type must be INNER or LEFT for a LATERAL reference.";
                    return refused;
                }
                if (relation.alias == name) {
                    return with_hint(error("invalid reference to"),
                                     fmt::format("There is an entry for table \"{}\", but it "
                                                 "cannot be referenced from this part of the "
                                                 "query.",
                                                 name));
                }
                if (relation.table != nullptr && relation.table->name == name &&
                    !relation.qualified_only) {
                    return with_hint(
                        error("invalid reference to"),
                        fmt::format("Perhaps you meant to reference the table alias \"{}\".",
                                    relation.alias));
                }
            }
        }
    }
    return error("missing");
}

}  // namespace atlas::sim::models::postgres
