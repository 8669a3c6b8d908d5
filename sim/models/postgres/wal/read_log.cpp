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
    SegmentName name = {};
    std::string bytes = {};  ///< Of records: without the header.
    bool has_header = false;

    LogPosition end() const { return name.start + bytes.size(); }
};

std::optional<SegmentName> segment_of_name(std::string_view name) {
    constexpr std::size_t timeline_digits = 8;
    constexpr std::size_t digits = timeline_digits + 16;
    if (name.size() != digits) return std::nullopt;
    SegmentName segment;
    const char* const middle = name.data() + timeline_digits;
    const char* const end = name.data() + digits;
    const auto timeline = std::from_chars(name.data(), middle, segment.timeline, 16);
    const auto start = std::from_chars(middle, end, segment.start, 16);
    if (timeline.ec != std::errc{} || timeline.ptr != middle) return std::nullopt;
    if (start.ec != std::errc{} || start.ptr != end) return std::nullopt;
    return segment;
}

Task<Result<Segment>> read_segment(host::Host& host, std::string directory, SegmentName name,
                                   bool fsync) {
    const std::string path = segment_path(directory, name);
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
    Segment segment{.name = name};
    segment.has_header = is_segment_header(bytes, name.start);
    if (bytes.size() > segment_header_size) segment.bytes = bytes.substr(segment_header_size);
    co_return segment;
}

// From the one that has what is before the position on.
Task<Result<std::vector<Segment>>> read_segments(host::Host& host, std::string directory,
                                                 LogPosition from, bool fsync) {
    auto names = co_await list_segments(host, directory);
    if (!names) co_return std::unexpected(std::move(names).error());
    LogPosition first = from;
    for (const SegmentName& name : *names) {
        if (name.start < from) first = name.start;
    }
    std::vector<Segment> segments;
    for (const SegmentName& name : *names) {
        if (name.start < first) continue;
        auto segment = co_await read_segment(host, directory, name, fsync);
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
        const auto record = decode_record(bytes.substr(offset), segment.name.start + offset);
        if (record) claimed = std::max(claimed, record->durable);
        offset += record ? record->size : 1;
    }
    return claimed;
}

// The segment to go on with at that position: of several the newest timeline's.
const Segment* segment_at(const std::vector<Segment>& segments, LogPosition position,
                          Timeline at_least) {
    const Segment* found = nullptr;
    for (const Segment& segment : segments) {
        if (segment.name.start == position && segment.has_header &&
            segment.name.timeline >= at_least)
            found = &segment;
    }
    return found;
}

// Whether a record that was written later says that more of the log is durable than was found.
bool is_damaged(const std::vector<Segment>& segments, const Segment& last, LogPosition position) {
    return std::ranges::any_of(segments, [&](const Segment& segment) {
        if (&segment == &last)
            return claimed_durable(segment, position - segment.name.start) > position;
        return segment.name.start >= position && segment.name.timeline >= last.name.timeline &&
               claimed_durable(segment, 0) > position;
    });
}

}  // namespace

Task<Result<std::vector<SegmentName>>> list_segments(host::Host& host, std::string directory) {
    auto names = co_await host.disk().list(directory);
    if (!names) co_return std::unexpected(std::move(names).error());
    std::vector<SegmentName> segments;
    for (const std::string& name : *names) {
        if (const auto segment = segment_of_name(name)) segments.push_back(*segment);
    }
    std::ranges::sort(segments, {}, [](const SegmentName& segment) {
        return std::pair(segment.start, segment.timeline);
    });
    co_return segments;
}

Task<Result<LogEnd>> read_log(host::Host& host, std::string directory, LogPosition from,
                              std::uint64_t link, bool fsync,
                              std::function<bool(std::string_view, LogPosition)> replay) {
    auto read = co_await read_segments(host, directory, from, fsync);
    if (!read) co_return std::unexpected(std::move(read).error());
    const std::vector<Segment> segments = *std::move(read);
    const Segment* segment = segment_at(segments, from, 0);
    // One that begins there may have been cut short in its making, before anything was put in it:
    // then the log ends with the one before. (A follower's checkpoint does not wait for it.)
    const bool is_cut_off = std::ranges::none_of(segments, [&](const Segment& other) {
        return other.name.start == from && !other.bytes.empty();
    });
    if (segment == nullptr && is_cut_off && !segments.empty())
        segment = segment_at(segments, segments.front().name.start, 0);
    if (segment == nullptr || segment->name.start > from || segment->end() < from) {
        co_return failure(ErrorCode::data_corrupted,
                          fmt::format("the log at {:X}, from where the checkpoint wants it, is "
                                      "missing or damaged",
                                      from));
    }
    LogPosition position = from;
    while (true) {
        const std::string_view bytes = segment->bytes;
        while (position < segment->end()) {
            const auto record =
                decode_record(bytes.substr(position - segment->name.start), position);
            if (!record || record->link != link) break;
            if (!replay(record->payload, position + record->size)) {
                co_return failure(ErrorCode::data_corrupted,
                                  fmt::format("the log record at {:X} cannot be read", position));
            }
            link = next_link(link, position, record->payload);
            position += record->size;
        }
        // A segment is full to its last byte when the next one begins.
        const Segment* const next = position < segment->end() || position == segment->name.start
                                        ? nullptr
                                        : segment_at(segments, position, segment->name.timeline);
        if (next == nullptr) break;
        segment = next;
    }
    if (is_damaged(segments, *segment, position)) {
        co_return failure(
            ErrorCode::data_corrupted,
            fmt::format("the log is damaged at {:X}, before records that were written later",
                        position));
    }
    co_return LogEnd{.position = position,
                     .timeline = segment->name.timeline,
                     .segment = segment->name.start,
                     .link = link};
}

Task<Result<std::optional<std::string>>> read_segment_bytes(host::Host& host, std::string directory,
                                                            TimelineHistory history,
                                                            LogPosition from, std::size_t most) {
    auto segments = co_await list_segments(host, directory);
    if (!segments) co_return std::unexpected(std::move(segments).error());
    std::optional<SegmentName> found;
    LogPosition end = from + most;
    for (const SegmentName& segment : *segments) {
        const auto left = history.end_of(segment.timeline);
        // Of another history, or of this one's past after it was left.
        if (!history.contains(segment.timeline) || (left && segment.start >= *left)) continue;
        if (segment.start <= from) {
            found = segment;
        } else {
            end = std::min(end, segment.start);
        }
    }
    if (!found) co_return std::nullopt;
    auto opened =
        co_await host.disk().open(segment_path(directory, *found), host::OpenMode::read_only);
    if (!opened) co_return std::unexpected(std::move(opened).error());
    const std::unique_ptr<host::File> file = *std::move(opened);
    std::string bytes(end - from, '\0');
    auto read = co_await host::read_up_to(*file, segment_header_size + (from - found->start),
                                          std::as_writable_bytes(std::span(bytes)));
    if (!read) co_return std::unexpected(std::move(read).error());
    bytes.resize(*read);
    co_return std::optional<std::string>(std::move(bytes));
}

Task<Result<bool>> has_records(host::Host& host, std::string directory) {
    auto segments = co_await read_segments(host, directory, 0, false);
    if (!segments) co_return std::unexpected(std::move(segments).error());
    co_return std::ranges::any_of(*segments,
                                  [](const Segment& segment) { return !segment.bytes.empty(); });
}

}  // namespace atlas::sim::models::postgres
