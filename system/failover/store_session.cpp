#include "system/failover/store_session.hpp"

#include <utility>

namespace atlas::failover {

using host::Deadline;
using host::Result;
using host::Task;

StoreSession::StoreSession(host::Host& host, host::Endpoint store, std::string_view cluster,
                           std::string self, std::chrono::milliseconds lease_time)
    : host_(host),
      client_(host, std::move(store)),
      keys_(cluster),
      self_(std::move(self)),
      lease_time_(lease_time) {}

// Its time is counted from before it is asked for, so it never seems longer than it is.
Task<Result<void>> StoreSession::put_lease(Deadline deadline, std::uint64_t if_revision) {
    lease_revision_.reset();
    const host::TimePoint asked = host_.clock().now();
    const auto entry = co_await client_.put({.deadline = deadline}, {.key = keys_.leader,
                                                                     .value = leader_value(self_),
                                                                     .if_revision = if_revision,
                                                                     .time_to_live = lease_time_});
    if (!entry) co_return std::unexpected(entry.error());
    lease_revision_ = entry->revision;
    lease_until_ = asked + lease_time_;
    co_return Result<void>{};
}

Task<Result<StoreView>> StoreSession::look(Deadline deadline) {
    bool renewed = false;
    if (lease_revision_) {
        const Result<void> kept = co_await put_lease(deadline, *lease_revision_);
        renewed = kept.has_value();
    }
    const auto entries = co_await client_.list({.deadline = deadline}, keys_.prefix);
    if (!entries) co_return std::unexpected(entries.error());
    Result<StoreView> view = read_view(keys_, *entries);
    if (!view) co_return view;
    if (!view->leadership || view->leadership->holder != self_) {
        lease_until_.reset();
        lease_revision_.reset();
        co_return view;
    }
    // It was taken, or renewed, by a call that was not answered, perhaps in an earlier life.
    if (!renewed) {
        const Result<void> kept = co_await put_lease(deadline, view->leadership->revision);
        if (!kept) co_return std::unexpected(kept.error());
    }
    view->leadership->revision = *lease_revision_;
    co_return view;
}

Task<Result<void>> StoreSession::take_lease(Deadline deadline) {
    const Result<void> taken = co_await put_lease(deadline, 0);
    co_return taken;
}

Task<Result<void>> StoreSession::give_up_lease(Deadline deadline, std::uint64_t revision) {
    lease_until_.reset();
    lease_revision_.reset();
    const Result<void> gone = co_await client_.remove(
        {.deadline = deadline}, {.key = keys_.leader, .if_revision = revision});
    co_return gone;
}

Task<Result<void>> StoreSession::publish(Deadline deadline, Synchronous synchronous) {
    published_.reset();
    const auto entry =
        co_await client_.put({.deadline = deadline}, {.key = keys_.synchronous,
                                                      .value = value_of(synchronous),
                                                      .if_revision = synchronous.revision});
    if (!entry) co_return std::unexpected(entry.error());
    published_ = entry->revision;
    co_return Result<void>{};
}

Task<Result<void>> StoreSession::tell(Deadline deadline, Member member) {
    is_member_ = true;
    const auto entry = co_await client_.put(
        {.deadline = deadline},
        {.key = keys_.member(self_), .value = value_of(member), .time_to_live = lease_time_});
    if (!entry) co_return std::unexpected(entry.error());
    co_return Result<void>{};
}

Task<Result<void>> StoreSession::leave(Deadline deadline) {
    if (!is_member_) co_return Result<void>{};
    const Result<void> gone =
        co_await client_.remove({.deadline = deadline}, {.key = keys_.member(self_)});
    if (!gone && gone.error().code != host::ErrorCode::not_found) co_return gone;
    is_member_ = false;
    co_return Result<void>{};
}

}  // namespace atlas::failover
