#include "sim/atlas_sim/worker_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <utility>

namespace atlas::sim::atlas_sim {
namespace {

using WallClock = std::chrono::steady_clock;  // atlas: allow(clock) the watchdog of real processes

constexpr std::size_t output_limit = std::size_t{16} << 20;
constexpr std::size_t errors_limit = std::size_t{64} << 10;

class Pipe {
  public:
    Pipe() {
        if (::pipe2(ends_, O_CLOEXEC) != 0) throw std::runtime_error("pipe2 failed");
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    ~Pipe() {
        close_read();
        close_write();
    }
    int read_end() const { return ends_[0]; }
    int write_end() const { return ends_[1]; }
    void close_read() { close_end(ends_[0]); }
    void close_write() { close_end(ends_[1]); }

  private:
    static void close_end(int& end) {
        if (end >= 0) ::close(std::exchange(end, -1));
    }
    int ends_[2] = {-1, -1};
};

struct Running {
    pid_t pid = -1;
    Pipe output;
    Pipe errors;
    WallClock::time_point began;
    WorkerResult result;
};

bool under_address_sanitizer() {
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
    return true;  // It reserves terabytes of address space: RLIMIT_AS would stop it at once.
#endif
#endif
    return false;
}

[[noreturn]] void become_worker(const std::vector<std::string>& arguments, Running& worker,
                                const WorkerLimits& limits) {
    if (!under_address_sanitizer()) {
        const rlimit memory{limits.memory_bytes, limits.memory_bytes};
        ::setrlimit(RLIMIT_AS, &memory);
    }
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    ::dup2(worker.output.write_end(), STDOUT_FILENO);
    ::dup2(worker.errors.write_end(), STDERR_FILENO);
    std::vector<char*> argv;
    std::string name = "atlas-sim";
    argv.push_back(name.data());
    std::vector<std::string> copies = arguments;
    for (std::string& argument : copies)
        argv.push_back(argument.data());
    argv.push_back(nullptr);
    ::execv("/proc/self/exe", argv.data());
    ::_exit(127);
}

std::unique_ptr<Running> start(std::size_t job, const std::vector<std::string>& arguments,
                               const WorkerLimits& limits) {
    auto worker = std::make_unique<Running>();
    worker->result.job = job;
    worker->began = WallClock::now();
    worker->pid = ::fork();
    if (worker->pid < 0) throw std::runtime_error("fork failed");
    if (worker->pid == 0) become_worker(arguments, *worker, limits);
    worker->output.close_write();
    worker->errors.close_write();
    return worker;
}

/// Takes what is there; false at the end of the stream.
bool drain(int descriptor, std::string& into, std::size_t limit, bool keep_the_end) {
    char buffer[65536];
    const ssize_t count = ::read(descriptor, buffer, sizeof buffer);
    if (count < 0) return errno == EINTR || errno == EAGAIN;
    if (count == 0) return false;
    into.append(buffer, static_cast<std::size_t>(count));
    if (into.size() > limit) {
        if (keep_the_end) {
            into.erase(0, into.size() - limit);
        } else {
            into.resize(limit);
        }
    }
    return true;
}

void reap(Running& worker) {
    int status = 0;
    rusage usage{};
    while (::wait4(worker.pid, &status, 0, &usage) < 0 && errno == EINTR) {
    }
    WorkerResult& result = worker.result;
    if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
    result.peak_memory_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
    result.wall_time =
        std::chrono::duration_cast<std::chrono::milliseconds>(WallClock::now() - worker.began);
}

void wait_for_output(std::vector<std::unique_ptr<Running>>& workers) {
    std::vector<pollfd> polled;
    for (const auto& worker : workers) {
        polled.push_back({worker->output.read_end(), POLLIN, 0});
        polled.push_back({worker->errors.read_end(), POLLIN, 0});
    }
    ::poll(polled.data(), polled.size(), 200);
    for (std::size_t i = 0; i < workers.size(); ++i) {
        Running& worker = *workers[i];
        if (polled[2 * i].revents != 0 && worker.output.read_end() >= 0 &&
            !drain(worker.output.read_end(), worker.result.output, output_limit, false)) {
            worker.output.close_read();
        }
        if (polled[2 * i + 1].revents != 0 && worker.errors.read_end() >= 0 &&
            !drain(worker.errors.read_end(), worker.result.errors, errors_limit, true)) {
            worker.errors.close_read();
        }
    }
}

}  // namespace

void run_workers(const WorkerJobs& jobs, unsigned parallel, const WorkerLimits& limits,
                 const std::function<bool(WorkerResult)>& on_result) {
    std::vector<std::unique_ptr<Running>> workers;
    std::size_t next = 0;
    bool go_on = true;
    while (!workers.empty() || (go_on && next < jobs.count)) {
        while (go_on && next < jobs.count && workers.size() < parallel) {
            workers.push_back(start(next, jobs.arguments(next), limits));
            ++next;
        }
        wait_for_output(workers);
        for (auto worker = workers.begin(); worker != workers.end();) {
            Running& running = **worker;
            if (!running.result.timed_out && WallClock::now() - running.began > limits.wall_time) {
                running.result.timed_out = true;
                ::kill(running.pid, SIGKILL);
            }
            if (running.output.read_end() >= 0 || running.errors.read_end() >= 0) {
                ++worker;
                continue;
            }
            reap(running);
            go_on = on_result(std::move(running.result)) && go_on;
            worker = workers.erase(worker);
        }
    }
}

}  // namespace atlas::sim::atlas_sim
