#pragma once
// The run-time parameters of one session (SET, SHOW), and what a transaction does to them.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/models/postgres/failure.hpp"
#include "sim/models/postgres/settings.hpp"

namespace atlas::sim::models::postgres {

/// Who may change a parameter, and when.
enum class SettingContext : std::uint8_t {
    user,        ///< Anybody, at any time.
    postmaster,  ///< Only at server start.
    sighup,      ///< Only in the configuration file.
    internal,    ///< Nobody.
};

class SessionSettings {
  public:
    SessionSettings(const ServerSettings& server, const std::string& user);

    /// In the form that SHOW gives. Errors: those of missing().
    Checked<std::string> show(std::string_view name) const;

    /// Checks and sets. `value` nullptr sets the default. Errors: those of missing(); 22023, 55P02,
    /// 42602 (a name with a dot that is none).
    Checked<std::string> set(std::string_view name, const std::string* value, bool local);
    void reset_all();

    /// Why a setting that the model lacks cannot be shown: 0A000 where PostgreSQL has it, 42704
    /// where it has not. A custom one (with a dot) is never there, because it cannot be set.
    std::unexpected<Failure> missing(std::string_view name) const;

    /// Start-up parameters are the session's own defaults: RESET goes back to them.
    Checked<> set_default(std::string_view name, const std::string& value);

    void set_in_hot_standby(bool in_recovery);

    void commit();
    void roll_back();
    /// For savepoints: as many as are open.
    void push_savepoint();
    void roll_back_to_savepoint(std::size_t place);
    void release_savepoint(std::size_t place);

    host::Duration statement_timeout() const { return active().statement_timeout; }
    host::Duration lock_timeout() const { return active().lock_timeout; }
    host::Duration deadlock_timeout() const { return active().deadlock_timeout; }
    host::Duration idle_in_transaction_session_timeout() const {
        return active().idle_in_transaction_session_timeout;
    }
    host::Duration idle_session_timeout() const { return active().idle_session_timeout; }
    SynchronousCommit synchronous_commit() const { return active().synchronous_commit; }
    const std::string& default_isolation() const;
    bool default_read_only() const { return active().default_read_only; }
    bool default_deferrable() const { return active().default_deferrable; }
    /// "TimeZone" for "timezone"; a name that is not known as it is.
    static std::string spelling(std::string_view name);

    /// Those that clients are told of at start-up and on change.
    std::vector<std::pair<std::string, std::string>> reported() const;
    /// Grows whenever one may have changed.
    std::uint64_t version() const { return version_; }
    /// All, sorted, as SHOW ALL lists them.
    std::vector<std::pair<std::string, std::string>> all() const;

  private:
    static constexpr std::size_t setting_count = 32;

    struct Values {
        std::array<std::string, setting_count> text;
        host::Duration statement_timeout{};
        host::Duration lock_timeout{};
        host::Duration deadlock_timeout{};
        host::Duration idle_in_transaction_session_timeout{};
        host::Duration idle_session_timeout{};
        SynchronousCommit synchronous_commit = SynchronousCommit::on;
        bool default_read_only = false;
        bool default_deferrable = false;
    };
    /// What is in force, and what stays when SET LOCAL ends.
    struct Level {
        Values active;
        Values session;
    };

    /// Why it cannot be set: custom ones are 0A000, because PostgreSQL would make them.
    std::unexpected<Failure> not_settable(std::string_view name) const;
    const Values& active() const { return current_.active; }
    static Checked<std::string> assign(Values& values, std::size_t place, std::string_view value);
    static void derive(Values& values, std::size_t place);

    const ServerSettings* server_;
    Values defaults_;
    Level current_;
    /// As it was when the transaction, and then each savepoint, began; made at the first change.
    std::vector<Level> before_;
    std::uint64_t version_ = 0;
    bool in_hot_standby_ = false;
};

}  // namespace atlas::sim::models::postgres
