#pragma once
// The bytes of a checkpoint.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace atlas::sim::models::postgres {

struct CheckpointFile {
    /// The log is to be replayed from here.
    std::uint64_t redo = 0;
    std::uint64_t next_transaction = 0;
    std::uint64_t next_version = 0;
    std::uint32_t next_oid = 0;
    /// Operations that make the state, as in a log record (record.hpp).
    std::string state = {};
};

std::string encode_checkpoint_file(const CheckpointFile& checkpoint);

/// nullopt if the bytes are damaged.
std::optional<CheckpointFile> decode_checkpoint_file(std::string_view bytes);

}  // namespace atlas::sim::models::postgres
