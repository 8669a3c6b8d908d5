#pragma once
// Sabotage over the database's disk: whoever renames a file into its place forgets to sync the
// folder, so that a power loss may leave the old file there.

#include <functional>

#include "properties/sabotage/decorated_disk.hpp"
#include "properties/sabotage/sabotage.hpp"

namespace atlas::properties {

/// The first sync of a folder after a rename into it is answered without being done.
class ForgetfulDisk final : public DecoratedDisk {
  public:
    /// Both outlive it. Counted are the syncs that were left out.
    ForgetfulDisk(host::Disk& inner, SabotageLedger& ledger);

    host::Task<host::Result<void>> rename(std::string from, std::string to) override;
    host::Task<host::Result<void>> sync_directory(std::string path) override;

  private:
    SabotageLedger& ledger_;
    std::string renamed_in_;  ///< The folder whose next sync is left out.
};

using HostProgram = std::function<host::Task<>(host::Host&)>;

/// The same program on such a disk. The ledger outlives its tasks.
HostProgram without_directory_sync(HostProgram program, SabotageLedger& ledger);

}  // namespace atlas::properties
