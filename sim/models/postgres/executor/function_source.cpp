// Functions in FROM: generate_series, unnest, and any other as one row. Several side by side (ROWS
// FROM) go on until the last one ends.

#include <algorithm>
#include <array>

#include "sim/models/postgres/executor/query_run.hpp"
#include "sim/models/postgres/functions/function.hpp"
#include "sim/models/postgres/types/json_value.hpp"

namespace atlas::sim::models::postgres {
namespace {

using Values = std::vector<Value>;

// One function's values, one after the other.
class SetValues {
  public:
    SetValues(const SetFunctionCall& call, Values arguments, QueryRun& run)
        : call_(call), arguments_(std::move(arguments)), run_(run) {}

    /// False at the end.
    Checked<bool> next(Value& value) {
        switch (call_.function) {
            case SetFunction::scalar:
                if (at_++ > 0) return false;
                value = arguments_.front();
                return true;
            case SetFunction::unnest: {
                if (is_null(arguments_.front())) return false;
                const auto& elements =
                    std::get<std::shared_ptr<const Array>>(arguments_.front())->elements;
                if (at_ == elements.size()) return false;
                value = elements[at_++];
                return true;
            }
            case SetFunction::json_elements:
            case SetFunction::json_elements_text:
                return next_element(value);
            case SetFunction::nothing:
                return false;
            case SetFunction::series:
                return next_number(value);
            case SetFunction::time_series:
                return next_time(value);
        }
        return false;
    }

  private:
    Checked<bool> next_element(Value& value) {
        if (has_null()) return false;
        if (at_ == 0) {
            json_ = read_json(std::get<std::string>(arguments_.front()));
            if (json_.is_scalar())
                return sql_error("22023", "cannot extract elements from a scalar");
            if (json_.kind == JsonValue::Kind::object)
                return sql_error("22023", "cannot extract elements from an object");
        }
        if (at_ == json_.elements.size()) return false;
        const JsonValue& element = json_.elements[at_++];
        if (call_.function == SetFunction::json_elements) {
            value = write_json(element);
        } else if (element.kind == JsonValue::Kind::null) {
            value = Null{};
        } else {
            value = json_as_text(element);
        }
        return true;
    }

    bool has_null() const { return std::ranges::any_of(arguments_, is_null); }

    Checked<bool> next_number(Value& value) {
        if (has_null()) return false;
        const std::int64_t last = std::get<std::int64_t>(arguments_[1]);
        const std::int64_t step = arguments_.size() > 2 ? std::get<std::int64_t>(arguments_[2]) : 1;
        if (step == 0) return sql_error("22023", "step size cannot equal zero");
        if (overflown_) return false;
        const std::int64_t now = std::get<std::int64_t>(arguments_[0]);
        if (step > 0 ? now > last : now < last) return false;
        value = now;
        std::int64_t following = 0;
        overflown_ = __builtin_add_overflow(now, step, &following);
        arguments_[0] = following;
        return true;
    }

    // The step is an interval: added as the operator + does it.
    Checked<bool> next_time(Value& value) {
        if (has_null()) return false;
        const Interval zero{};
        const std::strong_ordering direction = compare(arguments_[2], Value(zero));
        if (direction == 0) return sql_error("22023", "step size cannot equal zero");
        const std::strong_ordering order = compare(arguments_[0], arguments_[1]);
        if (direction > 0 ? order > 0 : order < 0) return false;
        value = arguments_[0];
        const Function* plus = find_operator("+", TypeId::timestamptz, TypeId::interval);
        if (plus == nullptr) return not_covered("generate_series() over times");
        const std::array<const Value*, 2> operands{&arguments_[0], &arguments_[2]};
        SQL_TRY(arguments_[0], plus->evaluate(run_.context(), operands));
        return true;
    }

    const SetFunctionCall& call_;
    Values arguments_;
    QueryRun& run_;
    std::size_t at_ = 0;
    bool overflown_ = false;
    JsonValue json_ = {};  ///< What elements are taken from.
};

class FunctionSource final : public RowSource {
  public:
    FunctionSource(QueryRun& run, const RangeEntry& entry) : run_(run), entry_(entry) {}

    void restart() override {
        forget();
        columns_.clear();
        begun_ = false;
        ordinal_ = 0;
    }

  protected:
    Checked<Pull> produce(Row& row) override {
        if (!begun_) {
            auto begun = begin();
            if (!begun && is_wait(begun.error())) return Pull::wait;
            SQL_CHECK(std::move(begun));
        }
        bool any = false;
        for (const SetFunctionCall& call : entry_.functions) {
            const auto place = static_cast<std::size_t>(&call - entry_.functions.data());
            Value value = Null{};
            SQL_TRY(const bool more, columns_[place].next(value));
            any |= more;
            row.push_back(std::move(value));
        }
        if (!any) return Pull::end;
        if (entry_.with_ordinality) row.emplace_back(++ordinal_);
        return Pull::row;
    }

  private:
    Checked<> begin() {
        columns_.clear();
        for (const SetFunctionCall& call : entry_.functions) {
            Values arguments;
            for (const ExpressionPtr& argument : call.arguments) {
                SQL_TRY(Value value, evaluate(*argument, run_.context()));
                arguments.push_back(std::move(value));
            }
            columns_.emplace_back(call, std::move(arguments), run_);
        }
        begun_ = true;
        return {};
    }

    QueryRun& run_;
    const RangeEntry& entry_;
    std::vector<SetValues> columns_;
    bool begun_ = false;
    std::int64_t ordinal_ = 0;
};

}  // namespace

std::unique_ptr<RowSource> make_function_source(QueryRun& run, const RangeEntry& entry) {
    return std::make_unique<FunctionSource>(run, entry);
}

}  // namespace atlas::sim::models::postgres
