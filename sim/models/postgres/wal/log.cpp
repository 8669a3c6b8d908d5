#include "sim/models/postgres/wal/log.hpp"

#include <fmt/format.h>

#include <span>

#include "sim/models/postgres/wal/record_frame.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::models::postgres {

using host::Deadline;
using host::Result;
using host::Task;

std::string segment_path(std::string_view directory, LogPosition position) {
    return fmt::format("{}/{:016X}", directory, position);
}

LogWriter::LogWriter(host::Host& host, Options options)
    : host_(host), options_(std::move(options)), work_(host), waiting_(host) {}

Task<Result<void>> LogWriter::create_segment(LogPosition position) {
    const std::string path = segment_path(options_.directory, position);
    auto opened = co_await host_.disk().open(path, host::OpenMode::create_exclusive);
    if (!opened) co_return std::unexpected(std::move(opened).error());
    std::unique_ptr<host::File> file = *std::move(opened);
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

Task<Result<void>> LogWriter::start(LogPosition position) {
    end_ = written_ = flushed_ = durable_ = position;
    auto created = co_await create_segment(position);
    co_return created;
}

LogPosition LogWriter::append(std::string_view payload, bool urgent) {
    const std::string record = encode_record(end_, durable_, payload);
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
    ATLAS_CHECK(!switch_at_, "one checkpoint runs at a time");
    switch_at_ = end_;
    urgent_ = true;
    work_.set();
    return end_;
}

Task<> LogWriter::wait_flushed(LogPosition position) {
    while (flushed_ < position || switch_at_)
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
                            segment_path(options_.directory, segment_), host::describe(error)));
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
    if (switch_at_ == target) {
        auto created = co_await create_segment(target);
        if (!created) panic("create", created.error());
        switch_at_.reset();
    }
}

Task<> LogWriter::run() {
    while (true) {
        co_await wait_for_work();
        co_await flush_once();
        if (on_flushed_) on_flushed_();
        waiting_.wake_all();
    }
}

Task<Result<void>> LogWriter::remove_segments_before(LogPosition position) {
    auto names = co_await host_.disk().list(options_.directory);
    if (!names) co_return std::unexpected(std::move(names).error());
    const std::string first_kept = fmt::format("{:016X}", position);
    for (const std::string& name : *names) {
        if (name.size() != first_kept.size() || name >= first_kept) continue;
        auto removed = co_await host_.disk().remove(options_.directory + "/" + name);
        if (!removed) co_return removed;
    }
    co_return Result<void>{};
}

}  // namespace atlas::sim::models::postgres
