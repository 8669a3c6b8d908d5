#pragma once
// The server's configuration: postgresql.conf's names, for those settings that this model has.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "system/host/error.hpp"
#include "system/host/time.hpp"

namespace atlas::sim::models::postgres {

/// What COMMIT waits for: nothing, the local disk, or synchronous standbys as well.
enum class SynchronousCommit : std::uint8_t { off, on, local, remote_write, remote_apply };

/// Defaults are PostgreSQL 15's unless said otherwise. A time of zero switches a limit off.
struct ServerSettings {
    bool fsync = true;
    SynchronousCommit synchronous_commit = SynchronousCommit::on;
    std::uint32_t max_connections = 100;
    host::Duration deadlock_timeout = std::chrono::seconds(1);
    host::Duration statement_timeout{};
    host::Duration lock_timeout{};
    host::Duration idle_in_transaction_session_timeout{};
    host::Duration idle_session_timeout{};
    /// A checkpoint is made this often, if anything was written.
    host::Duration checkpoint_timeout = std::chrono::minutes(5);
    /// A checkpoint is made when the log has grown by this many bytes. PostgreSQL's 1 GB is a
    /// bound on disk use; here it also bounds how long recovery takes, so it is smaller.
    std::uint64_t max_wal_size = 16 * 1024 * 1024;
    /// With synchronous_commit=off, how long a commit may wait in memory (three times that at
    /// most in PostgreSQL, exactly that here).
    host::Duration wal_writer_delay = std::chrono::milliseconds(200);
    std::uint32_t max_prepared_transactions = 0;

    // Replication. A server that follows another one has a file standby.signal beside its data.
    std::uint32_t max_wal_senders = 10;
    std::uint32_t max_replication_slots = 10;
    /// So much of the log stays for followers that are behind, whatever checkpoints allow.
    std::uint64_t wal_keep_size = 0;
    std::string synchronous_standby_names = {};
    std::string primary_conninfo = {};
    std::string primary_slot_name = {};
    host::Duration wal_sender_timeout = std::chrono::seconds(60);
    host::Duration wal_receiver_timeout = std::chrono::seconds(60);
    host::Duration wal_receiver_status_interval = std::chrono::seconds(10);
    host::Duration wal_retrieve_retry_interval = std::chrono::seconds(5);
    /// Below zero: for ever.
    host::Duration max_standby_streaming_delay = std::chrono::seconds(30);
    std::string cluster_name = {};

    /// Sets one by its PostgreSQL name, the value written as in postgresql.conf ("off", "500ms",
    /// "16MB"). Errors: not_found (no such setting here), invalid_argument (bad value); the detail
    /// says which and why.
    host::Result<void> set(std::string_view name, std::string_view value);

    /// Takes over what can be changed while the server runs.
    void reload_from(const ServerSettings& wanted);

    /// The names that set() knows, sorted.
    static std::vector<std::string_view> names();

    /// Of those that are the server's alone: as SHOW gives it, and how it can be changed.
    enum class Change : std::uint8_t {
        by_session,  ///< Sessions have their own.
        by_reload,
        by_restart,
        by_user,  ///< As by_reload; PostgreSQL's sessions have their own, the model's do not.
    };
    struct Shown {
        std::string value;
        Change change;
    };
    std::optional<Shown> show(std::string_view name) const;
};

/// "on", "off", ...
std::string_view name(SynchronousCommit level) noexcept;

/// PostgreSQL's notation for a time setting: a whole number, then ms (the default where a setting
/// has it), us, s, min, h or d. Errors: invalid_argument.
host::Result<host::Duration> parse_time_setting(std::string_view text, host::Duration unit);

/// "on", "off", "true", "false", "yes", "no", "1", "0", or an unambiguous prefix.
host::Result<bool> parse_bool_setting(std::string_view text);

}  // namespace atlas::sim::models::postgres
