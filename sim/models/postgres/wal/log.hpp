#pragma once
// The write-ahead log on disk: segments of checksummed records, written by one task that serves all
// commits waiting at the time with one write and one sync (group commit).
//
// A position (LSN) counts the bytes of records, without gaps for as long as the log lives; a
// segment is named by its timeline and the position it starts at. Each record says its own position
// and up to where the log was known to be durable when the record was made. So recovery can tell a
// tail that was never synced (nothing after it claims otherwise) from damage (something does).

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/models/postgres/wal/timeline.hpp"
#include "system/host/event.hpp"
#include "system/host/host.hpp"

namespace atlas::sim::models::postgres {

using LogPosition = std::uint64_t;

/// Where a log that was read back ends, and the last segment of it; none if there is no segment.
struct LogEnd {
    LogPosition position = 0;
    Timeline timeline = first_timeline;
    std::optional<LogPosition> segment = {};
    /// Of the next record (record_frame.hpp).
    std::uint64_t link = 0;
};

class LogWriter {
  public:
    struct Options {
        std::string directory;  ///< Of the segments.
        bool fsync = true;
        host::Duration writer_delay{};
    };

    LogWriter(host::Host& host, Options options);

    /// Before start(): the settings that count are known late.
    void configure(bool fsync, host::Duration writer_delay) {
        options_.fsync = fsync;
        options_.writer_delay = writer_delay;
    }

    /// Goes on where the log ends: cuts off what a crash left behind that, or makes the first
    /// segment; durable. Before run(). Errors: the disk's.
    host::Task<host::Result<void>> start(LogEnd end);

    /// Puts a record in line and returns the position behind it. It is written soon if `urgent`,
    /// within writer_delay otherwise.
    LogPosition append(std::string_view payload, bool urgent);

    /// From here on records go to a new segment, which starts at the position returned. (Nothing
    /// to do if the present one is still empty.) Not while a switch is under way: see
    /// wait_switched().
    LogPosition switch_segment();
    /// The same, and to a new timeline.
    LogPosition switch_timeline(Timeline timeline);

    Timeline timeline() const { return timeline_; }
    /// All before it is written, and synced unless fsync is off.
    LogPosition flushed() const { return flushed_; }
    /// All before it is written.
    LogPosition written() const { return written_; }
    LogPosition end() const { return end_; }
    /// Of the record that comes next.
    std::uint64_t link() const { return link_; }

    /// Flushed bytes of the log from a position on, as many as there are in memory and at most so
    /// many; nullopt if memory does not go back so far.
    std::optional<std::string> recent(LogPosition from, std::size_t most) const;

    /// Waits until the log is flushed up to there and the segment switched to, if one was asked
    /// for, exists.
    host::Task<> wait_flushed(LogPosition position);

    /// Waits until the segment switched to, if one was asked for, exists.
    host::Task<> wait_switched();

    /// Called after each flush, from the writer's task, before a new segment is made.
    void on_flushed(std::function<void()> callback) { on_flushed_ = std::move(callback); }
    /// The same after each write, before its sync.
    void on_written(std::function<void()> callback) { on_written_ = std::move(callback); }

    /// The writer's task. A write or a sync that fails ends the process (PANIC): nobody knows then
    /// what is on the disk.
    host::Task<> run();

    /// Removes segments that end before the position or at it. Errors: the disk's.
    host::Task<host::Result<void>> remove_segments_before(LogPosition position);

  private:
    host::Task<host::Result<void>> create_segment(LogPosition position);
    host::Task<host::Result<void>> reopen_segment(LogEnd end);
    host::Task<host::Result<void>> remove_segments_after(LogEnd end);
    void keep_recent(std::string_view bytes);
    host::Task<> wait_for_work();
    host::Task<> flush_once();
    [[noreturn]] void panic(std::string_view action, const host::Error& error);

    host::Host& host_;
    Options options_;
    std::unique_ptr<host::File> file_;
    Timeline timeline_ = first_timeline;
    LogPosition segment_ = 0;
    LogPosition end_ = 0;
    std::uint64_t link_ = 0;
    LogPosition written_ = 0;
    LogPosition flushed_ = 0;
    /// What syncs have really covered: never moves with fsync off.
    LogPosition durable_ = 0;
    std::string buffer_;
    std::optional<LogPosition> switch_at_;
    std::optional<Timeline> switch_to_;
    /// The last bytes that were flushed.
    std::string recent_;
    LogPosition recent_start_ = 0;
    bool urgent_ = false;
    host::Deadline lazy_deadline_ = host::Deadline::never();
    host::Event work_;
    host::WaitList waiting_;
    std::function<void()> on_flushed_;
    std::function<void()> on_written_;
};

struct SegmentName {
    Timeline timeline = 0;
    LogPosition start = 0;
};

/// "pg_wal/000000010000000000010000".
std::string segment_path(std::string_view directory, SegmentName segment);

/// The segments in the folder, by their starts and then their timelines. Errors: the disk's.
host::Task<host::Result<std::vector<SegmentName>>> list_segments(host::Host& host,
                                                                 std::string directory);

/// Reads the log from the start of a record, which is linked so, and hands each record's payload
/// and the position behind it to `replay`, which returns false if it cannot be. From one segment it
/// goes on to the one that starts where it ends, on the newest timeline that has one. Errors:
/// data_corrupted (no segment has the position, or damage before the log's end), the disk's.
host::Task<host::Result<LogEnd>> read_log(
    host::Host& host, std::string directory, LogPosition from, std::uint64_t link, bool fsync,
    std::function<bool(std::string_view, LogPosition)> replay);

/// Bytes of the log of one history, from segments on disk: at most so many, and none behind the
/// segment that has the first one. nullopt if no segment has it. Errors: the disk's.
host::Task<host::Result<std::optional<std::string>>> read_segment_bytes(host::Host& host,
                                                                        std::string directory,
                                                                        TimelineHistory history,
                                                                        LogPosition from,
                                                                        std::size_t most);

/// Whether any segment holds a record: then there should be a checkpoint too.
host::Task<host::Result<bool>> has_records(host::Host& host, std::string directory);

}  // namespace atlas::sim::models::postgres
