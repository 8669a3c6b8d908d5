#include "adapters/postgres/program.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>

namespace atlas::adapters {

using host::Certainty;
using host::Deadline;
using host::ErrorCode;
using host::failure;
using host::Result;
using host::Task;

namespace {

constexpr host::Duration between_looks = std::chrono::milliseconds{10};
/// Of what a program wrote.
constexpr std::size_t output_kept = 8000;

/// posix_spawn's instructions for one program: no input, all output there, signals as by default.
class Instructions {
  public:
    Instructions() {
        ::posix_spawn_file_actions_init(&files_);
        ::posix_spawnattr_init(&attributes_);
        ::posix_spawn_file_actions_addopen(&files_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        sigset_t all;
        sigset_t none;
        ::sigfillset(&all);
        ::sigemptyset(&none);
        ::posix_spawnattr_setsigdefault(&attributes_, &all);
        ::posix_spawnattr_setsigmask(&attributes_, &none);
        set_flags(0);
    }
    Instructions(const Instructions&) = delete;
    Instructions& operator=(const Instructions&) = delete;
    ~Instructions() {
        ::posix_spawn_file_actions_destroy(&files_);
        ::posix_spawnattr_destroy(&attributes_);
    }

    void write_to(int descriptor) {
        ::posix_spawn_file_actions_adddup2(&files_, descriptor, STDOUT_FILENO);
        ::posix_spawn_file_actions_adddup2(&files_, descriptor, STDERR_FILENO);
    }
    void append_to(const std::string& path) {
        constexpr mode_t owner_only = 0600;
        ::posix_spawn_file_actions_addopen(&files_, STDOUT_FILENO, path.c_str(),
                                           O_WRONLY | O_CREAT | O_APPEND, owner_only);
        ::posix_spawn_file_actions_adddup2(&files_, STDOUT_FILENO, STDERR_FILENO);
    }
    void in_its_own_session() { set_flags(POSIX_SPAWN_SETSID); }

    Result<pid_t> spawn(const Arguments& arguments) const {
        std::vector<char*> words;
        for (const std::string& argument : arguments)
            words.push_back(const_cast<char*>(argument.c_str()));
        words.push_back(nullptr);
        pid_t pid = -1;
        const int error =
            ::posix_spawnp(&pid, words[0], &files_, &attributes_, words.data(), environ);
        if (error == 0) return pid;
        return failure(ErrorCode::unavailable,
                       fmt::format("{} cannot be started: {}", arguments[0], std::strerror(error)));
    }

  private:
    void set_flags(int more) {
        ::posix_spawnattr_setflags(&attributes_, static_cast<short>(POSIX_SPAWN_SETSIGDEF |
                                                                    POSIX_SPAWN_SETSIGMASK | more));
    }

    posix_spawn_file_actions_t files_;
    posix_spawnattr_t attributes_;
};

/// One that is waited for. Killed if it still runs when nobody does.
class RunningProgram {
  public:
    RunningProgram(pid_t pid, int output) : pid_(pid), output_(output) {}
    RunningProgram(const RunningProgram&) = delete;
    RunningProgram& operator=(const RunningProgram&) = delete;
    ~RunningProgram() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
        }
        ::close(output_);
    }

    /// Its exit code, or 128 and the signal that killed it.
    std::optional<int> ended() {
        read_output();
        int status = 0;
        const pid_t waited = ::waitpid(pid_, &status, WNOHANG);
        if (waited == 0) return std::nullopt;
        pid_ = -1;
        read_output();
        // Somebody else was told how it ended, as where children are ignored.
        constexpr int unknown = 255;
        if (waited < 0) return unknown;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }

    const std::string& output() const { return text_; }

  private:
    void read_output() {
        std::array<char, 4096> buffer{};
        while (true) {
            const ssize_t size = ::read(output_, buffer.data(), buffer.size());
            if (size <= 0) break;
            text_.append(buffer.data(), static_cast<std::size_t>(size));
        }
        if (text_.size() > output_kept) text_.erase(0, text_.size() - output_kept);
    }

    pid_t pid_;
    int output_;
    std::string text_;
};

}  // namespace

Task<Result<std::string>> run_program(host::Host& host, Arguments arguments, Deadline deadline) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0)
        co_return failure(ErrorCode::unavailable, "no pipe could be made");
    Instructions instructions;
    instructions.write_to(ends[1]);
    const Result<pid_t> started = instructions.spawn(arguments);
    ::close(ends[1]);
    if (!started) {
        ::close(ends[0]);
        co_return std::unexpected(started.error());
    }
    RunningProgram program(*started, ends[0]);
    std::optional<int> code = program.ended();
    while (!code) {
        if (deadline.passed(host.clock().now())) {
            co_return failure(ErrorCode::deadline_exceeded, arguments[0] + " took too long",
                              Certainty::indefinite);
        }
        co_await host::sleep_for(host, between_looks);
        code = program.ended();
    }
    if (*code == 0) co_return program.output();
    co_return failure(ErrorCode::unavailable,
                      fmt::format("{} ended with {}: {}", arguments[0], *code, program.output()),
                      Certainty::indefinite);
}

Result<pid_t> start_program(const Arguments& arguments, const std::string& output) {
    Instructions instructions;
    instructions.append_to(output);
    instructions.in_its_own_session();
    return instructions.spawn(arguments);
}

namespace {

/// `is_one` is given the process's folder in /proc.
template <typename IsOne>
std::vector<pid_t> processes_that(const IsOne& is_one) {
    std::vector<pid_t> found;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
        const std::string number = entry.path().filename();
        pid_t pid = 0;
        const char* const last = number.data() + number.size();
        const auto [end, wrong] = std::from_chars(number.data(), last, pid);
        if (wrong != std::errc() || end != last) continue;
        if (is_one(entry.path())) found.push_back(pid);
    }
    std::ranges::sort(found);
    return found;
}

}  // namespace

std::vector<pid_t> processes_in(const std::string& directory, std::string_view name) {
    return processes_that([&](const std::filesystem::path& process) {
        std::error_code error;
        const auto cwd = std::filesystem::read_symlink(process / "cwd", error);
        if (error || cwd != directory) return false;
        std::ifstream file(process / "comm");
        std::string command;
        std::getline(file, command);
        return command == name;
    });
}

std::vector<pid_t> processes_given(std::string_view word) {
    std::vector<pid_t> found = processes_that([&](const std::filesystem::path& process) {
        std::ifstream file(process / "cmdline");
        for (std::string argument; std::getline(file, argument, '\0');) {
            if (argument == word) return true;
        }
        return false;
    });
    std::erase(found, ::getpid());
    return found;
}

}  // namespace atlas::adapters
