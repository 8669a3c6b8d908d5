#pragma once
// Type conversion as the documentation's chapter 10 has it: casts, the common type of several
// expressions, and the types of parameters. (names/resolution.hpp chooses among functions.)

#include <span>
#include <string_view>
#include <vector>

#include "sim/models/postgres/analysis/expression.hpp"
#include "sim/models/postgres/failure.hpp"
#include "sim/models/postgres/functions/function.hpp"

namespace atlas::sim::models::postgres {

/// In which contexts a cast may be used: each includes those before it.
enum class CoercionContext : std::uint8_t { implicit, assignment, explicit_cast };

/// What is known of $1, $2, ... while a statement is analysed.
class ParameterTypes {
  public:
    /// `fixed`: no others than these (the simple protocol has none).
    ParameterTypes(std::vector<TypeId> declared, bool fixed)
        : types_(std::move(declared)), fixed_(fixed) {}

    /// unknown until something decides it. Errors: 42P02.
    Checked<TypeId> type_of(std::size_t index, int location);
    /// Errors: 42P08, if it was decided otherwise.
    Checked<> decide(std::size_t index, TypeId type, int location);
    /// Errors: 42P18, if one was never decided.
    Checked<std::vector<TypeId>> finish() const;

  private:
    std::vector<TypeId> types_;
    bool fixed_;
};

bool can_coerce(TypeId from, TypeId to, CoercionContext context);

/// Null when there is no such cast in that context. Errors: the literal's own (22P02, ...), 42P08.
Checked<ExpressionPtr> coerce(ExpressionPtr expression, ColumnType type, CoercionContext context,
                              ParameterTypes& parameters);

/// The type that all are then coerced to. `construct` names it in errors: "CASE", "COALESCE".
/// Errors: 42804.
Checked<TypeId> common_type(std::span<const ExpressionPtr> expressions, std::string_view construct);

/// A copy that differs in type alone.
ExpressionPtr relabelled(const ExpressionPtr& expression, ColumnType type);

}  // namespace atlas::sim::models::postgres
