#pragma once
// What an agent can do to the PostgreSQL beside it without speaking SQL to it: its data directory
// and its process. In production these are PostgreSQL's own programs, in simulation the model's
// server on the same machine.
//
// One call at a time. An agent may die in the middle of any of them, and the machine with it; the
// next agent sees what is there by state(), and calls again. So each may be repeated, and a data
// directory that is not whole does not exist.
//
// Errors: all definite where it says so; else the call may yet take effect, or has in part, and
// state() tells.

#include <map>
#include <optional>
#include <string>

#include "system/host/context.hpp"
#include "system/host/error.hpp"
#include "system/host/network.hpp"
#include "system/host/task.hpp"

namespace atlas::failover {

struct ServerState {
    /// There is a whole data directory.
    bool exists = false;
    /// Its process runs, or one of its processes still does.
    bool running = false;
    /// It follows another server, or will when it starts; with an address that is empty if it is
    /// not said whom.
    std::optional<host::Endpoint> follows = {};
    /// Its system identifier, from the data directory; empty where that cannot be read.
    std::string database = {};
    /// It was made by create(), and published() has not been called since.
    bool is_unpublished = false;

    friend bool operator==(const ServerState&, const ServerState&) = default;
};

/// By name, as in postgresql.auto.conf.
using ServerSettings = std::map<std::string, std::string>;

class DatabaseServer {
  public:
    virtual ~DatabaseServer() = default;

    /// Errors: the disk's, definite.
    virtual host::Task<host::Result<ServerState>> state(host::Context context) = 0;

    /// Starts the process; that it answers queries comes later. One that runs is no error.
    virtual host::Task<host::Result<void>> start(host::Context context) = 0;

    /// As by a crash: no transaction is finished. When it returns, no process of it is left. One
    /// that does not run is no error. Errors: deadline_exceeded, indefinite: it may still run.
    virtual host::Task<host::Result<void>> stop_now(host::Context context) = 0;

    /// The lease store knows of the database that create() has made: there may be something in it
    /// to lose from now on. Of one that was not made so it is no error. Errors: the disk's.
    virtual host::Task<host::Result<void>> published() = 0;

    // The rest is for a server that is down. Errors: conflict (it runs), definite.

    /// A new database with these settings. What was there is lost.
    virtual host::Task<host::Result<void>> create(host::Context context,
                                                  ServerSettings settings) = 0;

    /// A copy of the server there, which then follows it. What was there is lost, once that server
    /// has answered.
    virtual host::Task<host::Result<void>> copy_from(host::Context context,
                                                     std::string conninfo) = 0;

    /// Lets go of what only this one has, and has it follow the server there. A failure that has
    /// begun to change the data leaves none that is whole. Also already_exists, definite: this one
    /// is on the same timeline, and has nothing to let go of.
    virtual host::Task<host::Result<void>> rewind_to(host::Context context,
                                                     std::string conninfo) = 0;

    /// From the next start on.
    virtual host::Task<host::Result<void>> follow(host::Context context, std::string conninfo) = 0;
};

}  // namespace atlas::failover
