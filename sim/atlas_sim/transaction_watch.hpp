#pragma once
// Watches, second by second of virtual time, that no session of the database idles in a transaction
// for longer than the nodes allow it: what a lost client had locked must be free again.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/models/postgres/server.hpp"
#include "system/host/time.hpp"

namespace atlas::sim::atlas_sim {

class TransactionWatch {
  public:
    /// `limit` is what the nodes ask for: idle_in_transaction_session_timeout.
    explicit TransactionWatch(host::Duration limit) : limit_(limit) {}

    /// Once a second, with what there is now. A second in which the database did not run, or not at
    /// its pace, does not count: it could end nothing then.
    void look(const std::vector<models::postgres::IdleTransaction>& idle, bool counts,
              host::TimePoint now);

    /// Each session that idled for too long, in a sentence; a few at most.
    const std::vector<std::string>& found() const { return found_; }

  private:
    struct Seen {
        host::TimePoint since;
        std::uint64_t seconds = 0;
    };

    host::Duration limit_;
    std::map<std::uint32_t, Seen> seen_;
    std::vector<std::string> found_;
};

}  // namespace atlas::sim::atlas_sim
