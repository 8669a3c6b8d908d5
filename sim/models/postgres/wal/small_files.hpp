#pragma once
// Small files that are read and written whole, such as the configuration and timelines' histories.

#include <optional>
#include <string>

#include "system/host/host.hpp"

namespace atlas::sim::models::postgres {

/// nullopt if there is none. Errors: the disk's.
host::Task<host::Result<std::optional<std::string>>> read_whole_file(host::Host& host,
                                                                     std::string path);

/// All or nothing, also by way of a crash: written beside its place, synced and renamed.
/// Errors: the disk's.
host::Task<host::Result<void>> write_whole_file(host::Host& host, std::string directory,
                                                std::string name, std::string bytes, bool fsync);

/// Durably. One that is not there is no error. Errors: the disk's.
host::Task<host::Result<void>> remove_file(host::Host& host, std::string directory,
                                           std::string name, bool fsync);

}  // namespace atlas::sim::models::postgres
