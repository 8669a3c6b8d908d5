#include "sim/models/postgres/wal/record_frame.hpp"

#include <xxhash.h>

#include "sim/models/postgres/wal/encoding.hpp"

namespace atlas::sim::models::postgres {
namespace {

constexpr std::uint64_t segment_magic = 0x4c41575f53414c54;  // "TLAS_WAL"

std::string record_prefix(std::uint64_t position, std::uint64_t durable, std::uint64_t link,
                          std::size_t length) {
    Encoder encoder;
    encoder.u32(static_cast<std::uint32_t>(length));
    encoder.u64(position);
    encoder.u64(durable);
    encoder.u64(link);
    return encoder.take();
}

// Of the header's first fields and the payload, without copying the payload.
std::uint64_t record_checksum(std::string_view prefix, std::string_view payload) {
    return XXH3_64bits_withSeed(payload.data(), payload.size(), checksum(prefix));
}

}  // namespace

std::uint64_t checksum(std::string_view bytes) {
    return XXH3_64bits(bytes.data(), bytes.size());
}

std::string encode_record(std::uint64_t position, std::uint64_t durable, std::uint64_t link,
                          std::string_view payload) {
    Encoder encoder;
    encoder.append(record_prefix(position, durable, link, payload.size()));
    encoder.u64(record_checksum(encoder.bytes(), payload));
    encoder.append(payload);
    return encoder.take();
}

std::optional<RecordFrame> decode_record(std::string_view bytes, std::uint64_t position) {
    if (bytes.size() < record_header_size) return std::nullopt;
    Decoder decoder(bytes.substr(0, record_header_size));
    const std::uint32_t length = decoder.u32();
    if (decoder.u64() != position) return std::nullopt;
    RecordFrame frame;
    frame.durable = decoder.u64();
    frame.link = decoder.u64();
    const std::uint64_t expected = decoder.u64();
    if (bytes.size() - record_header_size < length) return std::nullopt;
    frame.payload = bytes.substr(record_header_size, length);
    frame.size = record_header_size + length;
    const std::string_view prefix = bytes.substr(0, record_header_size - 8);
    if (record_checksum(prefix, frame.payload) != expected) return std::nullopt;
    return frame;
}

std::uint64_t next_link(std::uint64_t link, std::uint64_t position, std::string_view payload) {
    return XXH3_64bits_withSeed(payload.data(), payload.size(), link ^ position);
}

std::size_t record_size(std::string_view bytes) {
    if (bytes.size() < record_header_size) return 0;
    Decoder decoder(bytes);
    return record_header_size + decoder.u32();
}

std::optional<std::uint64_t> record_position(std::string_view bytes) {
    if (bytes.size() < record_header_size) return std::nullopt;
    Decoder decoder(bytes);
    decoder.u32();
    return decoder.u64();
}

std::string encode_segment_header(std::uint64_t position) {
    Encoder encoder;
    encoder.u64(segment_magic);
    encoder.u64(position);
    encoder.u64(checksum(encoder.bytes()));
    return encoder.take();
}

bool is_segment_header(std::string_view bytes, std::uint64_t position) {
    return bytes.starts_with(encode_segment_header(position));
}

}  // namespace atlas::sim::models::postgres
