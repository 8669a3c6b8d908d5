#pragma once
// The lease store as a process.

#include <functional>

#include "system/host/host.hpp"

namespace atlas::lease_store {

struct ServerOptions {
    host::Endpoint listen = {"127.0.0.1", 7379};
    /// On the host's disk.
    std::string directory = "lease_store";
    /// When it is asked to stop: how long calls under way have.
    host::Duration drain_time = std::chrono::seconds{2};
    /// Told where it listens, once it does; may be empty.
    std::function<void(const host::Endpoint&)> on_listening = {};
};

/// Serves until the host asks to stop. Errors: those of LeaseStore::open and Network::listen.
host::Task<host::Result<void>> run_lease_store(host::Host& host, ServerOptions options);

}  // namespace atlas::lease_store
