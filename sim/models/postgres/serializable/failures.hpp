#pragma once
// The error of a transaction that cannot be put in an order with others.

#include <string>
#include <string_view>

#include "sim/models/postgres/failure.hpp"

namespace atlas::sim::models::postgres {

inline constexpr std::string_view pivot_during_read =
    "Canceled on identification as a pivot, during conflict out checking.";
inline constexpr std::string_view pivot_during_write =
    "Canceled on identification as a pivot, during conflict in checking.";

inline std::unexpected<Failure> dependency_failure(std::string_view reason) {
    auto error = sql_error(
        "40001", "could not serialize access due to read/write dependencies among transactions");
    error.error()->detail = "Reason code: " + std::string(reason);
    error.error()->hint = "The transaction might succeed if retried.";
    return error;
}

}  // namespace atlas::sim::models::postgres
