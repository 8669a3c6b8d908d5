#pragma once
// Sabotage over the disk: a folder in which a file was renamed is not synced afterwards, so that a
// power loss may bring the old name back, or none. It is put under the database, whose checkpoints
// are installed by a rename.

#include <functional>

#include "properties/sabotage/sabotage.hpp"
#include "system/host/host.hpp"

namespace atlas::properties {

/// Runs the program on a host whose disk is sabotaged. The ledger outlives what is returned, the
/// host what it runs. Counted are the syncs left out.
std::function<host::Task<>(host::Host&)> rename_without_directory_sync(
    std::function<host::Task<>(host::Host&)> program, SabotageLedger& ledger);

}  // namespace atlas::properties
