#pragma once
// What passes inside CopyData between a server and one that follows it ("Streaming Replication
// Protocol"). Times are microseconds since 2000-01-01.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace atlas::sim::models::postgres {

/// Bytes of the log from a position on; a message may begin and end within a record.
struct LogData {
    std::uint64_t start = 0;
    std::uint64_t log_end = 0;  ///< Of the sender.
    std::int64_t sent_at = 0;
    std::string_view records = {};
};

struct Keepalive {
    std::uint64_t log_end = 0;
    std::int64_t sent_at = 0;
    bool reply_requested = false;
};

struct StandbyStatus {
    std::uint64_t written = 0;
    std::uint64_t flushed = 0;
    std::uint64_t applied = 0;
    std::int64_t sent_at = 0;
    bool reply_requested = false;
};

using SenderMessage = std::variant<LogData, Keepalive>;

/// Each appends a whole CopyData message.
void append_copy_data(std::string& out, const LogData& message);
void append_copy_data(std::string& out, const Keepalive& message);
void append_copy_data(std::string& out, const StandbyStatus& message);

/// Of a CopyData's payload; nullopt if it is malformed, or of a kind that the model does not know.
std::optional<SenderMessage> decode_sender_message(std::string_view payload);
std::optional<StandbyStatus> decode_standby_status(std::string_view payload);

}  // namespace atlas::sim::models::postgres
