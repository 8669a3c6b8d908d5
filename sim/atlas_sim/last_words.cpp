#include "sim/atlas_sim/last_words.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "sim/atlas_sim/exit_code.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::atlas_sim {
namespace {

// Kept ready in plain memory: a signal handler may not allocate.
char replay[8192];

void write_all(std::string_view text) {
    while (!text.empty()) {
        const ssize_t count = ::write(STDERR_FILENO, text.data(), text.size());
        if (count <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(count));
    }
}

void on_crash(int signal) {
    write_all("atlas-sim crashed: ");
    write_all(signal == SIGSEGV ? "SIGSEGV" : signal == SIGABRT ? "SIGABRT" : "a fatal signal");
    write_all("\nreplay: ");
    write_all(replay);
    write_all("\n");
    ::_exit(to_int(ExitCode::crashed));
}

void on_failed_check(std::string_view expression, std::string_view message, const char* file,
                     int line) {
    std::fprintf(stderr, "%s:%d: check failed: %.*s: %.*s\nreplay: %s\n", file, line,
                 static_cast<int>(expression.size()), expression.data(),
                 static_cast<int>(message.size()), message.data(), replay);
    std::fflush(stderr);
    ::_exit(to_int(ExitCode::crashed));
}

bool has_own_handlers() {
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
    return true;  // The sanitizer's own report says more.
#endif
#endif
    return false;
}

}  // namespace

void prepare_last_words(const std::string& replay_line) {
    const std::size_t length = std::min(replay_line.size(), sizeof replay - 1);
    std::memcpy(replay, replay_line.data(), length);
    replay[length] = '\0';
    host::set_check_handler(on_failed_check);
    if (has_own_handlers()) return;
    for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGABRT}) {
        struct sigaction action{};
        action.sa_handler = on_crash;
        ::sigaction(signal, &action, nullptr);
    }
}

}  // namespace atlas::sim::atlas_sim
