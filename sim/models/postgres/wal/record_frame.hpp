#pragma once
// The bytes around a log record and at the head of a segment.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace atlas::sim::models::postgres {

/// Length, position, durable position, checksum.
inline constexpr std::size_t record_header_size = 4 + 8 + 8 + 8;
/// Magic number, position, checksum.
inline constexpr std::size_t segment_header_size = 8 + 8 + 8;

struct RecordFrame {
    std::uint64_t durable = 0;
    std::string_view payload;
    std::size_t size = 0;  ///< With its header.
};

std::string encode_record(std::uint64_t position, std::uint64_t durable, std::string_view payload);

/// The record at the front, if a whole and undamaged one of that position is there.
std::optional<RecordFrame> decode_record(std::string_view bytes, std::uint64_t position);

std::string encode_segment_header(std::uint64_t position);
bool is_segment_header(std::string_view bytes, std::uint64_t position);

/// XXH3, as all checksums of the model are.
std::uint64_t checksum(std::string_view bytes);

}  // namespace atlas::sim::models::postgres
