#pragma once
// What functions may ask of the session that runs them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/models/postgres/catalog/catalog.hpp"
#include "sim/models/postgres/failure.hpp"
#include "sim/models/postgres/types/value.hpp"

namespace atlas::sim::models::postgres {

/// How far the server's log is. The last three are those of a server that follows another one.
struct LogPositions {
    bool in_recovery = false;
    std::uint32_t timeline = 1;
    std::uint64_t inserted = 0;
    std::uint64_t written = 0;
    std::uint64_t flushed = 0;
    std::optional<std::uint64_t> received = {};
    std::optional<std::uint64_t> replayed = {};
    std::optional<std::int64_t> last_replayed_at = {};
};

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
    /// Takes an id if the transaction has none. Errors: 25006 (the server is in recovery).
    virtual Checked<std::int64_t> transaction_id() = 0;

    virtual LogPositions log_positions() const = 0;

    /// nextval, currval, lastval, setval. Errors: 2200H, 22003, 25006, 42809, 55000, XX000.
    virtual Checked<std::int64_t> next_value(std::uint32_t sequence) = 0;
    virtual Checked<std::int64_t> current_value(std::uint32_t sequence) = 0;
    virtual Checked<std::int64_t> last_value() = 0;
    virtual Checked<> set_value(std::uint32_t sequence, std::int64_t value, bool called) = 0;
    /// random(): from the host's source.
    virtual std::uint64_t random_bits() = 0;

    /// The processes that hold, or are before it in line for, what that one waits for.
    virtual std::vector<std::uint32_t> blocking_processes(std::uint32_t) const { return {}; }
    /// Those whose transactions keep it waiting for a safe snapshot.
    virtual std::vector<std::uint32_t> safe_snapshot_blockers(std::uint32_t) const { return {}; }

    /// As the transaction sees it.
    virtual CatalogView catalog() const = 0;
    /// To be sent when the transaction commits. Errors: 22023.
    virtual Checked<> notify(std::string, std::string) { return not_covered("NOTIFY"); }
};

}  // namespace atlas::sim::models::postgres
