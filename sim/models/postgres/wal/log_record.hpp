#pragma once
// The kinds of log records and the fields that all of them have. What a commit or a prepared
// transaction did is in record.hpp's operations.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/models/postgres/wal/encoding.hpp"

namespace atlas::sim::models::postgres {

enum class LogRecordKind : std::uint8_t {
    commit = 1,         ///< Body: what the transaction did.
    prepare,            ///< Body: PreparedRecord.
    commit_prepared,    ///< Body: the identifier.
    rollback_prepared,  ///< Body: the identifier.
    end_of_recovery,    ///< Body: empty. The first record of a new timeline.
};

struct LogRecord {
    LogRecordKind kind = LogRecordKind::commit;
    /// The server's counters when it was made: recovery goes on from there.
    std::uint64_t next_transaction = 0;
    std::uint64_t next_version = 0;
    std::uint32_t next_oid = 0;
    /// Microseconds since 2000-01-01, by the clock of the server that made it.
    std::int64_t time = 0;
    /// It makes, changes or drops tables: what a follower's sessions hold must not be in use.
    bool definitions = false;
    std::string_view body = {};
};

std::string encode_log_record(const LogRecord& record);
/// nullopt if the bytes are too few, or of no known kind.
std::optional<LogRecord> decode_log_record(std::string_view payload);

/// A lock that outlives the session that took it. The fields are LockTag's and TableLockMode's.
struct LoggedLock {
    std::uint8_t kind = 0;
    std::uint64_t first = 0;
    std::uint64_t second = 0;
    std::uint8_t mode = 0;
};

/// A lock on a row version, by one of the transaction's ids.
struct LoggedRowLock {
    std::uint64_t holder = 0;
    std::uint32_t table = 0;
    std::uint64_t version = 0;
    std::uint8_t strength = 0;
};

/// All that must be known of a prepared transaction to finish it after a crash.
struct PreparedRecord {
    std::string gid;
    std::string owner;
    std::string database;
    std::int64_t prepared_at = 0;
    /// Its own and those of its savepoints, in order.
    std::vector<std::uint64_t> ids = {};
    std::vector<LoggedLock> locks = {};
    std::vector<LoggedRowLock> row_locks = {};
    /// It is serializable: what it has read, tables and indexes as a whole.
    bool is_watched = false;
    std::vector<std::uint32_t> reads = {};
    /// What it did, as a commit record has it.
    std::string redo = {};
};

void encode_prepared(Encoder& encoder, const PreparedRecord& prepared);
/// Fails the decoder if that is not what encode_prepared wrote.
PreparedRecord decode_prepared(Decoder& decoder);

}  // namespace atlas::sim::models::postgres
