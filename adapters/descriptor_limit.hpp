#pragma once
// How many file descriptors this process may have open (RLIMIT_NOFILE).

#include <cstddef>
#include <optional>
#include <string>

namespace atlas::adapters {

/// Raises the soft limit to the hard one: the soft one is low for the sake of programs that use
/// select(2), which this is not. Says what is wrong when the limit is still below `needed`.
std::optional<std::string> raise_descriptor_limit(std::size_t needed);

}  // namespace atlas::adapters
