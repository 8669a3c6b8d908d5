#pragma once
// The bytes around a log record and at the head of a segment.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace atlas::sim::models::postgres {

/// Length, position, durable position, link, checksum.
inline constexpr std::size_t record_header_size = 4 + 8 + 8 + 8 + 8;
/// Magic number, position, checksum.
inline constexpr std::size_t segment_header_size = 8 + 8 + 8;

struct RecordFrame {
    std::uint64_t durable = 0;
    std::uint64_t link = 0;  ///< To all that came before it.
    std::string_view payload;
    std::size_t size = 0;  ///< With its header.
};

std::string encode_record(std::uint64_t position, std::uint64_t durable, std::uint64_t link,
                          std::string_view payload);

/// What the next record is to be linked with: a digest of the whole log so far. Two logs that
/// parted differ in it from there on, however alike their records are in size.
std::uint64_t next_link(std::uint64_t link, std::uint64_t position, std::string_view payload);

/// The record at the front, if a whole and undamaged one of that position is there.
std::optional<RecordFrame> decode_record(std::string_view bytes, std::uint64_t position);

/// Of the record at the front, as far as its header can be believed; 0 if there is too little of
/// it.
std::size_t record_size(std::string_view bytes);

/// Which position the record at the front says it has; nullopt if there is too little of it.
std::optional<std::uint64_t> record_position(std::string_view bytes);

std::string encode_segment_header(std::uint64_t position);
bool is_segment_header(std::string_view bytes, std::uint64_t position);

/// XXH3, as all checksums of the model are.
std::uint64_t checksum(std::string_view bytes);

}  // namespace atlas::sim::models::postgres
