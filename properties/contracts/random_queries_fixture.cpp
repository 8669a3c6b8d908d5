#include "properties/contracts/random_queries_fixture.hpp"

#include <fmt/format.h>
#include <rapidcheck.h>

#include <array>
#include <string_view>

namespace atlas::properties {
namespace {

enum class Type : std::uint8_t { integer, bigint, text, boolean };

struct Column {
    std::string shown;
    Type type;
};
using Columns = std::vector<Column>;

int pick(int count) {
    return *rc::gen::inRange(0, count);
}

bool one_in(int count) {
    return pick(count) == count - 1;
}

// Each table has the same columns, so that joins have names in common.
constexpr std::array<std::string_view, 3> tables{"t", "u", "v"};

Columns columns_of_table(const std::string& alias) {
    return {{alias + ".id", Type::integer},
            {alias + ".n", Type::integer},
            {alias + ".b", Type::bigint},
            {alias + ".s", Type::text},
            {alias + ".f", Type::boolean}};
}

std::string literal(Type type) {
    switch (type) {
        case Type::integer:
            return std::to_string(pick(5));
        case Type::bigint:
            return fmt::format("{}::bigint", pick(5));
        case Type::text:
            return fmt::format("'{}'",
                               std::array{"a", "b", "c", ""}[static_cast<std::size_t>(pick(4))]);
        case Type::boolean:
            return pick(2) == 0 ? "true" : "false";
    }
    return "NULL";
}

// One query while it is being written.
class Writer {
  public:
    /// `outer`: what the queries around it have.
    explicit Writer(int depth, Columns outer = {}) : depth_(depth), outer_(std::move(outer)) {}

    RandomQuery query();
    /// With one column of that type, in at most one row.
    std::string scalar(Type type);
    /// With one column of that type.
    std::string column(Type type);
    std::string exists();
    /// With the given columns.
    std::string with_types(const std::vector<Type>& types, bool aggregates);
    std::string condition(int depth);
    std::string value(Type type, int depth);

    Columns& columns() { return columns_; }

  private:
    std::string from();
    std::string item();
    std::string lateral();
    std::string join(const std::string& left);
    std::string comparison(int depth);
    std::string boolean(int depth);
    std::string column_of(Type type);
    /// What a query within may use.
    Columns all() const {
        Columns both = outer_;
        both.insert(both.end(), columns_.begin(), columns_.end());
        return both;
    }
    std::string aggregate(Type type);
    std::string own_aggregate(Type type);
    std::string alias() {
        return fmt::format("{}{}",
                           std::array{"x", "y", "z", "w"}[static_cast<std::size_t>(depth_ & 3)],
                           ++aliases_);
    }
    Type any_type() { return static_cast<Type>(pick(4)); }

    int depth_;
    Columns outer_;
    Columns columns_;
    int aliases_ = 0;
};

std::string Writer::column_of(Type type) {
    std::vector<std::string> found;
    for (const Column& column : columns_) {
        if (column.type == type) found.push_back(column.shown);
    }
    const bool look_out = found.empty() || one_in(6);
    for (const Column& column : outer_) {
        if (look_out && column.type == type) found.push_back(column.shown);
    }
    if (found.empty()) return literal(type);
    std::string name = found[static_cast<std::size_t>(pick(static_cast<int>(found.size())))];
    // Now and then without its table: ambiguous, or not.
    if (one_in(40)) name = name.substr(name.find('.') + 1);
    return name;
}

std::string Writer::value(Type type, int depth) {
    if (depth <= 0) return pick(3) > 0 ? column_of(type) : literal(type);
    if (type == Type::boolean) return "(" + boolean(depth) + ")";
    switch (pick(9)) {
        case 0:
        case 1:
        case 2:
            return column_of(type);
        case 3:
            return literal(type);
        case 4:
            return fmt::format("CASE WHEN {} THEN {} ELSE {} END", boolean(depth - 1),
                               value(type, depth - 1), value(type, depth - 1));
        case 5:
            return fmt::format("coalesce({}, {})", value(type, depth - 1), value(type, depth - 1));
        case 6:
            if (depth_ > 0) return "(" + Writer(depth_ - 1, all()).scalar(type) + ")";
            return fmt::format("nullif({}, {})", value(type, depth - 1), value(type, depth - 1));
        default:
            break;
    }
    const std::string_view operation = type == Type::text ? "||" : pick(2) == 0 ? "+" : "-";
    return fmt::format("({} {} {})", value(type, depth - 1), operation, value(type, depth - 1));
}

std::string Writer::comparison(int depth) {
    const Type type = any_type();
    const std::string_view operation =
        std::array{"=", "=", "<", "<>", ">=", ">"}[static_cast<std::size_t>(pick(6))];
    const Type other = type == Type::integer && one_in(4) ? Type::bigint : type;
    return fmt::format("{} {} {}", value(type, depth - 1), operation, value(other, depth - 1));
}

std::string Writer::boolean(int depth) {
    if (depth <= 0) return comparison(0);
    const Type type = any_type();
    switch (pick(14)) {
        case 0:
        case 1:
        case 2:
        case 3:
            return comparison(depth);
        case 4:
            return fmt::format("{} AND {}", boolean(depth - 1), boolean(depth - 1));
        case 5:
            return fmt::format("({} OR {})", boolean(depth - 1), boolean(depth - 1));
        case 6:
            return fmt::format("NOT ({})", boolean(depth - 1));
        case 7:
            return fmt::format("{} IS {}NULL", value(type, depth - 1), pick(2) == 0 ? "" : "NOT ");
        case 8:
            return fmt::format("{} {}IN ({}, {})", value(type, depth - 1),
                               pick(2) == 0 ? "" : "NOT ", literal(type), value(type, 0));
        case 9:
            return fmt::format("{} IS DISTINCT FROM {}", value(type, depth - 1),
                               value(type, depth - 1));
        case 10:
            return fmt::format("({}, {}) {} ({}, {})", value(type, 0), value(Type::integer, 0),
                               std::array{"=", "<", ">=", "<>"}[static_cast<std::size_t>(pick(4))],
                               value(type, 0), value(Type::integer, 0));
        case 11:
            if (depth_ == 0) return comparison(depth);
            return fmt::format("{}EXISTS ({})", pick(2) == 0 ? "" : "NOT ",
                               Writer(depth_ - 1, all()).exists());
        case 12:
            if (depth_ == 0) return comparison(depth);
            return fmt::format("{} {}IN ({})", value(type, depth - 1), pick(2) == 0 ? "" : "NOT ",
                               Writer(depth_ - 1, all()).column(type));
        default:
            if (depth_ == 0) return comparison(depth);
            return fmt::format("{} {} {} ({})", value(type, 0), pick(2) == 0 ? "=" : "<",
                               pick(2) == 0 ? "ANY" : "ALL",
                               Writer(depth_ - 1, all()).column(type));
    }
}

std::string Writer::condition(int depth) {
    return boolean(depth);
}

// Over columns of its own query, or it would be an aggregate of the query around, which the model
// does not cover.
std::string Writer::aggregate(Type type) {
    Columns outer;
    outer.swap(outer_);
    std::string text = own_aggregate(type);
    outer.swap(outer_);
    return text;
}

std::string Writer::own_aggregate(Type type) {
    const std::string filter =
        one_in(4) ? fmt::format(" FILTER (WHERE {})", boolean(1)) : std::string();
    switch (type) {
        case Type::bigint:
            switch (pick(4)) {
                case 0:
                    return "count(*)" + filter;
                case 1:
                    return fmt::format("count({}{}){}", pick(2) == 0 ? "" : "DISTINCT ",
                                       value(any_type(), 1), filter);
                case 2:
                    return fmt::format("sum({}){}", value(Type::integer, 1), filter);
                default:
                    return fmt::format("max({}){}", value(Type::bigint, 1), filter);
            }
        case Type::integer:
            return fmt::format("{}({}){}", pick(2) == 0 ? "min" : "max", value(type, 1), filter);
        case Type::text: {
            const int kind = pick(6);
            if (kind > 2)
                return fmt::format("{}({}){}", pick(2) == 0 ? "min" : "max", value(type, 1),
                                   filter);
            if (kind == 2) {
                const Type number = pick(2) == 0 ? Type::integer : Type::bigint;
                return fmt::format("(avg({}){})::text", value(number, 1), filter);
            }
            const std::string joined = column_of(type);
            return fmt::format("string_agg({0}, ',' ORDER BY {0}){1}", joined, filter);
        }
        case Type::boolean:
            return fmt::format("{}({}){}", pick(2) == 0 ? "bool_and" : "bool_or", value(type, 1),
                               filter);
    }
    return "count(*)";
}

std::string Writer::item() {
    const std::string name = alias();
    const int kind = depth_ == 0 ? pick(4) : pick(8);
    if (kind == 4) {
        columns_.push_back({name + ".g", Type::integer});
        return fmt::format("generate_series({}, {}) AS {} (g)", pick(3), pick(5), name);
    }
    if (kind == 5) {
        columns_.push_back({name + ".p", Type::integer});
        columns_.push_back({name + ".q", Type::text});
        return fmt::format("(VALUES ({}, {}), (NULL, {}), ({}, NULL)) AS {} (p, q)", pick(4),
                           literal(Type::text), literal(Type::text), pick(4), name);
    }
    if (kind >= 6) {
        std::vector<Type> types{Type::integer, any_type()};
        std::string inner = Writer(depth_ - 1).with_types(types, one_in(2));
        columns_.push_back({name + ".c1", types[0]});
        columns_.push_back({name + ".c2", types[1]});
        return fmt::format("({}) AS {} (c1, c2)", inner, name);
    }
    for (Column& column : columns_of_table(name))
        columns_.push_back(std::move(column));
    return fmt::format("{} AS {}", tables[static_cast<std::size_t>(pick(3))], name);
}

// It may use what is to its left.
std::string Writer::lateral() {
    const std::string name = alias();
    if (one_in(3)) {
        const std::string to = value(Type::integer, 0);
        columns_.push_back({name + ".g", Type::integer});
        return fmt::format("generate_series(0, {}) AS {} (g)", to, name);
    }
    const std::vector<Type> types{Type::integer, any_type()};
    const std::string inner = Writer(depth_ - 1, all()).with_types(types, one_in(3));
    columns_.push_back({name + ".c1", types[0]});
    columns_.push_back({name + ".c2", types[1]});
    return fmt::format("LATERAL ({}) AS {} (c1, c2)", inner, name);
}

std::string Writer::join(const std::string& left) {
    const std::size_t before = columns_.size();
    const int kind = pick(6);
    // What may be missing cannot be used from the other side.
    const bool may_use_left = kind <= 3 && depth_ > 0;
    std::string right = may_use_left && one_in(4) ? lateral() : item();
    if (kind == 0) return fmt::format("{}, {}", left, right);
    if (kind == 1) return fmt::format("{} CROSS JOIN {}", left, right);
    std::string on;
    if (kind == 5) {
        // FULL JOIN wants equalities.
        std::vector<std::string> sides(2);
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            if (columns_[i].type == Type::integer) sides[i < before ? 0 : 1] = columns_[i].shown;
        }
        on = fmt::format("{} = {}", sides[0], sides[1]);
        return fmt::format("{} FULL JOIN {} ON {}", left, right, on);
    }
    const std::string_view type = kind == 2 ? "JOIN" : kind == 3 ? "LEFT JOIN" : "RIGHT JOIN";
    return fmt::format("{} {} {} ON {}", left, type, right, boolean(2));
}

std::string Writer::from() {
    std::string text = item();
    // A comma binds less than JOIN, which could then not see what is before it.
    bool comma = false;
    for (int more = pick(3); more > 0 && !comma; --more) {
        text = join(text);
        comma = text.find("), ") != std::string::npos || text.find(", ") != std::string::npos;
    }
    return text;
}

std::string Writer::with_types(const std::vector<Type>& types, bool aggregates) {
    std::string tables_text = from();
    const std::string where = pick(3) > 0 ? " WHERE " + boolean(2) : std::string();
    std::string targets;
    std::string group;
    bool any_group = false;
    const bool grouped = aggregates && pick(2) == 0;
    for (const Type type : types) {
        if (!targets.empty()) targets += ", ";
        if (!aggregates) {
            targets += value(type, 2);
            continue;
        }
        if (grouped && pick(2) == 0) {
            const std::string key = column_of(type);
            targets += key;
            // Forgotten now and then.
            if (key.find('.') != std::string::npos && !one_in(20)) {
                group += (any_group ? ", " : " GROUP BY ") + key;
                any_group = true;
            }
            continue;
        }
        targets += aggregate(type);
    }
    std::string having;
    if (aggregates && one_in(4)) having = fmt::format(" HAVING count(*) > {}", pick(3));
    return fmt::format("SELECT {} FROM {}{}{}{}", targets, tables_text, where, group, having);
}

std::string Writer::scalar(Type type) {
    std::string tables_text = from();
    const std::string where = pick(3) > 0 ? " WHERE " + boolean(1) : std::string();
    return fmt::format("SELECT {} FROM {}{}", aggregate(type), tables_text, where);
}

std::string Writer::column(Type type) {
    return with_types({type}, one_in(4));
}

std::string Writer::exists() {
    std::string tables_text = from();
    return fmt::format("SELECT 1 FROM {} WHERE {}", tables_text, boolean(2));
}

std::string order_by_all(std::size_t count) {
    std::string keys;
    for (std::size_t i = 1; i <= count; ++i) {
        keys +=
            fmt::format("{}{}{}", i == 1 ? "" : ", ", i,
                        std::array{"", " DESC", " NULLS FIRST"}[static_cast<std::size_t>(pick(3))]);
    }
    return " ORDER BY " + keys;
}

// Calls whose results do not depend on the order of peers.
std::string window_call(Writer& writer) {
    const std::string partition =
        one_in(2) ? "PARTITION BY " + writer.value(Type::text, 0) + " " : std::string();
    const std::string order = "ORDER BY " + writer.value(Type::integer, 0);
    switch (pick(6)) {
        case 0:
            return fmt::format("rank() OVER ({}{})", partition, order);
        case 1:
            return fmt::format("dense_rank() OVER ({}{} DESC)", partition, order);
        case 2:
            return fmt::format("count(*) OVER ({})", partition);
        case 3:
        case 4:
            return fmt::format("{}({}) OVER ({}{})", pick(2) == 0 ? "sum" : "avg",
                               writer.value(Type::integer, 1), partition, order);
        default:
            return fmt::format("min({}) OVER ({}{})", writer.value(Type::integer, 1), partition,
                               order);
    }
}

RandomQuery Writer::query() {
    std::vector<Type> types;
    for (int count = 1 + pick(3); count > 0; --count)
        types.push_back(any_type());
    RandomQuery made;
    const int kind = pick(8);
    if (kind == 7) {
        std::string tables_text = from();
        const std::string targets = value(types.front(), 1) + ", " + window_call(*this);
        made.text = fmt::format("SELECT {} FROM {}{}", targets, tables_text,
                                one_in(2) ? " WHERE " + boolean(1) : std::string());
        types.assign(2, Type::integer);
    } else if (kind >= 5) {
        const std::string_view operation =
            std::array{"UNION", "UNION ALL", "INTERSECT", "EXCEPT", "EXCEPT ALL", "INTERSECT ALL"}
                [static_cast<std::size_t>(pick(6))];
        made.text = fmt::format("{} {} {}", Writer(depth_ - 1).with_types(types, false), operation,
                                Writer(depth_ - 1).with_types(types, one_in(3)));
        if (one_in(20)) made.text += ", 1";
    } else {
        made.text = with_types(types, one_in(3));
        if (one_in(5)) made.text.insert(6, " DISTINCT");
    }
    if (pick(2) == 0) {
        made.text += order_by_all(types.size());
        made.ordered = true;
        if (pick(2) == 0) made.text += fmt::format(" LIMIT {}", pick(5));
        if (one_in(3)) made.text += fmt::format(" OFFSET {}", pick(3));
    }
    if (one_in(6)) {
        made.text = fmt::format(
            "WITH q (c1, c2) AS ({}) SELECT q.c2, r.c1, count(*) FROM q JOIN q "
            "AS r ON q.c1 = r.c1 WHERE q.c1 IN (SELECT c1 FROM q) GROUP BY "
            "q.c2, r.c1",
            Writer(depth_ - 1).with_types({Type::integer, any_type()}, false));
        made.ordered = false;
    }
    return made;
}

// A change of rows that nobody asks for, in front of a query.
std::string unread_change() {
    const std::string_view target = tables[static_cast<std::size_t>(pick(3))];
    Writer writer(0);
    writer.columns() = columns_of_table("x");
    if (one_in(2)) {
        return fmt::format("WITH unread AS (DELETE FROM {} AS x WHERE x.id > 8 AND {}) ", target,
                           writer.condition(1));
    }
    return fmt::format("WITH unread AS (UPDATE {} AS x SET b = {} WHERE {} RETURNING x.id) ",
                       target, writer.value(Type::bigint, 1), writer.condition(1));
}

RandomQuery random_recursion() {
    const auto table = [] { return tables[static_cast<std::size_t>(pick(3))]; };
    Writer first(0);
    first.columns() = columns_of_table("x");
    Writer next(1);
    next.columns() = columns_of_table("y");
    next.columns().push_back({"r.n", Type::integer});
    next.columns().push_back({"r.k", Type::integer});
    const std::string_view all = one_in(2) ? " ALL" : "";
    return {
        fmt::format("WITH RECURSIVE r (n, k) AS (SELECT 1, {} FROM {} AS x WHERE {} UNION{} "
                    "SELECT r.n + 1, {} FROM r JOIN {} AS y ON y.id = r.k WHERE r.n < 4 AND "
                    "{}) SELECT n, k FROM r",
                    first.value(Type::integer, 1), table(), first.condition(1), all,
                    next.value(Type::integer, 1), table(), next.condition(1))};
}

RandomQuery random_locking() {
    Writer writer(1);
    writer.columns() = columns_of_table("x");
    writer.columns().push_back({"y.id", Type::integer});
    writer.columns().push_back({"y.m", Type::integer});
    const auto table = [] { return tables[static_cast<std::size_t>(pick(3))]; };
    return {fmt::format(
        "SELECT x.id, y.m, {} FROM {} AS x JOIN (SELECT id, n + 1 AS m FROM {} AS "
        "z WHERE z.id > {}) AS y ON {} WHERE {} FOR {}",
        writer.value(Type::text, 1), table(), table(), pick(3), writer.condition(1),
        writer.condition(2),
        std::array{"UPDATE", "SHARE OF x",
                   "NO KEY UPDATE OF y SKIP LOCKED"}[static_cast<std::size_t>(pick(3))])};
}

RandomQuery random_change() {
    const std::string_view target = tables[static_cast<std::size_t>(pick(3))];
    Writer writer(1);
    writer.columns() = columns_of_table("x");
    switch (pick(5)) {
        case 0:
            return {fmt::format("UPDATE {} AS x SET n = {}, s = {} WHERE {} RETURNING *", target,
                                writer.value(Type::integer, 2), writer.value(Type::text, 1),
                                writer.condition(2))};
        case 1:
            return {fmt::format("DELETE FROM {} AS x WHERE x.id > 6 AND {} RETURNING id, n + 1",
                                target, writer.condition(2))};
        case 2:
            // The other row is one alone.
            return {fmt::format(
                "UPDATE {} AS x SET n = o.n, b = x.b + o.id FROM {} AS o WHERE "
                "o.id = x.id AND {} RETURNING x.id, x.n, o.s",
                target, tables[static_cast<std::size_t>(pick(3))], writer.condition(1))};
        case 3:
            return {
                fmt::format("WITH gone AS (DELETE FROM {} AS x WHERE x.id > 8 AND {} RETURNING "
                            "id, s) SELECT g.id, g.s, (SELECT count(*) FROM {}) FROM gone g",
                            target, writer.condition(1), target)};
        default:
            return {fmt::format(
                "INSERT INTO {} (id, n, s) SELECT x.id + 100, x.n, x.s FROM {} AS "
                "x WHERE {} ON CONFLICT DO NOTHING RETURNING *",
                target, tables[static_cast<std::size_t>(pick(3))], writer.condition(2))};
    }
}

}  // namespace

std::vector<std::string> random_schema() {
    std::vector<std::string> statements;
    for (const std::string_view table : tables) {
        statements.push_back(
            fmt::format("CREATE TABLE {} (id int PRIMARY KEY, n int, b bigint, s "
                        "text, f boolean)",
                        table));
        if (pick(2) == 0) statements.push_back(fmt::format("CREATE INDEX ON {} (n)", table));
        if (pick(3) == 0)
            statements.push_back(fmt::format("CREATE INDEX ON {} (s, n) WHERE f", table));
        std::string rows;
        const int count = pick(11);
        for (int id = 0; id < count; ++id) {
            const auto or_null = [](std::string text) {
                return one_in(5) ? std::string("NULL") : std::move(text);
            };
            const std::string number = or_null(literal(Type::integer));
            const std::string big = or_null(literal(Type::bigint));
            const std::string text = or_null(literal(Type::text));
            rows += fmt::format("{}({}, {}, {}, {}, {})", id == 0 ? "" : ", ", id, number, big,
                                text, or_null(literal(Type::boolean)));
        }
        if (!rows.empty())
            statements.push_back(fmt::format("INSERT INTO {} VALUES {}", table, rows));
    }
    return statements;
}

RandomQuery random_query() {
    if (one_in(6)) return random_change();
    if (one_in(10)) return random_recursion();
    if (one_in(10)) return random_locking();
    RandomQuery query = Writer(2).query();
    if (one_in(10) && !query.text.starts_with("WITH")) query.text.insert(0, unread_change());
    return query;
}

}  // namespace atlas::properties
