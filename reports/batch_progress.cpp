#include "reports/batch_progress.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace atlas::reports {

std::string to_line(const BatchProgress& progress) {
    constexpr std::size_t width = 20;
    const std::size_t all = std::max<std::size_t>(progress.all, 1);
    const std::size_t filled = std::min(width, progress.done * width / all);
    std::string line = fmt::format("[{:<{}}] {} of {} seeds", std::string(filled, '#'), width,
                                   progress.done, progress.all);
    const auto milliseconds = static_cast<std::uint64_t>(progress.elapsed.count());
    if (progress.done > 0 && milliseconds > 0) {
        const std::uint64_t tenths = progress.done * 10'000 / milliseconds;
        line += fmt::format(", {}.{} a second", tenths / 10, tenths % 10);
    }
    line += fmt::format(", {} failed", progress.failed);
    if (progress.done > 0 && progress.done < progress.all) {
        const std::uint64_t seconds =
            milliseconds * (progress.all - progress.done) / progress.done / 1000;
        line += fmt::format(", {}:{:02} left", seconds / 60, seconds % 60);
    }
    return line;
}

}  // namespace atlas::reports
