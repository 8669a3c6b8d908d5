#pragma once
// The part of a DatabaseServer that is the same in both worlds: the files beside and in a data
// directory that say whether it is whole and whom it follows.
//
//     DIRECTORY/data        the data directory
//     DIRECTORY/unfinished  there while it is being made, copied or rewound
//     DIRECTORY/unpublished  there while nobody else knows of the database in it

#include <string>

#include "system/failover/database_server.hpp"
#include "system/host/host.hpp"

namespace atlas::failover {

class DataDirectory {
  public:
    /// `sign`: a file without which the data directory is none, "PG_VERSION" say.
    DataDirectory(host::Host& host, std::string directory, std::string sign);

    std::string data() const { return directory_ + "/data"; }

    /// All but whether it runs, and which database it is. Errors: the disk's.
    host::Task<host::Result<ServerState>> look();

    /// From here to finish() there is no whole data directory, whatever happens.
    host::Task<host::Result<void>> begin();
    host::Task<host::Result<void>> finish();

    /// It is a new database's; until published(), or until it is another's.
    host::Task<host::Result<void>> mark_new();
    host::Task<host::Result<void>> published();

    /// standby.signal and primary_conninfo, of a server that is down.
    host::Task<host::Result<void>> follow(std::string conninfo);

    /// In postgresql.auto.conf, of a server that is down.
    host::Task<host::Result<void>> set(ServerSettings settings);

  private:
    host::Host& host_;
    std::string directory_;
    std::string sign_;
};

}  // namespace atlas::failover
