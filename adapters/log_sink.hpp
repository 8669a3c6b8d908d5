#pragma once
// Where log records of the real world go: one JSON object a line, or a line for people on a
// terminal. Written by a thread of its own (spdlog's), so that a slow reader of the log does not
// stop the loop; when it falls behind, the oldest records are dropped.

#include <memory>
#include <string>
#include <string_view>

#include "system/host/log.hpp"
#include "system/host/time.hpp"

namespace spdlog {
class logger;
namespace details {
class thread_pool;
}
}  // namespace spdlog

namespace atlas::adapters {

enum class LogFormat : std::uint8_t { json, text };

/// JSON unless the standard error is a terminal.
LogFormat default_log_format();

/// The record as one line, without its end. JSON: "time", "level", "message", "machine",
/// "trace_id" if there is one, then the fields; bytes that are not UTF-8 become U+FFFD, and every
/// control character is escaped, so that one record is one line whatever the fields hold.
std::string to_json_line(const host::LogRecord& record, host::UtcTime time,
                         std::string_view machine);
std::string to_text_line(const host::LogRecord& record, host::UtcTime time);

/// RFC 3339 in UTC, with nanoseconds: "2026-01-31T12:00:00.000000001Z".
std::string to_rfc3339(host::UtcTime time);

/// Writes to the standard error.
class LogSink {
  public:
    LogSink(LogFormat format, std::string machine);
    ~LogSink();

    void write(const host::LogRecord& record, host::UtcTime time);
    /// Behind all that is queued; it is out when the call returns. Nothing may be written after.
    void write_last_words(const host::LogRecord& record, host::UtcTime time);

  private:
    std::string render(const host::LogRecord& record, host::UtcTime time) const;

    LogFormat format_;
    std::string machine_;
    std::shared_ptr<spdlog::details::thread_pool> writer_;
    std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace atlas::adapters
