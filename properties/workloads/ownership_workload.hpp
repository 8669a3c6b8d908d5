#pragma once
// Pairs of which at least one must stay on: who is on goes off if the other is on too. Each looks
// at both rows and changes its own, so that at anything less than SERIALIZABLE both may go off at
// once: write skew (DDIA, chapter 7, "Write Skew and Phantoms").

#include <cstdint>
#include <string>
#include <vector>

#include "system/host/host.hpp"
#include "system/sql/connection.hpp"

namespace atlas::properties {

class OwnershipWorkload {
  public:
    static constexpr int pairs = 2;

    /// The owners of all pairs, each on a task of its own, until `until` or the host asks to stop.
    /// Workload and driver outlive the task.
    host::Task<> run(host::Host& host, sql::Driver& driver, sql::ConnectionTarget target,
                     host::TimePoint until);

    /// Committed transactions that saw a pair with nobody on, in a sentence each; a few at most.
    const std::vector<std::string>& found() const { return found_; }
    std::uint64_t committed() const { return committed_; }

  private:
    struct Owner {
        int pair = 0;
        int number = 0;
    };

    host::Task<> run_owner(host::Host& host, sql::Driver& driver, sql::ConnectionTarget target,
                           Owner owner, host::TimePoint until);
    host::Task<> take_turn(host::Host& host, class SqlSession& session, Owner owner,
                           host::Duration thinking);

    std::vector<std::string> found_;
    std::uint64_t committed_ = 0;
};

}  // namespace atlas::properties
