#include "system/lease_store/lease_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "system/host/check.hpp"
#include "system/host/whole_file.hpp"
#include "system/lease_store/entries_file.hpp"

namespace atlas::lease_store {

using host::Deadline;
using host::ErrorCode;
using host::failure;
using host::Result;
using host::Task;

namespace {

constexpr std::size_t most_waiting = 1000;
// What all entries there may be take as JSON, and more.
constexpr std::uint64_t longest_file = 4 * Limits::total_bytes;

std::unexpected<host::Error> damaged(std::string_view path) {
    return failure(ErrorCode::data_corrupted, fmt::format("the file \"{}\" is damaged", path));
}

}  // namespace

LeaseStore::LeaseStore(host::Host& host, std::string directory)
    : host_(host), directory_(std::move(directory)), work_(host) {}

Task<Result<std::unique_ptr<LeaseStore>>> LeaseStore::open(host::Host& host,
                                                           std::string directory) {
    std::unique_ptr<LeaseStore> store(new LeaseStore(host, std::move(directory)));
    const Result<void> loaded = co_await store->load();
    if (!loaded) co_return std::unexpected(loaded.error());
    co_return store;
}

Task<Result<void>> LeaseStore::load() {
    Result<void> done = co_await host_.disk().make_directory(directory_);
    if (!done) co_return done;
    auto locked = host_.disk().lock_directory(directory_);
    if (!locked) co_return std::unexpected(std::move(locked).error());
    lock_ = *std::move(locked);
    const std::string path = directory_ + "/" + std::string(entries_file_name);
    const auto bytes = co_await host::read_whole_file(host_, path, longest_file);
    if (!bytes) co_return std::unexpected(bytes.error());
    if (*bytes) {
        std::optional<StoredEntries> stored = decode_file(**bytes);
        if (!stored) co_return damaged(path);
        identity_ = std::move(stored->identity);
        entries_ = std::move(stored->entries);
    } else {
        host::RandomSource random = host_.random("lease_store.identity");
        identity_ = identity_of(random.next());
    }
    // What can be read need not be durable (after a sync that failed, say): written again, it is.
    // And nobody may be shown an identity that could be lost.
    done = co_await host::replace_file(host_, directory_, std::string(entries_file_name),
                                       encode_file(identity_, entries_));
    if (!done) co_return done;
    grant_whole_lives();
    co_return Result<void>{};
}

// Nobody knows for how long there was no store.
void LeaseStore::grant_whole_lives() {
    ends_.clear();
    note_lives(entries_);
}

Deadline LeaseStore::next_end() const {
    Deadline next = Deadline::never();
    for (const auto& [key, end] : ends_)
        next = next.earlier_of(Deadline::at(end.at));
    return next;
}

void LeaseStore::apply(Change& change, Entries& next) {
    if (const Put* put = std::get_if<Put>(&change.what)) {
        change.result = next.put(*put);
        return;
    }
    const Result<void> removed = next.remove(std::get<Removal>(change.what));
    change.result = removed ? Result<Entry>(Entry{}) : std::unexpected(removed.error());
}

void LeaseStore::end_leases(Entries& next) const {
    const host::TimePoint now = host_.clock().now();
    for (const auto& [key, end] : ends_) {
        const Entry* entry = next.find(key);
        // One that this very batch renews goes on.
        if (entry == nullptr || entry->revision != end.revision || now < end.at) continue;
        const Result<void> ended = next.remove({.key = key});
        ATLAS_CHECK(ended.has_value(), "what is there can be removed");
    }
}

// From now on: a lease lives its time from the moment its change is durable.
void LeaseStore::note_lives(const Entries& next) {
    const host::TimePoint now = host_.clock().now();
    std::erase_if(ends_, [&](const auto& each) { return next.find(each.first) == nullptr; });
    for (const auto& [key, entry] : next.all()) {
        if (!entry.time_to_live) {
            ends_.erase(key);
            continue;
        }
        const auto known = ends_.find(key);
        if (known != ends_.end() && known->second.revision == entry.revision) continue;
        ends_.insert_or_assign(key, End{now + *entry.time_to_live, entry.revision});
    }
}

Task<> LeaseStore::run() {
    while (true) {
        work_.reset();
        if (waiting_.empty()) co_await work_.wait(next_end());
        const std::vector<ChangePtr> batch = std::exchange(waiting_, {});
        Entries next = entries_;
        for (const ChangePtr& change : batch)
            apply(*change, next);
        end_leases(next);
        if (next.revision() != entries_.revision()) {
            const Result<void> saved = co_await host::replace_file(
                host_, directory_, std::string(entries_file_name), encode_file(identity_, next));
            if (!saved) {
                host_.fatal("the lease store cannot write: " + host::describe(saved.error()));
            }
            note_lives(next);
            entries_ = std::move(next);
        }
        for (const ChangePtr& change : batch)
            change->done.set();
    }
}

Task<Result<Entry>> LeaseStore::change(host::Context context, std::variant<Put, Removal> what) {
    if (waiting_.size() >= most_waiting) {
        co_return failure(ErrorCode::unavailable,
                          fmt::format("{} changes wait already", waiting_.size()));
    }
    const auto change = std::make_shared<Change>(host_);
    change->what = std::move(what);
    waiting_.push_back(change);
    work_.set();
    const host::Wake wake = co_await change->done.wait(context.deadline);
    if (wake == host::Wake::deadline) {
        // One that its caller has given up must not take effect long after, if that can be helped.
        const bool is_under_way = std::erase(waiting_, change) == 0;
        co_return failure(ErrorCode::deadline_exceeded, "the change was not written in time",
                          is_under_way ? host::Certainty::indefinite : host::Certainty::definite);
    }
    co_return change->result;
}

Task<Result<Entry>> LeaseStore::put(host::Context context, Put put) {
    auto result = co_await change(context, std::move(put));
    co_return result;
}

Task<Result<void>> LeaseStore::remove(host::Context context, Removal removal) {
    const Result<Entry> result = co_await change(context, std::move(removal));
    if (!result) co_return std::unexpected(result.error());
    co_return Result<void>{};
}

}  // namespace atlas::lease_store
