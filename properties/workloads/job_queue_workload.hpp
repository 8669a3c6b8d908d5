#pragma once
// A queue in a table: workers take the oldest job that nobody has, with FOR UPDATE SKIP LOCKED, and
// mark it as done in the same transaction. Each job is done once, and no worker waits for another's
// job.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "system/host/host.hpp"
#include "system/sql/connection.hpp"

namespace atlas::properties {

class JobQueueWorkload {
  public:
    static constexpr int workers = 3;

    /// Who brings jobs and who does them, each on a task of its own, until `until` or the host asks
    /// to stop. Workload and driver outlive the task.
    host::Task<> run(host::Host& host, sql::Driver& driver, sql::ConnectionTarget target,
                     host::TimePoint until);

    /// Jobs that were done twice, and workers that waited for another's, in a sentence each; a few
    /// at most.
    const std::vector<std::string>& found() const { return found_; }
    std::size_t done() const { return done_by_.size(); }

  private:
    host::Task<> bring_jobs(host::Host& host, sql::Driver& driver, sql::ConnectionTarget target,
                            host::TimePoint until);
    host::Task<> run_worker(host::Host& host, sql::Driver& driver, sql::ConnectionTarget target,
                            int number, host::TimePoint until);
    host::Task<> take_job(host::Host& host, class SqlSession& session, int number,
                          host::Duration takes);
    void was_done(host::Host& host, const std::string& job, int worker);
    void find(std::string sentence);

    /// By whom each job was done, as the worker was told.
    std::map<std::string, int> done_by_;
    std::vector<std::string> found_;
};

}  // namespace atlas::properties
