// Those that follow this server: what they may have, and which commits wait for them.

#include <algorithm>

#include "sim/models/postgres/engine/engine.hpp"

namespace atlas::sim::models::postgres {

using host::Result;
using host::Task;

Checked<std::uint32_t> Engine::admit_follower() {
    if (followers_.size() >= settings_.max_wal_senders) {
        return sql_error("53300", fmt::format("number of requested standby connections exceeds "
                                              "max_wal_senders (currently {})",
                                              settings_.max_wal_senders));
    }
    return next_process_id_++;
}

void Engine::add_follower(Follower& follower) {
    followers_.push_back(&follower);
}

void Engine::remove_follower(Follower& follower) {
    std::erase(followers_, &follower);
    follower_left_.wake_all();
}

std::vector<StandbyProgress> Engine::progress_of_followers() const {
    std::vector<StandbyProgress> progress;
    for (const Follower* follower : followers_) {
        StandbyProgress& one = progress.emplace_back(follower->progress);
        one.streams = follower->state == FollowerState::streaming;
    }
    return progress;
}

void Engine::follower_moved() {
    release_waiting();
    // At shutdown the sender waits for the follower to have it all.
    if (is_shutting_down()) log_moved_.wake_all();
}

bool Engine::waits_for_standbys(const PendingRecord& record) const {
    return !synchronous_.is_empty() && record.level != SynchronousCommit::off &&
           record.level != SynchronousCommit::local;
}

void Engine::release_waiting() {
    if (waiting_for_standbys_.empty()) return;
    const std::vector<StandbyProgress> progress = progress_of_followers();
    const auto reached = synchronous_positions(synchronous_, progress);
    if (!reached && !synchronous_.is_empty()) return;
    const auto is_released = [&](const PendingRecord& record) {
        if (!waits_for_standbys(record)) return true;
        if (record.level == SynchronousCommit::remote_write) return record.end <= reached->written;
        if (record.level == SynchronousCommit::remote_apply) return record.end <= reached->applied;
        return record.end <= reached->flushed;
    };
    std::vector<PendingRecordPtr> released;
    std::erase_if(waiting_for_standbys_, [&](const PendingRecordPtr& record) {
        if (!is_released(*record)) return false;
        released.push_back(record);
        return true;
    });
    for (const PendingRecordPtr& record : released)
        finish(*record);
}

Task<Result<std::optional<std::string>>> Engine::read_sendable(LogPosition from, std::size_t most) {
    if (auto recent = log_.recent(from, most)) co_return recent;
    auto bytes = co_await read_segment_bytes(host_, directory_ + "/pg_wal", history_, from, most);
    co_return bytes;
}

// The log that it begins with must be durable before anybody has it.
Task<std::string> Engine::make_backup() {
    const LogPosition redo = in_recovery_ ? replayed_ : log_.end();
    std::string bytes = encode_checkpoint(redo, true);
    while (log_.flushed() < redo)
        co_await log_moved_.wait(host::Deadline::never());
    co_return bytes;
}

}  // namespace atlas::sim::models::postgres
