#pragma once
// The PostgreSQL model's server: a data directory, opened, recovered and served to sessions
// (session.hpp). The bytes of the protocol are the room `protocol`'s.
//
// What it covers and what it leaves out is in README.md beside this file.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/models/postgres/session.hpp"
#include "sim/models/postgres/settings.hpp"
#include "system/host/host.hpp"

namespace atlas::sim::models::postgres {

class Engine;

/// What every transaction committed so far has left in a table, for invariants.
struct CommittedRows {
    std::vector<std::string> columns;
    std::vector<TextRow> rows;  ///< In heap order.
};

/// A session whose client has given it nothing to do since then, although a transaction is open.
struct IdleTransaction {
    std::uint32_t process_id = 0;
    host::TimePoint since;  ///< By the server's own clock.

    friend bool operator==(const IdleTransaction&, const IdleTransaction&) = default;
};

class Server {
  public:
    /// Lets nobody in (57P03) until start() has returned.
    Server(host::Host& host, ServerSettings settings, std::string data_directory);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Opens the data directory on host.disk(), or makes it if there is none: locks it, replays
    /// the log, makes a checkpoint. The server's own tasks run until shutdown(). Once only.
    /// Errors: already_exists (another server has the directory), data_corrupted (the log or the
    /// checkpoint is damaged before its end), io_error, no_space.
    host::Task<host::Result<void>> start();

    /// A server that has started. Errors: those of start().
    static host::Task<host::Result<std::unique_ptr<Server>>> open(host::Host& host,
                                                                  ServerSettings settings,
                                                                  std::string data_directory);

    /// For one that has started. A fast shutdown: new sessions are refused (57P03), those there are
    /// terminated (57P01) and rolled back, a checkpoint is made and the directory is let go. Waits
    /// until every Session object has been destroyed, so do not call it from a task that owns one.
    /// Once only.
    host::Task<> shutdown();

    /// A CancelRequest: nothing happens unless both match a session. PostgreSQL answers nothing
    /// either way.
    void request_cancel(std::uint32_t process_id, std::uint32_t secret);

    /// Reads the committed state without a session, without waiting, and with no effect on the
    /// run. Errors: not_found.
    host::Result<CommittedRows> read_committed_rows(std::string_view table) const;

    /// In the order of their process ids; for invariants.
    std::vector<IdleTransaction> idle_transactions() const;

    const ServerSettings& settings() const;

    /// The rooms behind the session API. Not for users of the model.
    Engine& engine() { return *engine_; }
    const Engine& engine() const { return *engine_; }

  private:
    std::unique_ptr<Engine> engine_;
};

}  // namespace atlas::sim::models::postgres
