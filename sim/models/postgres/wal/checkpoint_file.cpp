#include "sim/models/postgres/wal/checkpoint_file.hpp"

#include "sim/models/postgres/wal/encoding.hpp"
#include "sim/models/postgres/wal/record_frame.hpp"

namespace atlas::sim::models::postgres {
namespace {

constexpr std::uint64_t checkpoint_magic = 0x33504b43534c5441;  // "ATLSCKP3"

}  // namespace

std::string encode_checkpoint_file(const CheckpointFile& checkpoint) {
    Encoder encoder;
    encoder.u64(checkpoint_magic);
    encoder.u64(checkpoint.redo);
    encoder.u64(checkpoint.link);
    encoder.u32(checkpoint.timeline);
    encoder.u64(checkpoint.system_identifier);
    encoder.boolean(checkpoint.is_backup);
    encoder.u64(checkpoint.next_transaction);
    encoder.u64(checkpoint.next_version);
    encoder.u32(checkpoint.next_oid);
    encoder.string(checkpoint.prepared);
    encoder.append(checkpoint.state);
    encoder.u64(checksum(encoder.bytes()));
    return encoder.take();
}

std::optional<CheckpointFile> decode_checkpoint_file(std::string_view bytes) {
    constexpr std::size_t header = 8 + 8 + 8 + 4 + 8 + 1 + 8 + 8 + 4 + 4;
    constexpr std::size_t trailer = 8;
    if (bytes.size() < header + trailer) return std::nullopt;
    const std::string_view body = bytes.substr(0, bytes.size() - trailer);
    Decoder end(bytes.substr(body.size()));
    if (end.u64() != checksum(body)) return std::nullopt;
    Decoder decoder(body);
    if (decoder.u64() != checkpoint_magic) return std::nullopt;
    CheckpointFile checkpoint;
    checkpoint.redo = decoder.u64();
    checkpoint.link = decoder.u64();
    checkpoint.timeline = decoder.u32();
    checkpoint.system_identifier = decoder.u64();
    checkpoint.is_backup = decoder.boolean();
    checkpoint.next_transaction = decoder.u64();
    checkpoint.next_version = decoder.u64();
    checkpoint.next_oid = decoder.u32();
    checkpoint.prepared = decoder.string();
    if (decoder.failed()) return std::nullopt;
    checkpoint.state = body.substr(header + checkpoint.prepared.size());
    return checkpoint;
}

}  // namespace atlas::sim::models::postgres
