#include "sim/models/postgres/system_catalog/deparse.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/models/postgres/functions/function.hpp"
#include "sim/models/postgres/system_catalog/keywords.hpp"
#include "sim/models/postgres/system_catalog/system_table.hpp"
#include "sim/models/postgres/types/text_format.hpp"

namespace atlas::sim::models::postgres {
namespace {

using enum ExpressionKind;

// How an expression binds, as far as parentheses go.
enum class Shape {
    simple,     ///< A name, a literal, or something with brackets of its own.
    cast,       ///< As simple as what it is a cast of.
    operation,  ///< An operator, IS NULL, IS TRUE, IS DISTINCT FROM.
    logical,    ///< AND, OR, NOT.
    other,      ///< operator ANY (array).
};

const Expression* cast_source(const Expression& expression) {
    return expression.spelling == nullptr ? nullptr : expression.spelling->cast_of.get();
}

bool is_operator(const Function& function) {
    const char first = function.name.front();
    return !((first >= 'a' && first <= 'z') || first == '_');
}

bool is_time(TypeId type) {
    return category(type) == TypeCategory::date_time;
}

// Analysis has put a to_jsonb() around each argument.
bool builds_json(const Expression& expression) {
    return expression.kind == call && expression.function->name.starts_with("jsonb_build_");
}

// A cast that is a call of a function, as between numbers and times: not one of bytes that stay as
// they are, nor one by way of text.
bool is_cast_by_call(const Expression& cast) {
    const Expression& source = *cast_source(cast);
    const bool calls =
        cast.kind == call && cast.arguments.size() == 1 && cast.arguments.front().get() == &source;
    return calls || cast.kind == apply_modifier || cast.kind == convert_integer ||
           (is_integer(cast.type.id) && is_integer(source.type.id)) ||
           (is_time(cast.type.id) && is_time(source.type.id));
}

Shape shape_of(const Expression& expression) {
    if (cast_source(expression) != nullptr)
        return is_cast_by_call(expression) ? Shape::simple : Shape::cast;
    switch (expression.kind) {
        case call:
            return is_operator(*expression.function) ? Shape::operation : Shape::simple;
        case is_null:
        case is_not_null:
        case boolean_test:
            return Shape::operation;
        case is_distinct:
            return expression.negated ? Shape::logical : Shape::operation;
        case logical_and:
        case logical_or:
        case logical_not:
            return Shape::logical;
        case in_list:
        case any_element:
            return Shape::other;
        default:
            return Shape::simple;
    }
}

// "+", "-", "*", "/" and "%" between two operands: the only ones whose precedence is relied on.
char arithmetic_sign(const Expression& expression) {
    if (cast_source(expression) != nullptr || expression.kind != call ||
        expression.arguments.size() != 2 || expression.function->name.size() != 1)
        return 0;
    const char sign = expression.function->name.front();
    return std::string_view("+-*/%").contains(sign) ? sign : 0;
}

bool is_additive(char sign) {
    return sign == '+' || sign == '-';
}

// Its parts are separated by more than precedence: commas, keywords, brackets.
bool separates_its_parts(const Expression& parent) {
    if (cast_source(parent) != nullptr) return false;
    switch (parent.kind) {
        case call:
            return !is_operator(*parent.function) &&
                   (parent.spelling == nullptr || parent.spelling->words.empty());
        case array:
        case coalesce:
        case greatest:
        case least:
        case null_if:
        case conditional:
        case subscript:
            return true;
        default:
            return false;
    }
}

bool is_logical_over(const Expression& parent, const Expression& child) {
    const bool parent_is_or = parent.kind == logical_or;
    if (parent.kind != logical_and && !parent_is_or) return false;
    return child.kind != logical_or || parent_is_or;
}

// ruleutils' isSimpleNode.
bool needs_no_parentheses(const Expression& child, const Expression& parent) {
    switch (shape_of(child)) {
        case Shape::simple:
            return true;
        case Shape::cast:
            return needs_no_parentheses(*cast_source(child), child);
        case Shape::operation: {
            const bool under_operator = cast_source(parent) == nullptr && parent.kind == call &&
                                        is_operator(*parent.function);
            if (under_operator) {
                const char sign = arithmetic_sign(child);
                const char around = arithmetic_sign(parent);
                if (sign == 0 || around == 0) return false;
                if (is_additive(sign) != is_additive(around)) return is_additive(around);
                return parent.arguments.front().get() == &child;
            }
            const bool under_logic = cast_source(parent) == nullptr &&
                                     (parent.kind == logical_and || parent.kind == logical_or ||
                                      parent.kind == logical_not);
            return under_logic || separates_its_parts(parent);
        }
        case Shape::logical:
            if (cast_source(parent) == nullptr && is_logical_over(parent, child)) return true;
            return separates_its_parts(parent);
        case Shape::other:
            return false;
    }
    return false;
}

std::string quote_literal(std::string_view text) {
    std::string literal = "'";
    for (const char c : text) {
        if (c == '\'') literal += c;
        literal += c;
    }
    return literal + "'";
}

// As a cast names it: a char without a length is bpchar there.
std::string cast_name(ColumnType type) {
    if (type.id == TypeId::bpchar && type.modifier < 0) return "bpchar";
    return display_name(type);
}

bool is_integral_text(std::string_view text) {
    return text.find_first_of("eE.") == text.npos;
}

class Writer {
  public:
    explicit Writer(const DeparseOptions& options) : options_(options) {}

    std::string take() { return std::move(text_); }

    /// ruleutils' get_rule_expr: casts that nobody wrote are shown only inside operators and calls.
    Checked<> write(const Expression& node, bool show_implicit) {
        if (const Expression* source = cast_source(node)) {
            if (node.spelling->implicit && !show_implicit)
                return write_within(*source, node, false);
            return write_cast(*source, node.type, node);
        }
        if (node.spelling != nullptr && !node.spelling->words.empty()) return write_words(node);
        switch (node.kind) {
            case constant:
                return write_constant(node, true);
            case column:
                text_ += quote_identifier(options_.table->columns[node.index].name);
                return {};
            case call:
                return is_operator(*node.function) ? write_operator(node) : write_call(node);
            case logical_and:
            case logical_or:
                return in_parentheses([&] {
                    return write_joined(node, node.kind == logical_and ? " AND " : " OR ");
                });
            case logical_not:
                return in_parentheses([&] { return write_after("NOT ", node); });
            case ExpressionKind::is_null:
            case is_not_null:
                return in_parentheses([&]() -> Checked<> {
                    SQL_CHECK(write_within(*node.arguments.front(), node, true));
                    text_ += node.kind == is_not_null ? " IS NOT NULL" : " IS NULL";
                    return {};
                });
            case boolean_test:
                return in_parentheses([&] { return write_boolean_test(node); });
            case is_distinct:
                return write_distinct(node);
            case conditional:
                return write_case(node);
            case coalesce:
                return write_list("COALESCE(", node, ")");
            case greatest:
                return write_list("GREATEST(", node, ")");
            case least:
                return write_list("LEAST(", node, ")");
            case null_if:
                return write_list("NULLIF(", node, ")");
            case array:
                // Without elements nothing else says of what.
                return write_list("ARRAY[", node,
                                  node.arguments.empty() ? "]::" + display_name(node.type) : "]");
            case subscript:
                return write_subscript(node);
            case in_list:
                return write_in_list(node);
            case any_element:
                return in_parentheses([&] { return write_any_element(node); });
            default:
                return not_covered("this expression as text");
        }
    }

  private:
    template <typename Body>
    Checked<> in_parentheses(Body&& body) {
        if (options_.pretty) return body();
        text_ += '(';
        SQL_CHECK(body());
        text_ += ')';
        return {};
    }

    Checked<> write_within(const Expression& child, const Expression& parent, bool show_implicit) {
        const bool parentheses = options_.pretty && !needs_no_parentheses(child, parent);
        if (parentheses) text_ += '(';
        SQL_CHECK(write(child, show_implicit));
        if (parentheses) text_ += ')';
        return {};
    }

    Checked<> write_cast(const Expression& source, ColumnType type, const Expression& cast) {
        // A literal of the type, and its length besides: one cast.
        if (source.kind == constant && cast_source(source) == nullptr &&
            source.type.id == type.id) {
            SQL_CHECK(write_constant(source, false));
        } else {
            SQL_CHECK(in_parentheses([&] { return write_within(source, cast, false); }));
        }
        text_ += "::" + cast_name(type);
        return {};
    }

    Checked<> write_constant(const Expression& node, bool labelled) {
        const TypeId type = node.type.id;
        if (postgres::is_null(node.constant)) {
            text_ += "NULL";
            if (labelled) text_ += "::" + cast_name(node.type);
            return {};
        }
        if (type == TypeId::boolean) {
            text_ += std::get<bool>(node.constant) ? "true" : "false";
            return {};
        }
        std::string shown = format_value(type, node.constant);
        if (type == TypeId::regclass) {
            const auto oid = static_cast<Oid>(std::get<std::int64_t>(node.constant));
            if (std::string name = relation_name(oid, *options_.catalog); !name.empty())
                shown = quote_identifier(name);
        }
        const bool bare = (type == TypeId::int4 && !shown.starts_with('-')) ||
                          (type == TypeId::numeric && shown.front() >= '0' &&
                           shown.front() <= '9' && !is_integral_text(shown));
        text_ += bare ? shown : quote_literal(shown);
        // Of the constants only an interval is read with its modifier.
        if (labelled && !bare && type != TypeId::unknown)
            text_ += "::" + cast_name(type == TypeId::interval ? node.type : ColumnType{type});
        return {};
    }

    Checked<> write_operator(const Expression& node) {
        return in_parentheses([&]() -> Checked<> {
            const bool prefix = node.arguments.size() == 1;
            if (!prefix) {
                SQL_CHECK(write_within(*node.arguments.front(), node, true));
                text_ += ' ';
            }
            text_ += node.function->name;
            text_ += ' ';
            return write_within(*node.arguments.back(), node, true);
        });
    }

    Checked<> write_call(const Expression& node) {
        return write_list(quote_identifier(node.function->name) + "(", node, ")");
    }

    Checked<> write_list(std::string_view begin, const Expression& node, std::string_view end) {
        text_ += begin;
        for (const ExpressionPtr& argument : node.arguments) {
            if (argument != node.arguments.front()) text_ += ", ";
            const bool converted = builds_json(node) && argument->kind == ExpressionKind::call;
            SQL_CHECK(write(converted ? *argument->arguments.front() : *argument, true));
        }
        text_ += end;
        return {};
    }

    Checked<> write_joined(const Expression& node, std::string_view word) {
        for (std::size_t i = 0; i < node.arguments.size(); ++i) {
            if (i > 0) text_ += word;
            SQL_CHECK(write_within(*node.arguments[i], node, false));
        }
        return {};
    }

    Checked<> write_after(std::string_view word, const Expression& node) {
        text_ += word;
        return write_within(*node.arguments.front(), node, false);
    }

    Checked<> write_boolean_test(const Expression& node) {
        SQL_CHECK(write_within(*node.arguments.front(), node, false));
        text_ += node.negated ? " IS NOT " : " IS ";
        text_ += node.test == BooleanTest::is_true    ? "TRUE"
                 : node.test == BooleanTest::is_false ? "FALSE"
                                                      : "UNKNOWN";
        return {};
    }

    // IS NOT DISTINCT FROM is NOT over the other.
    Checked<> write_distinct(const Expression& node) {
        const auto test = [&] {
            return in_parentheses([&]() -> Checked<> {
                SQL_CHECK(write_within(*node.arguments[0], node, true));
                text_ += " IS DISTINCT FROM ";
                return write_within(*node.arguments[1], node, true);
            });
        };
        if (!node.negated) return test();
        return in_parentheses([&] {
            text_ += "NOT ";
            return test();
        });
    }

    // Over several lines, even when not pretty; what is inside is deeper by four columns.
    void new_line() {
        while (!text_.empty() && text_.back() == ' ')
            text_.pop_back();
        text_ += '\n';
        text_.append(static_cast<std::size_t>(depth_), ' ');
    }

    Checked<> write_case(const Expression& node) {
        constexpr int step = 4;
        const auto keyword = [&](std::string_view word) {
            new_line();
            text_ += word;
        };
        keyword("CASE");
        depth_ += step;
        const bool has_subject = node.spelling != nullptr && node.spelling->subject != nullptr;
        if (has_subject) {
            text_ += ' ';
            SQL_CHECK(write(*node.spelling->subject, true));
        }
        std::size_t i = 0;
        for (; i + 1 < node.arguments.size(); i += 2) {
            keyword("WHEN ");
            const Expression& condition = *node.arguments[i];
            SQL_CHECK(write(has_subject ? *condition.arguments.back() : condition, false));
            text_ += " THEN ";
            SQL_CHECK(write(*node.arguments[i + 1], true));
        }
        keyword("ELSE ");
        SQL_CHECK(write(*node.arguments[i], true));
        depth_ -= step;
        keyword("END");
        return {};
    }

    Checked<> write_subscript(const Expression& node) {
        const bool plain = node.arguments.front()->kind == column;
        if (!plain) text_ += '(';
        SQL_CHECK(write(*node.arguments.front(), true));
        text_ += plain ? "[" : ")[";
        SQL_CHECK(write(*node.arguments.back(), false));
        text_ += ']';
        return {};
    }

    // x IN (1, 2) is x = ANY (ARRAY[1, 2]); items that need the row are compared one by one, and so
    // is one alone.
    Checked<> write_in_list(const Expression& node) {
        const std::size_t in_array = node.index > 1 ? node.index : 0;
        const std::size_t apart = node.arguments.size() - 1 - in_array;
        const std::size_t tests = apart + (in_array > 0 ? 1 : 0);
        const auto all = [&]() -> Checked<> {
            const std::string_view word = node.negated ? " AND " : " OR ";
            if (in_array > 0) SQL_CHECK(write_array_test(node, in_array, tests > 1));
            for (std::size_t i = 1 + in_array; i < node.arguments.size(); ++i) {
                if (i > 1) text_ += word;
                SQL_CHECK(in_parentheses([&]() -> Checked<> {
                    SQL_CHECK(write_operand(node, *node.arguments.front()));
                    text_ += node.negated ? " <> " : " = ";
                    return write_operand(node, *node.arguments[i]);
                }));
            }
            return {};
        };
        return tests > 1 ? in_parentheses(all) : all();
    }

    // The operator's own type is shown where it is not the operands'.
    Checked<> write_operand(const Expression& node, const Expression& operand) {
        const TypeId compared = node.function->arguments.front();
        const Expression& own = without_strip(node, operand);
        if (own.type.id == compared || compared == TypeId::bpchar) {
            const bool simple = shape_of(own) == Shape::simple || shape_of(own) == Shape::cast;
            if (options_.pretty && !simple) text_ += '(';
            SQL_CHECK(write(own, true));
            if (options_.pretty && !simple) text_ += ')';
            return {};
        }
        return write_cast(own, {compared}, own);
    }

    // Values of char(n) are compared without their spaces: PostgreSQL's operator does that.
    static const Expression& without_strip(const Expression& node, const Expression& operand) {
        const bool stripped = node.function->arguments.front() == TypeId::bpchar &&
                              cast_source(operand) != nullptr && operand.spelling->implicit;
        return stripped ? *cast_source(operand) : operand;
    }

    Checked<> write_array_test(const Expression& node, std::size_t size, bool among_others) {
        const bool parentheses = !options_.pretty || among_others;
        if (parentheses) text_ += '(';
        SQL_CHECK(write_operand(node, *node.arguments.front()));
        text_ += node.negated ? " <> ALL (" : " = ANY (";
        const TypeId compared = node.function->arguments.front();
        const TypeId element = without_strip(node, *node.arguments[1]).type.id;
        const bool converted = element != compared && compared != TypeId::bpchar;
        if (converted && !options_.pretty) text_ += '(';
        text_ += "ARRAY[";
        for (std::size_t i = 1; i <= size; ++i) {
            if (i > 1) text_ += ", ";
            SQL_CHECK(write(without_strip(node, *node.arguments[i]), true));
        }
        text_ += ']';
        if (converted && !options_.pretty) text_ += ')';
        if (converted) text_ += fmt::format("::{}[]", cast_name({compared}));
        text_ += parentheses ? "))" : ")";
        return {};
    }

    Checked<> write_any_element(const Expression& node) {
        SQL_CHECK(write_within(*node.arguments[0], node, true));
        text_ += fmt::format(" {} {} (", node.function->name, node.negated ? "ALL" : "ANY");
        SQL_CHECK(write_within(*node.arguments[1], node, true));
        text_ += ')';
        return {};
    }

    // What the grammar has words of its own for.
    Checked<> write_words(const Expression& node) {
        const std::string& words = node.spelling->words;
        const auto from = [&](std::string_view begin) -> Checked<> {
            text_ += begin;
            SQL_CHECK(write(*node.arguments.front(), false));
            text_ += ')';
            return {};
        };
        if (words == "timezone") {
            text_ += '(';
            SQL_CHECK(write_within(*node.arguments[1], node, false));
            text_ += " AT TIME ZONE ";
            SQL_CHECK(write_within(*node.arguments[0], node, false));
            text_ += ')';
            return {};
        }
        if (words == "extract") {
            const Expression& field = *node.arguments.front();
            text_ += fmt::format("EXTRACT({} FROM ", std::get<std::string>(field.constant));
            SQL_CHECK(write(*node.arguments.back(), false));
            text_ += ')';
            return {};
        }
        if (words == "btrim" && node.arguments.size() == 1) return from("TRIM(BOTH FROM ");
        if (words == "ltrim" && node.arguments.size() == 1) return from("TRIM(LEADING FROM ");
        if (words == "rtrim" && node.arguments.size() == 1) return from("TRIM(TRAILING FROM ");
        if (words.front() >= 'a' && words.front() <= 'z')
            return not_covered(fmt::format("{}() in SQL's own syntax as text", words));
        text_ += words;
        return {};
    }

    const DeparseOptions& options_;
    std::string text_;
    int depth_ = 0;
};

}  // namespace

std::string quote_identifier(std::string_view name) {
    const auto is_plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    };
    const bool digit_first = !name.empty() && name.front() >= '0' && name.front() <= '9';
    if (!name.empty() && !digit_first && std::ranges::all_of(name, is_plain) && !is_keyword(name))
        return std::string(name);
    return in_quotes(name);
}

std::string in_quotes(std::string_view name) {
    std::string quoted_name = "\"";
    for (const char c : name) {
        if (c == '"') quoted_name += c;
        quoted_name += c;
    }
    return quoted_name + "\"";
}

Checked<std::string> deparse(const Expression& expression, const DeparseOptions& options) {
    Writer writer(options);
    SQL_CHECK(writer.write(expression, false));
    return writer.take();
}

bool looks_like_function(const Expression& expression) {
    if (cast_source(expression) != nullptr) return false;
    switch (expression.kind) {
        case call:
            return !is_operator(*expression.function);
        case coalesce:
        case greatest:
        case least:
        case null_if:
            return true;
        default:
            return false;
    }
}

std::string relation_name(Oid oid, const CatalogView& catalog) {
    for (const TablePtr& table : catalog.all_tables()) {
        if (table->oid == oid) return table->name;
        for (const auto& index : table->indexes) {
            if (index->oid == oid) return index->name;
        }
    }
    const SystemTable* own = find_system_table(oid);
    return own == nullptr ? std::string() : own->definition->name;
}

}  // namespace atlas::sim::models::postgres
