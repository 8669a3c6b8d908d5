#pragma once
// Files that are read whole and replaced whole: at every moment, and after a crash at any moment,
// there is the old one or the new one under the name, never a part of either.
//
// The order that makes it so: the bytes under another name, their sync, the rename, the sync of the
// folder. A sync that failed leaves the durable content unknown (disk.hpp), under either name; so
// whoever must know what is there reads it anew.

#include <cstdint>
#include <optional>
#include <string>

#include "system/host/host.hpp"

namespace atlas::host {

/// nullopt if there is none. Errors: data_corrupted if it has more than `most` bytes; the disk's.
Task<Result<std::optional<std::string>>> read_whole_file(Host& host, std::string path,
                                                         std::uint64_t most = UINT64_MAX);

enum class Durability : std::uint8_t {
    durable,  ///< When it returns, also by way of a power loss.
    unsynced  ///< Whole for those that read it, until the machine loses power.
};

constexpr Durability durable_if(bool wanted) {
    return wanted ? Durability::durable : Durability::unsynced;
}

/// Uses the name `name`.next in the same folder. A process may die at its fault points
/// "file.written" (all but the rename) and "file.replaced". Errors: the disk's; under the name
/// there is then the old file or the new one.
Task<Result<void>> replace_file(Host& host, std::string folder, std::string name, std::string bytes,
                                Durability durability = Durability::durable);

/// One that is not there is no error; that it is not there is made durable all the same, because it
/// may have been removed without that. Errors: the disk's.
Task<Result<void>> remove_file(Host& host, std::string folder, std::string name,
                               Durability durability = Durability::durable);

}  // namespace atlas::host
