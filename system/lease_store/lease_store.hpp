#pragma once
// The store itself: entries in memory and on disk, changed by one task alone.
//
// Changes that come while a batch is being written make up the next batch. A batch is on disk
// before any of it is answered or can be read, the end of a lease as well: so whatever anybody has
// ever been told stays true after a crash, and reads need no more than a look into memory.

#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "system/host/context.hpp"
#include "system/host/event.hpp"
#include "system/lease_store/entries.hpp"
#include "system/lease_store/store_mark.hpp"

namespace atlas::lease_store {

class LeaseStore {
  public:
    /// Opens the directory, a new or an old one. One without a file becomes a new store, with an
    /// identity that no other has. Errors: already_exists (another process has it),
    /// data_corrupted, io_error, no_space.
    static host::Task<host::Result<std::unique_ptr<LeaseStore>>> open(host::Host& host,
                                                                      std::string directory);
    LeaseStore(const LeaseStore&) = delete;
    LeaseStore& operator=(const LeaseStore&) = delete;

    /// Writes changes and ends leases until it is cancelled. A write that fails is fatal: what the
    /// disk holds then is unknown, and only a new start can tell.
    host::Task<> run();

    /// Errors: those of Entries, definite; deadline_exceeded, definite if the change has not been
    /// begun and so never will be; unavailable (too many changes wait), definite.
    host::Task<host::Result<Entry>> put(host::Context context, Put put);
    host::Task<host::Result<void>> remove(host::Context context, Removal removal);

    /// What is durable.
    const Entries& entries() const { return entries_; }
    StoreMark mark() const { return {identity_, entries_.revision()}; }

  private:
    struct Change {
        explicit Change(host::Host& host) : done(host) {}
        std::variant<Put, Removal> what;
        host::Result<Entry> result;
        host::Event done;
    };
    using ChangePtr = std::shared_ptr<Change>;

    LeaseStore(host::Host& host, std::string directory);

    host::Task<host::Result<void>> load();
    host::Task<host::Result<Entry>> change(host::Context context, std::variant<Put, Removal> what);
    void grant_whole_lives();
    host::Deadline next_end() const;
    void apply(Change& change, Entries& next);
    void end_leases(Entries& next) const;
    void note_lives(const Entries& next);

    host::Host& host_;
    std::string directory_;
    std::unique_ptr<host::DirectoryLock> lock_;
    std::string identity_;
    Entries entries_;
    /// When each lease ends, with the revision it had then.
    struct End {
        host::TimePoint at;
        std::uint64_t revision;
    };
    std::map<std::string, End, std::less<>> ends_;
    std::vector<ChangePtr> waiting_;
    host::Event work_;
};

}  // namespace atlas::lease_store
