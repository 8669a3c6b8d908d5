#pragma once
// The PostgreSQL beside an agent, by PostgreSQL's own programs: initdb, postgres, pg_basebackup,
// pg_rewind, psql. The server goes on when the agent ends. Both are of one user.
//
// On the host's disk, whose root is given again as a path for the programs:
//     DIRECTORY/data     the data directory
//     DIRECTORY/settings.conf  its settings, over those of data/postgresql.conf
//     DIRECTORY/log      what the server writes to its standard error

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "adapters/asio_host.hpp"
#include "adapters/postgres/program.hpp"
#include "system/failover/data_directory.hpp"
#include "system/failover/database_server.hpp"

namespace atlas::adapters {

struct PostgresServerOptions {
    /// The root of the host's disk.
    std::filesystem::path root;
    std::string directory = "postgres";
    /// Where PostgreSQL's programs are.
    std::filesystem::path programs = "/usr/lib/postgresql/15/bin";
    /// "name=value": port, listen_addresses, hba_file and whatever else. Of a name that is there
    /// twice the last counts. Not synchronous_standby_names nor primary_conninfo: the agent's.
    std::vector<std::string> settings = {};
    /// For initdb, beside those that an agent needs.
    std::vector<std::string> initdb = {"--encoding=UTF8", "--locale=C", "--auth=trust"};
};

class PostgresServer final : public failover::DatabaseServer {
  public:
    PostgresServer(AsioHost& host, PostgresServerOptions options);
    PostgresServer(const PostgresServer&) = delete;
    PostgresServer& operator=(const PostgresServer&) = delete;

    /// So that no other agent looks after this server as long as this one lives. Ends what an
    /// earlier one has left at work in the data directory (a copy, say). Errors: those of
    /// Disk::lock_directory.
    host::Task<host::Result<void>> lock();

    host::Task<host::Result<failover::ServerState>> state(host::Context context) override;
    host::Task<host::Result<void>> start(host::Context context) override;
    host::Task<host::Result<void>> stop_now(host::Context context) override;
    host::Task<host::Result<void>> published() override;
    host::Task<host::Result<void>> create(host::Context context,
                                          failover::ServerSettings settings) override;
    host::Task<host::Result<void>> copy_from(host::Context context, std::string conninfo) override;
    host::Task<host::Result<void>> rewind_to(host::Context context, std::string conninfo) override;
    host::Task<host::Result<void>> follow(host::Context context, std::string conninfo) override;

  private:
    std::string path_of(std::string_view program) const;
    std::string data() const { return (home_ / "data").string(); }
    /// Reaps the one that this agent has started, if it has ended.
    std::vector<pid_t> processes();
    host::Result<void> is_down();
    host::Task<> end_work_left();
    host::Task<std::string> read_database();
    host::Task<host::Result<void>> is_worth_rewinding(host::Context context, std::string source);
    host::Task<host::Result<std::string>> ask(host::Context context, std::string source,
                                              std::string statement);
    std::string settings_file() const { return (home_ / "settings.conf").string(); }
    host::Task<host::Result<void>> write_settings();
    host::Task<host::Result<void>> clear_data();
    host::Task<host::Result<void>> remove(std::string path);
    host::Task<host::Result<void>> remove_leftovers();

    AsioHost& host_;
    PostgresServerOptions options_;
    std::filesystem::path home_;
    failover::DataDirectory files_;
    std::unique_ptr<host::DirectoryLock> lock_;
    pid_t child_ = -1;
};

}  // namespace atlas::adapters
