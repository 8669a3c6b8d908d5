#pragma once
// The write-ahead log on disk: segments of checksummed records, written by one task that serves all
// commits waiting at the time with one write and one sync (group commit).
//
// A position (LSN) counts the bytes of records; a segment is named by the one it starts at. Each
// record says its own position and up to where the log was known to be durable when the record was
// made. So recovery can tell a tail that was never synced (nothing after it claims otherwise) from
// damage (something does).

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "system/host/event.hpp"
#include "system/host/host.hpp"

namespace atlas::sim::models::postgres {

using LogPosition = std::uint64_t;

class LogWriter {
  public:
    struct Options {
        std::string directory;  ///< Of the segments.
        bool fsync = true;
        host::Duration writer_delay{};
    };

    LogWriter(host::Host& host, Options options);

    /// Makes the first segment, durable. Before run(). Errors: the disk's.
    host::Task<host::Result<void>> start(LogPosition position);

    /// Puts a record in line and returns the position behind it. It is written soon if `urgent`,
    /// within writer_delay otherwise.
    LogPosition append(std::string_view payload, bool urgent);

    /// From here on records go to a new segment, which starts at the position returned. (Nothing
    /// to do if the present one is still empty.)
    LogPosition switch_segment();

    /// All before it is written, and synced unless fsync is off.
    LogPosition flushed() const { return flushed_; }
    LogPosition end() const { return end_; }

    /// Waits until the log is flushed up to there and the segment switched to, if one was asked
    /// for, exists.
    host::Task<> wait_flushed(LogPosition position);

    /// Called after each flush, from the writer's task.
    void on_flushed(std::function<void()> callback) { on_flushed_ = std::move(callback); }

    /// The writer's task. A write or a sync that fails ends the process (PANIC): nobody knows then
    /// what is on the disk.
    host::Task<> run();

    /// Removes segments that start before the position. Errors: the disk's.
    host::Task<host::Result<void>> remove_segments_before(LogPosition position);

  private:
    host::Task<host::Result<void>> create_segment(LogPosition position);
    host::Task<> wait_for_work();
    host::Task<> flush_once();
    [[noreturn]] void panic(std::string_view action, const host::Error& error);

    host::Host& host_;
    Options options_;
    std::unique_ptr<host::File> file_;
    LogPosition segment_ = 0;
    LogPosition end_ = 0;
    LogPosition written_ = 0;
    LogPosition flushed_ = 0;
    /// What syncs have really covered: never moves with fsync off.
    LogPosition durable_ = 0;
    std::string buffer_;
    std::optional<LogPosition> switch_at_;
    bool urgent_ = false;
    host::Deadline lazy_deadline_ = host::Deadline::never();
    host::Event work_;
    host::WaitList waiting_;
    std::function<void()> on_flushed_;
};

/// "pg_wal/0000000000010000".
std::string segment_path(std::string_view directory, LogPosition position);

/// Reads the log from a position that a segment starts at, and hands each record to `replay`, which
/// returns false if it cannot be. Returns a position beyond everything in the folder, for the next
/// segment to start at. Errors: data_corrupted (damage before the log's end), the disk's.
host::Task<host::Result<LogPosition>> read_log(host::Host& host, std::string directory,
                                               LogPosition from, bool fsync,
                                               std::function<bool(std::string_view)> replay);

/// Whether any segment holds a record: then there should be a checkpoint too.
host::Task<host::Result<bool>> has_records(host::Host& host, std::string directory);

}  // namespace atlas::sim::models::postgres
