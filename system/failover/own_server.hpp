#pragma once
// What an agent makes of the server beside it over time: since when it does not answer, whether its
// standbys have all that was confirmed without them, whether it follows in vain.

#include <optional>

#include "system/failover/database_server.hpp"
#include "system/failover/decision.hpp"
#include "system/failover/server_session.hpp"
#include "system/failover/server_status.hpp"

namespace atlas::failover {

class OwnServerWatch {
  public:
    OwnServerWatch(std::string self, const AgentOptions& options)
        : self_(std::move(self)), options_(options) {}

    struct Looked {
        host::TimePoint began;
        ServerState state = {};
        /// It runs, and says that it is still starting up: it recovers, say.
        bool is_starting = false;
        std::optional<ServerStatus> status = {};
        /// As the session has set it, and since when.
        std::optional<std::vector<std::string>> confirming = {};
        host::TimePoint confirming_since = {};
    };

    /// Fills in the server, and since when it is silent; the store's view is there already.
    void see(const Looked& looked, Observation& seen);

    /// A follower that has been connected to whom it follows for longer than a moment.
    bool receives() const { return receives_; }

    /// It has been made anew, or told whom to follow: what was in vain need not be any more.
    void has_changed() {
        diverged_ = false;
        vain_since_.reset();
    }

    /// Its data are others.
    void is_another() {
        has_changed();
        database_.clear();
    }

  private:
    std::vector<Standby> standbys(const Looked& looked, const Observation& seen);
    bool follows_in_vain(const Observation& seen);
    void see_silence(Observation& seen);
    void see_start(const Looked& looked, Observation& seen);

    std::string self_;
    AgentOptions options_;
    std::optional<host::TimePoint> silent_since_;
    std::optional<host::TimePoint> vain_since_;
    std::optional<host::TimePoint> starting_since_;
    bool diverged_ = false;
    bool led_ = false;  ///< At the last look that the store answered.
    /// As it said when it answered; empty before.
    std::string database_;
    /// At the last look, and whether it was the same at the one before.
    std::string receiver_;
    bool receives_ = false;
    /// The primary's position at the last look, and at the first after whoever confirms now had
    /// come to be the only one; with the moment that this was.
    std::uint64_t last_position_ = 0;
    std::optional<std::uint64_t> settled_position_;
    host::TimePoint settled_since_{};
};

}  // namespace atlas::failover
