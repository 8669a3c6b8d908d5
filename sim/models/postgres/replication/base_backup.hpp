#pragma once
// Copies of a running server: a new follower's data, and the way back for an old primary whose log
// has parted from the new one's. What pg_basebackup and pg_rewind do, over the same protocol.

#include <cstdint>
#include <string>

#include "system/host/host.hpp"

namespace atlas::sim::models::postgres {

struct CopySource {
    std::string conninfo;
    /// For primary_slot_name; the slot is not made here.
    std::string slot = {};
    /// Leaves the copy a follower of the source: standby.signal, and primary_conninfo in
    /// postgresql.auto.conf.
    bool follow = true;
};

/// Puts a copy of the source's data into a directory that no server has open. What was there is
/// lost, but for the settings. One that was cut short leaves a directory that no server opens;
/// this, or rewind(), makes it anew. Errors: already_exists (a server has it open), unavailable
/// (the source's refusal), the network's, the disk's.
host::Task<host::Result<void>> base_backup(host::Host& host, std::string data_directory,
                                           CopySource source);

/// Of the server whose data these are. Errors: data_corrupted, the disk's.
host::Task<host::Result<std::uint64_t>> read_system_identifier(host::Host& host,
                                                               std::string data_directory);

enum class Rewind : std::uint8_t {
    not_needed,  ///< All of its log is part of the source's history.
    copied,
};

/// Brings a server that is down back under the source, if its log has parted from the source's.
/// Unlike pg_rewind it then copies everything, also where the log cannot be read or an earlier copy
/// was cut short. Errors: as base_backup; conflict (not a copy of the
/// same server), data_corrupted.
host::Task<host::Result<Rewind>> rewind(host::Host& host, std::string data_directory,
                                        CopySource source);

}  // namespace atlas::sim::models::postgres
