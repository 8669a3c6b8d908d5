#pragma once
// What API nodes asked of their database and how it ended: the history of the run at the SQL port,
// below the pool. What was sent into a black hole is in it too, though no database ever saw it.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "system/host/network.hpp"
#include "system/host/time.hpp"

namespace atlas::properties {

enum class DatabaseAnswer : std::uint8_t {
    given,        ///< The server said something: a "no" is an answer.
    none,         ///< No connection came about, or it was lost.
    out_of_time,  ///< Its caller's deadline passed first.
};

/// To connect, or a statement.
struct DatabaseOperation {
    host::Duration began{};
    host::Duration ended{};
    DatabaseAnswer answer = DatabaseAnswer::given;
    /// For a request, else the node's own: a migration.
    bool for_request = false;
    /// Of whom.
    host::Endpoint server = {};

    friend bool operator==(const DatabaseOperation&, const DatabaseOperation&) = default;
};

/// Reads that followers answered, by their level.
struct FollowerReads {
    std::uint64_t session = 0;
    std::uint64_t eventual = 0;

    friend bool operator==(const FollowerReads&, const FollowerReads&) = default;
};

/// All that one incarnation of an API node asked.
struct DatabaseConversation {
    std::string node;
    host::Duration began{};
    std::vector<DatabaseOperation> operations = {};  ///< In the order in which they ended.
    std::vector<host::Duration> requests = {};       ///< When the API's requests came to the node.
};

class DatabaseLog {
  public:
    /// Time since the start of the run, as in the clients' history.
    using Clock = std::function<host::Duration()>;

    /// Whether the server at that place follows another one now; without it, none is known to.
    using Follows = std::function<bool(const host::Endpoint& server)>;

    explicit DatabaseLog(Clock clock, Follows follows = {})
        : clock_(std::move(clock)), follows_(std::move(follows)) {}
    DatabaseLog(const DatabaseLog&) = delete;
    DatabaseLog& operator=(const DatabaseLog&) = delete;

    /// A number for one more incarnation.
    std::size_t new_conversation(std::string node);
    void request_came(std::size_t conversation);
    /// One that ends now.
    void add(std::size_t conversation, DatabaseOperation operation);

    /// One that the server has just answered; counts when it is a follower.
    void read_was_answered(const host::Endpoint& server, bool is_in_session);

    host::Duration now() const { return clock_(); }
    const std::vector<DatabaseConversation>& conversations() const { return conversations_; }
    const FollowerReads& follower_reads() const { return follower_reads_; }

  private:
    Clock clock_;
    Follows follows_;
    std::vector<DatabaseConversation> conversations_;
    FollowerReads follower_reads_;
};

}  // namespace atlas::properties
