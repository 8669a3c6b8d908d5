#pragma once
// A PostgreSQL server that a test starts for itself and that is gone afterwards, data and all:
// made by initdb, listening on the loopback, as the user postgres when the test runs as root
// (PostgreSQL refuses to). Its settings are fit for tests of behaviour, not of durability.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "properties/contracts/both_worlds.hpp"
#include "system/host/network.hpp"

namespace atlas::properties {

class PostgresProcess {
  public:
    /// Throws std::runtime_error when the server does not come up.
    PostgresProcess();
    /// One that follows that server: a copy of it, made by pg_basebackup.
    struct FollowerOf {
        const PostgresProcess& primary;
    };
    explicit PostgresProcess(FollowerOf server);
    PostgresProcess(const PostgresProcess&) = delete;
    PostgresProcess& operator=(const PostgresProcess&) = delete;
    ~PostgresProcess();

    const host::Endpoint& endpoint() const { return endpoint_; }

    /// An empty database that belongs to the role "atlas". Returns its name.
    std::string create_database();

    /// kill -9, and up again at the same endpoint. Throws when it does not come up.
    void kill_and_restart();

    /// A fast shutdown: sessions are ended. Does not wait for it. The server cannot be used after.
    void request_shutdown();

    /// The one server of this test program: started when first asked for, ended after the last
    /// test.
    static PostgresProcess& shared();

  private:
    void initialise();
    void start();
    void run_until_ready();
    /// Over the server's local socket, as its superuser. Empty when it failed.
    std::optional<std::string> try_sql(const std::string& sql);

    std::string data_path() const { return (directory_.path() / "data").string(); }

    ScratchDirectory directory_;
    host::Endpoint endpoint_;
    pid_t pid_ = -1;
    int databases_ = 0;
};

/// A port of the loopback that was free a moment ago.
std::uint16_t free_port();

/// What a program that has ended wrote to its standard output and error, in one.
struct ProgramOutput {
    int exit_code = -1;
    std::string text;
};

/// Starts a program, found in PATH unless it is a path, and waits for it.
ProgramOutput run_program(const std::vector<std::string>& arguments);

/// The same in two steps, for a program that must not hold up the caller's loop.
class ChildProgram {
  public:
    explicit ChildProgram(const std::vector<std::string>& arguments);
    ChildProgram(const ChildProgram&) = delete;
    ChildProgram& operator=(const ChildProgram&) = delete;
    /// Kills it if it still runs.
    ~ChildProgram();

    /// Nothing while it runs. After that, once.
    std::optional<ProgramOutput> poll();

    void signal(int number);
    /// What it wrote so far.
    const std::string& output();

  private:
    void read_output();

    pid_t pid_ = -1;
    int output_ = -1;
    std::string text_;
};

}  // namespace atlas::properties
