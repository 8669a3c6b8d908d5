#pragma once
// The limits of a pool of SQL connections.

#include <chrono>
#include <cstddef>

#include "system/host/time.hpp"
#include "system/reliability/circuit_breaker.hpp"
#include "system/reliability/controlled_delay.hpp"
#include "system/reliability/retry.hpp"
#include "system/sql/cancel_queue.hpp"
#include "system/sql/connection.hpp"

namespace atlas::sql {

struct PoolOptions {
    ConnectionTarget target;

    /// Connections open at once.
    std::size_t size = 8;
    /// Tasks that wait for one; beyond it the next is turned away at once.
    std::size_t waiting = 128;
    /// How long they wait at most, whatever time they have.
    reliability::ControlledDelayOptions delay = {};
    /// A call, to it, is one lease: connecting if need be, and all that was asked meanwhile. Slow
    /// is what took the server so long in one go, the wait for other transactions' locks included.
    reliability::CircuitBreakerOptions breaker = {};
    host::Duration connect_timeout = std::chrono::seconds{3};
    /// A connection that old is replaced when it comes back, so that a changed address, balance or
    /// server setting is noticed in the end.
    host::Duration max_lifetime = std::chrono::minutes{30};
    /// Prepared statements kept for each connection.
    std::size_t statements = 64;
    /// Between failed attempts to connect, the pool as a whole. (`max_attempts` has no meaning
    /// here: the pool never gives up, each caller does at its deadline.)
    reliability::RetryPolicy reconnect = {.base = std::chrono::milliseconds{50},
                                          .cap = std::chrono::seconds{2}};
    /// Of statements that were given up.
    CancelOptions cancel = {};

    /// Set on every session as run-time parameters, in whole milliseconds. PostgreSQL: "Client
    /// Connection Defaults". Without the second and third, a client lost in a black hole would keep
    /// its locks.
    std::chrono::milliseconds statement_timeout{3000};
    /// At most three quarters of a slow call, whatever is set: one who waited for another's lock
    /// would else look like a slow server to the breaker.
    std::chrono::milliseconds lock_timeout{1500};
    std::chrono::milliseconds idle_in_transaction_session_timeout{5000};
};

}  // namespace atlas::sql
