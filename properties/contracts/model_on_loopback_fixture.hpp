#pragma once
// The model served on a real socket, beside a PostgreSQL 15: for programs that know nothing of
// either.

#include "properties/contracts/postgres_process_fixture.hpp"
#include "system/host/host.hpp"

namespace atlas::properties {

/// What is done with both. The model has an empty database "atlas", PostgreSQL that other one.
using Comparison = host::Task<> (*)(host::Host& host, host::Endpoint model, host::Endpoint postgres,
                                    std::string database);

void with_both(Comparison compare);

/// Runs a program while the host goes on serving it.
host::Task<ProgramOutput> run_beside(host::Host& host, std::vector<std::string> arguments);

}  // namespace atlas::properties
