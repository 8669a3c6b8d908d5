#pragma once
// What functions may ask of the session that runs them.

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/models/postgres/failure.hpp"
#include "sim/models/postgres/types/value.hpp"

namespace atlas::sim::models::postgres {

/// Implemented by the session; tests of expressions bring their own. Times are in microseconds
/// since 2000-01-01, as timestamptz has them.
class FunctionEnvironment {
  public:
    virtual ~FunctionEnvironment() = default;

    virtual std::int64_t transaction_time() = 0;
    virtual std::int64_t statement_time() = 0;
    virtual std::int64_t clock_time() = 0;
    virtual Uuid random_uuid() = 0;

    virtual std::string user() const = 0;
    virtual std::string database() const = 0;
    virtual std::uint32_t process_id() const = 0;

    /// Errors: 42704, 0A000.
    virtual Checked<std::string> setting(std::string_view name) const = 0;
    /// Errors: 42704, 0A000, 42602, 22023, 55P02.
    virtual Checked<std::string> change_setting(std::string_view name, std::string value,
                                                bool local) = 0;
    /// Takes an id if the transaction has none.
    virtual std::int64_t transaction_id() = 0;
};

}  // namespace atlas::sim::models::postgres
