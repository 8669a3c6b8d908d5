#pragma once
// What a lease store holds, as a value: changed by plain calls, with no clock and no disk.
//
// Every change gives the whole store its next revision, and the key that changed that number, so a
// condition on a revision is compare-and-set: it holds only if nobody has changed the key since.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "system/host/error.hpp"

namespace atlas::lease_store {

struct Limits {
    static constexpr std::size_t key_bytes = 200;
    static constexpr std::size_t value_bytes = 16 * 1024;
    static constexpr std::size_t entries = 1000;
    /// Of all keys and values: each batch of changes writes them all.
    static constexpr std::size_t total_bytes = 1024 * 1024;
    static constexpr std::chrono::milliseconds shortest_life{100};
    static constexpr std::chrono::milliseconds longest_life = std::chrono::hours{24};
};

struct Entry {
    std::string key;
    /// Printable ASCII; often JSON.
    std::string value;
    /// Of its last change; never 0.
    std::uint64_t revision = 0;
    /// At which the key came to be. Of a lease: at which its holder got it, a fencing token that is
    /// greater for each that comes later. Its value says who that is; another value is another
    /// holder, however it was put there.
    std::uint64_t created = 0;
    /// A lease: how long after its last change it ends.
    std::optional<std::chrono::milliseconds> time_to_live = {};

    friend bool operator==(const Entry&, const Entry&) = default;
};

struct Put {
    std::string key;
    std::string value = {};
    /// The revision that the key must have; 0: there must be none. Nothing: whatever there is.
    std::optional<std::uint64_t> if_revision = {};
    std::optional<std::chrono::milliseconds> time_to_live = {};
};

struct Removal {
    std::string key;
    std::optional<std::uint64_t> if_revision = {};
};

class Entries {
  public:
    using Map = std::map<std::string, Entry, std::less<>>;

    Entries() = default;
    /// What a file said.
    Entries(std::uint64_t revision, Map entries);

    /// Errors: conflict (the condition does not hold), invalid_argument (a key, value or life that
    /// is not allowed), resource_exhausted (too many keys, or bytes of them). Then nothing has
    /// changed.
    host::Result<Entry> put(const Put& put);
    /// Errors: conflict, not_found, invalid_argument.
    host::Result<void> remove(const Removal& removal);

    const Entry* find(std::string_view key) const;
    const Map& all() const { return entries_; }
    /// Of the last change; 0 before the first.
    std::uint64_t revision() const { return revision_; }

    friend bool operator==(const Entries&, const Entries&) = default;

  private:
    host::Result<void> check(std::string_view key, std::optional<std::uint64_t> if_revision) const;
    host::Result<void> check_room(const Put& put, const Entry* current) const;

    std::uint64_t revision_ = 0;
    std::size_t bytes_ = 0;
    Map entries_;
};

/// Letters, digits and "-_./", at most Limits::key_bytes of them, at least one.
bool is_key(std::string_view text);

/// Whether an entry is one that Entries can have made.
bool is_whole(const Entry& entry);

}  // namespace atlas::lease_store
