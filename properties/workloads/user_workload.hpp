#pragma once
// The default workload: clients that register users, read them, page through all of them, change
// their names and e-mails if nobody else did meanwhile, and delete them. Run by the simulated
// client machines and against real servers alike.
//
// What makes it find bugs: a few users whom all clients keep changing; e-mails that are tried again
// and again, also spelt otherwise; keys of finished registrations that are sent once more; walks
// through the listing that take their time, while others register and delete; changes that name an
// outdated version on purpose; clients that talk to one API node and clients that talk to all.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "properties/workloads/history_recorder.hpp"
#include "properties/workloads/recorded_client.hpp"
#include "properties/workloads/user_directory.hpp"
#include "system/host/host.hpp"
#include "system/host/task_group.hpp"

namespace atlas::properties {

struct UserWorkloadOptions {
    /// Operations begun in a second, all clients together. A client that waits for an answer begins
    /// none, so faults lower it.
    std::uint64_t rate = 24;
    /// On all machines together; decides how often each one begins an operation.
    std::uint64_t clients = 12;
    std::uint32_t weight_register = 2;  ///< Relative to one another.
    std::uint32_t weight_get = 5;
    std::uint32_t weight_patch = 5;
    std::uint32_t weight_delete = 1;
    std::uint32_t weight_list = 1;
    std::uint32_t weight_change_email = 1;
    std::uint32_t weight_repeat = 1;
    std::uint32_t outdated_per_thousand = 150;  ///< Changes that name a wrong version on purpose.
    /// Reads by the level session; half as many by the level eventual.
    std::uint32_t session_per_thousand = 0;
    host::Duration operation_timeout = std::chrono::seconds{5};
    DirectoryOptions directory = {};
    sim::scenario::SuppressedOperations suppressed = {};
};

/// In the order of all_user_functions.
std::array<std::uint32_t, std::size(all_user_functions)> weights_of(
    const UserWorkloadOptions& options);

class UserWorkload {
  public:
    /// The recorder outlives the workload.
    UserWorkload(UserWorkloadOptions options, HistoryRecorder& recorder);

    /// The clients of one machine: each on a task of its own, and each of its operations with a
    /// random source of its own, until `until` or the host asks to stop. An operation under way is
    /// waited for. `nodes` are the API's endpoints. The workload outlives the task; `count` clients
    /// are numbered from `first` among all of the run.
    host::Task<> run_clients(host::Host& host, std::vector<host::Endpoint> nodes,
                             std::uint64_t first, std::uint64_t count, host::TimePoint until);

    /// After faults have stopped and run_clients has ended: one operation of each kind succeeds, a
    /// user whom all clients changed can be changed, and every known user is read. True when all
    /// of that was done before the deadline.
    host::Task<bool> run_final_phase(host::Host& host, std::vector<host::Endpoint> nodes,
                                     host::Deadline deadline);

    const UserDirectory& directory() const { return directory_; }

  private:
    host::Task<> spawn_clients(host::TaskGroup& clients, host::Host& host,
                               std::vector<host::Endpoint> nodes, std::uint64_t first,
                               std::uint64_t count, host::TimePoint until);
    host::Task<> run_client(host::Host& host, std::vector<host::Endpoint> nodes,
                            std::uint64_t number, host::TimePoint until);
    host::Task<> run_operation(RecordedClient& client, host::RandomSource& random);
    host::Task<> register_someone(RecordedClient& client, host::RandomSource& random);
    host::Task<> read_someone(RecordedClient& client, host::RandomSource& random);
    host::Task<> patch_someone(RecordedClient& client, host::RandomSource& random);
    host::Task<> change_email_of_someone(RecordedClient& client, host::RandomSource& random);
    host::Task<> delete_someone(RecordedClient& client, host::RandomSource& random);
    host::Task<> walk_on(RecordedClient& client, host::RandomSource& random);
    host::Task<> repeat_someone(RecordedClient& client, host::RandomSource& random);
    client::Consistency level_to_read_at(host::RandomSource& random) const;
    std::int64_t version_to_name(const KnownUser& someone, bool is_outdated,
                                 host::RandomSource& random) const;
    host::Task<> look_again(RecordedClient& client, std::string id);
    host::Task<bool> register_someone_fresh(host::Host& host, RecordedClient& client,
                                            host::Deadline deadline);
    host::Task<bool> read(host::Host& host, RecordedClient& client, std::string id,
                          host::Deadline deadline);
    host::Task<bool> change(host::Host& host, RecordedClient& client, std::string id,
                            host::Deadline deadline);
    host::Task<bool> repeat(host::Host& host, RecordedClient& client, host::Deadline deadline);
    host::Task<bool> change_email(host::Host& host, RecordedClient& client, std::string id,
                                  host::Deadline deadline);
    host::Task<bool> walk_all(host::Host& host, RecordedClient& client, host::Deadline deadline);
    struct FinalReads {
        std::vector<KnownUser> users;
        std::size_t next = 0;
        bool all_answered = true;
    };
    host::Task<bool> read_all(host::Host& host, std::vector<host::Endpoint> nodes,
                              host::Deadline deadline);
    host::Task<> read_some(host::Host& host, std::vector<host::Endpoint> nodes, FinalReads& reads,
                           host::Deadline deadline);
    void begin_final(host::Host& host, RecordedClient& client);

    host::Task<bool> remove_someone_fresh(host::Host& host, RecordedClient& client,
                                          host::Deadline deadline);

    client::ClientOptions client_options(std::vector<host::Endpoint> nodes) const;

    UserWorkloadOptions options_;
    HistoryRecorder& recorder_;
    UserDirectory directory_;
    std::uint64_t final_operations_ = 0;
};

}  // namespace atlas::properties
