#include "properties/contracts/postgres_process_fixture.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

namespace atlas::properties {
namespace {

constexpr const char* programs = "/usr/lib/postgresql/15/bin/";

bool is_root() {
    return ::geteuid() == 0;
}

/// In front of a command, so that it runs as the user postgres and dies with the test.
std::vector<std::string> as_postgres(std::vector<std::string> command) {
    std::vector<std::string> prefix = {"setpriv", "--pdeathsig=INT"};
    if (is_root()) {
        for (const char* option : {"--reuid=postgres", "--regid=postgres", "--clear-groups"}) {
            prefix.emplace_back(option);
        }
    }
    prefix.insert(prefix.end(), command.begin(), command.end());
    return prefix;
}

pid_t spawn(const std::vector<std::string>& arguments, int output) {
    std::vector<char*> argv;
    for (const std::string& argument : arguments) {
        argv.push_back(const_cast<char*>(argument.c_str()));
    }
    argv.push_back(nullptr);
    const pid_t pid = ::fork();
    if (pid != 0) return pid;
    // Between fork and exec only what is safe after a fork of a program with threads.
    const int nothing = ::open("/dev/null", O_RDONLY);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
}

void give_to_postgres(const std::filesystem::path& directory) {
    if (!is_root()) return;
    const passwd* user = ::getpwnam("postgres");
    if (user == nullptr) throw std::runtime_error("there is no user postgres");
    if (::chown(directory.c_str(), user->pw_uid, user->pw_gid) != 0)
        throw std::runtime_error("chown failed");
}

/// What initdb makes. It takes longer than most cases that want a server of their own, so that they
/// share it: each has a copy.
const std::string& initialised_data() {
    static const ScratchDirectory directory;
    static const std::string data = [] {
        give_to_postgres(directory.path());
        std::string path = (directory.path() / "data").string();
        const ProgramOutput made = run_program(as_postgres(
            {std::string(programs) + "initdb", "-k", "--locale=C", "--encoding=UTF8",
             "--username=postgres", "--auth=trust", "--no-sync", "--no-instructions", "-D", path}));
        if (made.exit_code != 0) throw std::runtime_error("initdb failed: " + made.text);
        return path;
    }();
    return data;
}

}  // namespace

std::uint16_t free_port() {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    const bool bound =
        ::bind(socket, generic, size) == 0 && ::getsockname(socket, generic, &size) == 0;
    ::close(socket);
    if (!bound) throw std::runtime_error("no free port");
    return ntohs(address.sin_port);
}

ChildProgram::ChildProgram(const std::vector<std::string>& arguments) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    pid_ = spawn(arguments, ends[1]);
    ::close(ends[1]);
    output_ = ends[0];
    ::fcntl(output_, F_SETFL, O_NONBLOCK);
}

ChildProgram::~ChildProgram() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    ::close(output_);
}

void ChildProgram::read_output() {
    char buffer[4096];
    while (true) {
        const ssize_t size = ::read(output_, buffer, sizeof buffer);
        if (size <= 0) return;
        text_.append(buffer, static_cast<std::size_t>(size));
    }
}

std::optional<ProgramOutput> ChildProgram::poll() {
    read_output();
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == 0) return std::nullopt;
    pid_ = -1;
    read_output();
    return ProgramOutput{WIFEXITED(status) ? WEXITSTATUS(status) : -1, text_};
}

void ChildProgram::signal(int number) {
    if (pid_ > 0) ::kill(pid_, number);
}

const std::string& ChildProgram::output() {
    read_output();
    return text_;
}

ProgramOutput run_program(const std::vector<std::string>& arguments) {
    ChildProgram program(arguments);
    while (true) {
        if (std::optional<ProgramOutput> output = program.poll()) return *output;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
}

PostgresProcess::PostgresProcess() {
    initialise();
    start();
    if (!try_sql("CREATE ROLE atlas LOGIN")) throw std::runtime_error("no role could be made");
}

PostgresProcess::PostgresProcess(FollowerOf server) {
    const PostgresProcess& primary = server.primary;
    give_to_postgres(directory_.path());
    const ProgramOutput made = run_program(as_postgres(
        {std::string(programs) + "pg_basebackup", "-h", primary.directory_.path().string(), "-p",
         std::to_string(primary.endpoint_.port), "-U", "postgres", "-D", data_path(), "-R", "-X",
         "stream", "-c", "fast", "--no-sync"}));
    if (made.exit_code != 0) throw std::runtime_error("pg_basebackup failed: " + made.text);
    start();
}

PostgresProcess::~PostgresProcess() {
    if (pid_ <= 0) return;
    request_shutdown();
    ::waitpid(pid_, nullptr, 0);
}

void PostgresProcess::request_shutdown() {
    ::kill(pid_, SIGINT);
}

void PostgresProcess::initialise() {
    give_to_postgres(directory_.path());
    const ProgramOutput made =
        run_program(as_postgres({"cp", "-r", initialised_data(), data_path()}));
    if (made.exit_code != 0) throw std::runtime_error("cp failed: " + made.text);
}

void PostgresProcess::start() {
    endpoint_ = {"127.0.0.1", free_port()};
    run_until_ready();
}

// The children of a server that was killed leave by themselves; until then its memory is in use.
void PostgresProcess::kill_and_restart() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    for (int attempt = 0;; ++attempt) {
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        try {
            run_until_ready();
            return;
        } catch (const std::runtime_error&) {
            if (attempt == 20) throw;
        }
    }
}

void PostgresProcess::run_until_ready() {
    const int log = ::open((directory_.path() / "log").c_str(),
                           O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    pid_ = spawn(as_postgres({std::string(programs) + "postgres",
                              "-D",
                              data_path(),
                              "-p",
                              std::to_string(endpoint_.port),
                              "-k",
                              directory_.path().string(),
                              "-c",
                              "listen_addresses=127.0.0.1",
                              "-c",
                              "fsync=off",
                              "-c",
                              "timezone=UTC",
                              "-c",
                              "max_connections=30",
                              "-c",
                              "max_prepared_transactions=20",
                              "-c",
                              "deadlock_timeout=100ms",
                              "-c",
                              "shared_buffers=16MB",
                              "-c",
                              "autovacuum=off"}),
                 log);
    ::close(log);
    for (int attempt = 0; attempt < 1000; ++attempt) {
        if (try_sql("SELECT 1")) return;
        if (::waitpid(pid_, nullptr, WNOHANG) == pid_) break;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    throw std::runtime_error("PostgreSQL does not come up; its log is " +
                             directory_.path().string());
}

std::optional<std::string> PostgresProcess::try_sql(const std::string& sql) {
    const ProgramOutput output = run_program({"psql", "-X", "-q", "-h", directory_.path().string(),
                                              "-p", std::to_string(endpoint_.port), "-U",
                                              "postgres", "-d", "postgres", "-c", sql});
    if (output.exit_code != 0) return std::nullopt;
    return output.text;
}

std::string PostgresProcess::create_database() {
    const std::string name = "atlas_" + std::to_string(++databases_);
    if (!try_sql("CREATE DATABASE " + name + " OWNER atlas")) {
        throw std::runtime_error("no database could be made");
    }
    return name;
}

PostgresProcess& PostgresProcess::shared() {
    static PostgresProcess process;
    return process;
}

}  // namespace atlas::properties
