// Window calls: functions and aggregates with OVER.

#include <algorithm>
#include <array>

#include "sim/models/postgres/analysis/refusal.hpp"
#include "sim/models/postgres/analysis/scope.hpp"

namespace atlas::sim::models::postgres {
namespace {

// FRAMEOPTION_ of PostgreSQL's parsenodes.h, which the grammar leaves as a number.
enum FrameOption : int {
    frame_non_default = 0x1,
    frame_range = 0x2,
    frame_rows = 0x4,
    frame_groups = 0x8,
    frame_start_unbounded_preceding = 0x20,
    frame_start_unbounded_following = 0x80,
    frame_end_unbounded_following = 0x100,
    frame_start_current_row = 0x200,
    frame_end_current_row = 0x400,
    frame_start_preceding = 0x800,
    frame_end_preceding = 0x1000,
    frame_start_following = 0x2000,
    frame_end_following = 0x4000,
    frame_exclusion = 0x8000 | 0x10000 | 0x20000,
};

struct KnownFunction {
    std::string_view name;
    WindowFunction function;
};

constexpr std::array known_functions{
    KnownFunction{"row_number", WindowFunction::row_number},
    KnownFunction{"rank", WindowFunction::rank},
    KnownFunction{"dense_rank", WindowFunction::dense_rank},
    KnownFunction{"lag", WindowFunction::lag},
    KnownFunction{"lead", WindowFunction::lead},
    KnownFunction{"first_value", WindowFunction::first_value},
    KnownFunction{"last_value", WindowFunction::last_value},
};

TypeId result_type(WindowFunction function, const std::vector<ExpressionPtr>& arguments) {
    switch (function) {
        case WindowFunction::row_number:
        case WindowFunction::rank:
        case WindowFunction::dense_rank:
            return TypeId::int8;
        default:
            return arguments.front()->type.id;
    }
}

Checked<WindowFrame> frame_of(int options, int place) {
    WindowFrame frame;
    if ((options & frame_non_default) == 0) return frame;
    if ((options & (frame_groups | frame_exclusion)) != 0)
        return not_covered("frames by GROUPS or with EXCLUDE", place);
    frame.rows = (options & frame_rows) != 0;
    using enum WindowFrame::Bound;
    frame.start = (options & frame_start_unbounded_preceding) != 0 ? unbounded_preceding
                  : (options & frame_start_preceding) != 0         ? preceding
                  : (options & frame_start_following) != 0         ? following
                                                                   : current_row;
    frame.end = (options & frame_end_unbounded_following) != 0 ? unbounded_following
                : (options & frame_end_preceding) != 0         ? preceding
                : (options & frame_end_following) != 0         ? following
                                                               : current_row;
    const bool offsets = frame.start == preceding || frame.start == following ||
                         frame.end == preceding || frame.end == following;
    if (offsets && !frame.rows) return not_covered("RANGE with an offset", place);
    return frame;
}

}  // namespace

Checked<> ExpressionAnalyser::window_definition(const Node& body, const Scope& scope,
                                                WindowCall& call) {
    if (!text(body, "refname").empty())
        return not_covered("a window made from another", location(body));
    Scope inner = scope;
    inner.windows = nullptr;
    inner.clause = "window definitions";
    SQL_TRY(call.partition_by,
            subqueries_->sorting(as_sorts(list(body, "partitionClause")), inner));
    SQL_TRY(call.order_by, subqueries_->sorting(list(body, "orderClause"), inner));
    SQL_TRY(call.frame, frame_of(body.value("frameOptions", 0), location(body)));
    inner.clause = "ROWS";
    if (const Node* offset = find(body, "startOffset")) {
        SQL_TRY(call.frame.start_offset, analyse_bigint(*offset, inner));
    }
    if (const Node* offset = find(body, "endOffset")) {
        SQL_TRY(call.frame.end_offset, analyse_bigint(*offset, inner));
    }
    bool waits = false;
    const auto look = [&](const ExpressionPtr& part) {
        waits |= part != nullptr && has_waiting_subquery(*part);
    };
    for (const std::vector<SortKey>* keys : {&call.partition_by, &call.order_by})
        for (const SortKey& key : *keys)
            look(key.expression);
    look(call.frame.start_offset);
    look(call.frame.end_offset);
    if (waits) return not_covered("a subquery that may wait in a window", location(body));
    return {};
}

// Those of WINDOW first, whether a call is over them or not; then those of the calls themselves.
Checked<> ExpressionAnalyser::define_windows(const Scope& scope) {
    std::vector<std::string> names;
    for (const Node& node : *scope.named_windows) {
        const Node& body = *open_node(node).body;
        const std::string name = text(body, "name");
        if (std::ranges::find(names, name) != names.end()) {
            return sql_error_at(location(body), "42P20",
                                fmt::format("window \"{}\" is already defined", name));
        }
        names.push_back(name);
        WindowCall defined;
        SQL_CHECK(window_definition(body, scope, defined));
        for (std::size_t i = 0; i < scope.windows->size(); ++i) {
            if (text(*(*scope.window_definitions)[i], "name") != name) continue;
            WindowCall& call = (*scope.windows)[i];
            call.partition_by = defined.partition_by;
            call.order_by = defined.order_by;
            call.frame = defined.frame;
        }
    }
    for (std::size_t i = 0; i < scope.windows->size(); ++i) {
        const Node& over = *(*scope.window_definitions)[i];
        if (text(over, "name").empty())
            SQL_CHECK(window_definition(over, scope, (*scope.windows)[i]));
    }
    return {};
}

Checked<ExpressionPtr> ExpressionAnalyser::window_call(const Node& body, std::string_view name,
                                                       const Aggregate* aggregate,
                                                       std::vector<ExpressionPtr> arguments,
                                                       const Scope& scope) {
    const int place = location(body);
    SQL_CHECK(only_members(
        body, {"funcname", "args", "funcformat", "over", "agg_star", "agg_filter", "agg_distinct"},
        fmt::format("{}() OVER", name)));
    if (flag(body, "agg_distinct")) {
        return sql_error_at(place, "0A000", "DISTINCT is not implemented for window functions");
    }
    WindowCall call;
    Scope inner = scope;
    inner.windows = nullptr;
    inner.clause = "FILTER";
    TypeId result = TypeId::none;
    if (aggregate != nullptr) {
        SQL_TRY(call.aggregate, filled_aggregate(body, *aggregate, std::move(arguments), inner));
        result = call.aggregate.result;
    } else {
        const auto known = std::ranges::find(known_functions, name, &KnownFunction::name);
        if (known == known_functions.end())
            return not_covered(fmt::format("the window function {}", name), place);
        if (find(body, "agg_filter") != nullptr) {
            return sql_error_at(place, "0A000",
                                "FILTER is not implemented for non-aggregate window functions");
        }
        call.function = known->function;
        for (ExpressionPtr& argument : arguments) {
            if (argument->type.id != TypeId::unknown) continue;
            SQL_TRY(argument,
                    coerce_or_fail(std::move(argument), {TypeId::text}, CoercionContext::implicit));
        }
        result = result_type(call.function, arguments);
        if (arguments.size() > 1) {
            SQL_TRY(arguments[1], coerce_or_fail(std::move(arguments[1]), {TypeId::int4},
                                                 CoercionContext::implicit));
        }
        if (arguments.size() > 2) {
            const std::vector<ExpressionPtr> both{arguments[0], arguments[2]};
            SQL_TRY(result, common_type(both, "lag"));
            for (const std::size_t i : {0U, 2U}) {
                SQL_TRY(arguments[i], coerce_or_fail(std::move(arguments[i]), {result},
                                                     CoercionContext::implicit));
            }
        }
        call.arguments = std::move(arguments);
    }
    const Node& over = *find(body, "over");
    if (const std::string named = text(over, "name"); !named.empty()) {
        const bool known = std::ranges::any_of(*scope.named_windows, [&](const Node& node) {
            return text(*open_node(node).body, "name") == named;
        });
        if (!known) {
            return sql_error_at(location(over), "42704",
                                fmt::format("window \"{}\" does not exist", named));
        }
    }
    const auto waits = [](const ExpressionPtr& part) {
        return part != nullptr && has_waiting_subquery(*part);
    };
    if (std::ranges::any_of(call.arguments, waits))
        return not_covered("a subquery that may wait in a window call", place);
    scope.windows->push_back(std::move(call));
    scope.window_definitions->push_back(&over);
    return std::make_shared<const Expression>(Expression{.kind = ExpressionKind::window,
                                                         .type = {result},
                                                         .index = scope.windows->size() - 1,
                                                         .location = place});
}

}  // namespace atlas::sim::models::postgres
