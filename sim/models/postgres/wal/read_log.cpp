// Reading the log back after a crash, and telling its end from damage.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <span>

#include "sim/models/postgres/wal/log.hpp"
#include "sim/models/postgres/wal/record_frame.hpp"

namespace atlas::sim::models::postgres {
namespace {

using host::ErrorCode;
using host::failure;
using host::Result;
using host::Task;

struct Segment {
    LogPosition start = 0;
    std::string bytes = {};  ///< Of records: without the header.
    bool has_header = false;
};

std::optional<LogPosition> position_of_name(std::string_view name) {
    LogPosition position = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), position, 16);
    if (name.size() != 16 || error != std::errc{} || end != name.data() + name.size())
        return std::nullopt;
    return position;
}

Task<Result<Segment>> read_segment(host::Host& host, std::string path, LogPosition start,
                                   bool fsync) {
    auto opened = co_await host.disk().open(path, host::OpenMode::read_write);
    if (!opened) co_return std::unexpected(std::move(opened).error());
    const std::unique_ptr<host::File> file = *std::move(opened);
    // What the crash left in the page cache counts only once it is on the disk: a commit that
    // recovery keeps must not vanish at the next power loss.
    if (fsync) {
        auto synced = co_await file->sync();
        if (!synced) co_return std::unexpected(std::move(synced).error());
    }
    auto size = co_await file->size();
    if (!size) co_return std::unexpected(std::move(size).error());
    std::string bytes(*size, '\0');
    auto read = co_await host::read_up_to(*file, 0, std::as_writable_bytes(std::span(bytes)));
    if (!read) co_return std::unexpected(std::move(read).error());
    bytes.resize(*read);
    Segment segment{.start = start};
    segment.has_header = is_segment_header(bytes, start);
    if (bytes.size() > segment_header_size) segment.bytes = bytes.substr(segment_header_size);
    co_return segment;
}

Task<Result<std::vector<Segment>>> read_segments(host::Host& host, std::string directory,
                                                 LogPosition from, bool fsync) {
    auto names = co_await host.disk().list(directory);
    if (!names) co_return std::unexpected(std::move(names).error());
    std::vector<Segment> segments;
    for (const std::string& name : *names) {
        const std::optional<LogPosition> start = position_of_name(name);
        if (!start || *start < from) continue;
        auto segment = co_await read_segment(host, directory + "/" + name, *start, fsync);
        if (!segment) co_return std::unexpected(std::move(segment).error());
        segments.push_back(*std::move(segment));
    }
    co_return segments;
}

// The highest durable position that any whole record from `offset` on claims. Lengths cannot be
// trusted there, so every offset is tried; a record names its own position, which rules out nearly
// all of them at once.
LogPosition claimed_durable(const Segment& segment, std::size_t offset) {
    LogPosition claimed = 0;
    const std::string_view bytes = segment.bytes;
    while (offset < bytes.size()) {
        const auto record = decode_record(bytes.substr(offset), segment.start + offset);
        if (record) claimed = std::max(claimed, record->durable);
        offset += record ? record->size : 1;
    }
    return claimed;
}

}  // namespace

Task<Result<LogPosition>> read_log(host::Host& host, std::string directory, LogPosition from,
                                   bool fsync, std::function<bool(std::string_view)> replay) {
    auto read = co_await read_segments(host, directory, from, fsync);
    if (!read) co_return std::unexpected(std::move(read).error());
    const std::vector<Segment> segments = *std::move(read);
    if (segments.empty() || segments.front().start != from || !segments.front().has_header) {
        co_return failure(ErrorCode::data_corrupted,
                          fmt::format("the log segment {} that the checkpoint names is missing or "
                                      "damaged",
                                      segment_path(directory, from)));
    }
    LogPosition position = from;
    LogPosition beyond = from;
    bool ended = false;
    for (const Segment& segment : segments) {
        beyond = std::max(beyond, segment.start + segment.bytes.size());
        std::size_t offset = 0;
        if (!ended && segment.start == position && segment.has_header) {
            while (offset < segment.bytes.size()) {
                const auto record =
                    decode_record(std::string_view(segment.bytes).substr(offset), position);
                if (!record) break;
                if (!replay(record->payload)) {
                    co_return failure(
                        ErrorCode::data_corrupted,
                        fmt::format("the log record at {:X} cannot be read", position));
                }
                offset += record->size;
                position += record->size;
            }
        }
        // A segment is full to its last byte when the next one begins.
        ended = ended || offset < segment.bytes.size() || segment.start > position;
        if (ended && claimed_durable(segment, offset) > position) {
            co_return failure(ErrorCode::data_corrupted,
                              fmt::format("the log is damaged at {:X}, before records that were "
                                          "written later",
                                          position));
        }
    }
    co_return beyond;
}

Task<Result<bool>> has_records(host::Host& host, std::string directory) {
    auto segments = co_await read_segments(host, directory, 0, false);
    if (!segments) co_return std::unexpected(std::move(segments).error());
    co_return std::ranges::any_of(*segments,
                                  [](const Segment& segment) { return !segment.bytes.empty(); });
}

}  // namespace atlas::sim::models::postgres
