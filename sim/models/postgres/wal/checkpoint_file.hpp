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
    /// Of the record that is there (record_frame.hpp).
    std::uint64_t link = 0;
    std::uint32_t timeline = 1;
    /// The same for a server and all that were made as copies of it.
    std::uint64_t system_identifier = 0;
    /// It is a copy of another server's, and the log from `redo` on may be still to come.
    bool is_backup = false;
    std::uint64_t next_transaction = 0;
    std::uint64_t next_version = 0;
    std::uint32_t next_oid = 0;
    /// One after the other, as encode_prepared() writes them.
    std::string prepared = {};
    /// Operations that make the state, as in a log record (record.hpp).
    std::string state = {};
};

std::string encode_checkpoint_file(const CheckpointFile& checkpoint);

/// nullopt if the bytes are damaged.
std::optional<CheckpointFile> decode_checkpoint_file(std::string_view bytes);

}  // namespace atlas::sim::models::postgres
