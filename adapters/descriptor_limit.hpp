#pragma once
// How many file descriptors this process may have open (RLIMIT_NOFILE).

#include <cstddef>
#include <optional>
#include <string>

namespace atlas::adapters {

/// What a server opens at most.
struct DescriptorUse {
    std::size_t clients = 0;
    std::size_t database_connections = 0;
    /// Of a database in this process, where there is one.
    std::size_t embedded_database = 0;
};

/// With a reserve for connections being turned away, the log, the loop and name look-ups.
std::size_t descriptors_needed(const DescriptorUse& use);

/// Raises the soft limit to the hard one: the soft one is low for the sake of programs that use
/// select(2), which this is not. Says what is wrong when the limit is still below `needed`.
std::optional<std::string> raise_descriptor_limit(std::size_t needed);

}  // namespace atlas::adapters
