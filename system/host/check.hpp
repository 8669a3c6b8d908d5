#pragma once
// ATLAS_CHECK: an invariant that holds in every build type, release included. A failed check is a
// bug in Atlas, never a consequence of bad input, so it ends the process: in production by abort,
// in the simulator as a failed run of its own kind (see set_check_handler).

#include <string_view>

namespace atlas::host {

/// Called once with the failed expression and its place; must not return. atlas-sim installs one
/// that prints the replay line before it exits. There is one per program, because a failed check
/// has no host to report to.
using CheckHandler = void (*)(std::string_view expression, std::string_view message,
                              const char* file, int line);
void set_check_handler(CheckHandler handler) noexcept;

[[noreturn]] void check_failed(std::string_view expression, std::string_view message,
                               const char* file, int line);

}  // namespace atlas::host

#define ATLAS_CHECK(condition, message)                                             \
    do {                                                                            \
        if (!(condition)) [[unlikely]]                                              \
            ::atlas::host::check_failed(#condition, (message), __FILE__, __LINE__); \
    } while (false)
