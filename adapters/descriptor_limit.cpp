#include "adapters/descriptor_limit.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <cerrno>
#include <system_error>

namespace atlas::adapters {

// Two for each connection to the database: libpq's own, and ours to wait with.
std::size_t descriptors_needed(const DescriptorUse& use) {
    constexpr std::size_t reserve = 128;
    return use.clients + 2 * use.database_connections + use.embedded_database + reserve;
}

std::optional<std::string> raise_descriptor_limit(std::size_t needed) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return "the limit on open files cannot be read: " + std::system_category().message(errno);
    }
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    // A refusal leaves what there was, which may be enough.
    const rlim_t now = ::setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : before;
    if (now == RLIM_INFINITY || now >= needed) return std::nullopt;
    return fmt::format("the limit on open files is {}, and {} are needed", now, needed);
}

}  // namespace atlas::adapters
