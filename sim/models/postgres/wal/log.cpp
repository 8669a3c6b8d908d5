#include "sim/models/postgres/wal/log.hpp"

#include <fmt/format.h>

#include <span>

#include "sim/models/postgres/wal/record_frame.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::models::postgres {

using host::Deadline;
using host::Result;
using host::Task;

namespace {

/// Of the flushed log, so much at least stays in memory for followers.
constexpr std::size_t recent_bytes = 1 << 20;

}  // namespace

std::string segment_path(std::string_view directory, SegmentName segment) {
    return fmt::format("{}/{:08X}{:016X}", directory, segment.timeline, segment.start);
}

LogWriter::LogWriter(host::Host& host, Options options)
    : host_(host), options_(std::move(options)), work_(host), waiting_(host) {}

Task<Result<void>> LogWriter::create_segment(LogPosition position) {
    const std::string path = segment_path(options_.directory, {timeline_, position});
    // There may be one from before a crash, in which nothing was ever put that counts.
    auto opened = co_await host_.disk().open(path, host::OpenMode::create_or_open);
    if (!opened) co_return std::unexpected(std::move(opened).error());
    std::unique_ptr<host::File> file = *std::move(opened);
    auto emptied = co_await file->truncate(0);
    if (!emptied) co_return emptied;
    const std::string header = encode_segment_header(position);
    auto written = co_await host::write_all_at(*file, 0, std::as_bytes(std::span(header)));
    if (!written) co_return written;
    if (options_.fsync) {
        auto synced = co_await file->sync();
        if (!synced) co_return synced;
        synced = co_await host_.disk().sync_directory(options_.directory);
        if (!synced) co_return synced;
    }
    file_ = std::move(file);
    segment_ = position;
    co_return Result<void>{};
}

Task<Result<void>> LogWriter::reopen_segment(LogEnd end) {
    const std::string path = segment_path(options_.directory, {end.timeline, *end.segment});
    auto opened = co_await host_.disk().open(path, host::OpenMode::read_write);
    if (!opened) co_return std::unexpected(std::move(opened).error());
    std::unique_ptr<host::File> file = *std::move(opened);
    auto done = co_await file->truncate(segment_header_size + (end.position - *end.segment));
    if (!done) co_return done;
    if (options_.fsync) {
        done = co_await file->sync();
        if (!done) co_return done;
        // The crash may have come between the file's making and that of its name.
        done = co_await host_.disk().sync_directory(options_.directory);
        if (!done) co_return done;
    }
    file_ = std::move(file);
    segment_ = *end.segment;
    co_return Result<void>{};
}

// A segment that begins where the log ends, or behind that, holds nothing that counts: its making
// was cut short, or, without fsync, what came before it was lost.
Task<Result<void>> LogWriter::remove_segments_after(LogEnd end) {
    auto segments = co_await list_segments(host_, options_.directory);
    if (!segments) co_return std::unexpected(std::move(segments).error());
    bool any = false;
    for (const SegmentName& segment : *segments) {
        const bool last = segment.timeline == end.timeline && segment.start == end.segment;
        if (segment.start < end.position || last) continue;
        auto removed = co_await host_.disk().remove(segment_path(options_.directory, segment));
        if (!removed) co_return removed;
        any = true;
    }
    if (!any || !options_.fsync) co_return Result<void>{};
    auto synced = co_await host_.disk().sync_directory(options_.directory);
    co_return synced;
}

Task<Result<void>> LogWriter::start(LogEnd end) {
    end_ = written_ = flushed_ = durable_ = recent_start_ = end.position;
    link_ = end.link;
    timeline_ = end.timeline;
    auto removed = co_await remove_segments_after(end);
    if (!removed) co_return removed;
    auto opened = co_await (end.segment ? reopen_segment(end) : create_segment(end.position));
    co_return opened;
}

LogPosition LogWriter::append(std::string_view payload, bool urgent) {
    const std::string record = encode_record(end_, durable_, link_, payload);
    link_ = next_link(link_, end_, payload);
    buffer_ += record;
    end_ += record.size();
    if (urgent) {
        urgent_ = true;
    } else if (lazy_deadline_.is_never()) {
        lazy_deadline_ = host::deadline_after(host_, options_.writer_delay);
    }
    work_.set();
    return end_;
}

LogPosition LogWriter::switch_segment() {
    if (end_ == segment_) return end_;
    ATLAS_CHECK(!switch_at_, "a segment begins when the last one is there");
    switch_at_ = end_;
    urgent_ = true;
    work_.set();
    return end_;
}

LogPosition LogWriter::switch_timeline(Timeline timeline) {
    ATLAS_CHECK(!switch_at_, "a timeline begins when the last one is at rest");
    switch_at_ = end_;
    switch_to_ = timeline;
    urgent_ = true;
    work_.set();
    return end_;
}

void LogWriter::keep_recent(std::string_view bytes) {
    recent_ += bytes;
    if (recent_.size() <= 2 * recent_bytes) return;
    const std::size_t surplus = recent_.size() - recent_bytes;
    recent_.erase(0, surplus);
    recent_start_ += surplus;
}

std::optional<std::string> LogWriter::recent(LogPosition from, std::size_t most) const {
    if (from < recent_start_ || from > recent_start_ + recent_.size()) return std::nullopt;
    return recent_.substr(from - recent_start_, most);
}

Task<> LogWriter::wait_flushed(LogPosition position) {
    while (flushed_ < position || switch_at_)
        co_await waiting_.wait(Deadline::never());
}

Task<> LogWriter::wait_switched() {
    while (switch_at_)
        co_await waiting_.wait(Deadline::never());
}

Task<> LogWriter::wait_for_work() {
    while (!urgent_ && !lazy_deadline_.passed(host_.clock().now())) {
        work_.reset();
        co_await work_.wait(lazy_deadline_);
    }
    urgent_ = false;
    lazy_deadline_ = Deadline::never();
}

void LogWriter::panic(std::string_view action, const host::Error& error) {
    host_.fatal(fmt::format("PANIC: could not {} file \"{}\": {}", action,
                            segment_path(options_.directory, {timeline_, segment_}),
                            host::describe(error)));
}

// Writes all that is in line, up to where a new segment begins.
Task<> LogWriter::flush_once() {
    const LogPosition target = switch_at_.value_or(end_);
    const std::size_t size = target - written_;
    const std::string bytes = buffer_.substr(0, size);
    buffer_.erase(0, size);
    if (!bytes.empty()) {
        const std::uint64_t offset = segment_header_size + (written_ - segment_);
        auto written = co_await host::write_all_at(*file_, offset, std::as_bytes(std::span(bytes)));
        if (!written) panic("write to", written.error());
        written_ = target;
        if (on_written_) on_written_();
        co_await host_.fault_point("postgres.log_written");
        if (options_.fsync) {
            auto synced = co_await file_->sync();
            if (!synced) panic("fsync", synced.error());
            durable_ = target;
        }
        co_await host_.fault_point("postgres.log_flushed");
    }
    written_ = target;
    flushed_ = target;
    keep_recent(bytes);
    // Who waits for these bytes has nothing to do with the next segment.
    if (on_flushed_) on_flushed_();
    if (switch_at_ == target) {
        timeline_ = switch_to_.value_or(timeline_);
        switch_to_.reset();
        auto created = co_await create_segment(target);
        if (!created) panic("create", created.error());
        switch_at_.reset();
    }
}

Task<> LogWriter::run() {
    while (true) {
        co_await wait_for_work();
        co_await flush_once();
        waiting_.wake_all();
    }
}

Task<Result<void>> LogWriter::remove_segments_before(LogPosition position) {
    auto segments = co_await list_segments(host_, options_.directory);
    if (!segments) co_return std::unexpected(std::move(segments).error());
    for (std::size_t i = 0; i + 1 < segments->size(); ++i) {
        if ((*segments)[i + 1].start > position) break;
        const std::string path = segment_path(options_.directory, (*segments)[i]);
        auto removed = co_await host_.disk().remove(path);
        if (!removed) co_return removed;
    }
    co_return Result<void>{};
}

}  // namespace atlas::sim::models::postgres
