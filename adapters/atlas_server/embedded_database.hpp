#pragma once
// A database that comes with the server: the simulator's model of PostgreSQL on real files and a
// real loopback socket, in the same process. For trying Atlas where nothing is installed; psql can
// look into it.

#include <cstddef>
#include <functional>

#include "system/host/host.hpp"
#include "system/host/task.hpp"

namespace atlas {

/// Opens the data directory "pgdata" on the host's disk (or makes it), serves it on a free port of
/// the loopback, and runs `program`, which is told that endpoint (user and database "atlas", no
/// password). The database outlives the program: it is stopped, with a checkpoint, when the program
/// has ended, and not when the host is asked to shut down.
///
/// What was acknowledged is on the disk: synced before it was, and checksummed.
///
/// Errors: those of models::postgres::Server::open (another process has the directory, it is
/// damaged, it cannot be written) and of Network::listen; the program has not run then.
host::Task<host::Result<void>> with_embedded_database(
    host::Host& host, std::function<host::Task<>(host::Endpoint)> program);

/// How many descriptors its clients can make it open, beside those of the program itself.
std::size_t embedded_database_descriptors();

}  // namespace atlas
