#include "sim/atlas_sim/last_words.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <utility>

#include "sim/atlas_sim/exit_code.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::atlas_sim {
namespace {

// Kept ready in plain memory: a signal handler may not allocate.
char replay[8192];
alignas(16) char signal_stack[std::size_t{64} << 10];

std::function<void()> rescue_run;

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
    std::fprintf(stderr, "%s:%d: check failed: %.*s: %.*s\n", file, line,
                 static_cast<int>(expression.size()), expression.data(),
                 static_cast<int>(message.size()), message.data());
    // Once: the rescue itself may fail a check.
    if (const auto rescue = std::exchange(rescue_run, nullptr)) rescue();
    std::fprintf(stderr, "replay: %s\n", replay);
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
    const stack_t stack{.ss_sp = signal_stack, .ss_flags = 0, .ss_size = sizeof signal_stack};
    ::sigaltstack(&stack, nullptr);
    for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGABRT}) {
        struct sigaction action{};
        action.sa_handler = on_crash;
        action.sa_flags = SA_ONSTACK;
        ::sigaction(signal, &action, nullptr);
    }
}

AtFailedCheck::AtFailedCheck(std::function<void()> rescue) {
    rescue_run = std::move(rescue);
}

AtFailedCheck::~AtFailedCheck() {
    rescue_run = nullptr;
}

}  // namespace atlas::sim::atlas_sim
