#include "sim/atlas_sim/progress_bar.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "reports/batch_progress.hpp"

namespace atlas::sim::atlas_sim {

ProgressBar::ProgressBar(std::size_t all)
    : is_wanted_(::isatty(STDERR_FILENO) == 1), all_(all), began_(WallClock::now()) {
    show(0, 0);
}

ProgressBar::~ProgressBar() {
    hide();
}

void ProgressBar::show(std::size_t done, std::size_t failed) {
    if (!is_wanted_) return;
    // To the line's beginning, and what is behind it erased (ECMA-48, EL).
    fmt::print(
        stderr, "\r{}\x1b[K",
        reports::to_line({.done = done, .all = all_, .failed = failed, .elapsed = elapsed()}));
    std::fflush(stderr);
    is_shown_ = true;
}

std::chrono::milliseconds ProgressBar::elapsed() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(WallClock::now() - began_);
}

void ProgressBar::hide() {
    if (!is_shown_) return;
    std::fputs("\r\x1b[K", stderr);
    std::fflush(stderr);
    is_shown_ = false;
}

}  // namespace atlas::sim::atlas_sim
