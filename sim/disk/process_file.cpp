#include "sim/disk/process_file.hpp"

#include <xxhash.h>

#include <algorithm>
#include <utility>

#include "system/host/check.hpp"

namespace atlas::sim::disk {

using host::ErrorCode;
using host::failure;
using host::Result;
using host::Task;

namespace {

std::uint64_t digest_of(std::span<const std::byte> bytes) {
    return XXH3_64bits(bytes.data(), bytes.size());
}

std::unexpected<host::Error> failed(ErrorCode code, const std::string& path) {
    return failure(code, path, host::Certainty::indefinite);
}

std::unexpected<host::Error> dead() {
    return failure(ErrorCode::io_error, "the process is dying", host::Certainty::indefinite);
}

}  // namespace

ProcessFile::ProcessFile(ProcessDisk& disk, std::string path, SharedContent content, bool writable)
    : disk_(disk), path_(std::move(path)), content_(std::move(content)), writable_(writable) {
    ++disk_.open_files_;
    ++disk_.machine_.open_files_;
}

ProcessFile::~ProcessFile() {
    --disk_.open_files_;
    --disk_.machine_.open_files_;
}

ProcessDisk::Call ProcessFile::begin(OperationKind kind, std::uint64_t offset, std::size_t bytes) {
    Operation operation = disk_.machine_.next_operation(kind, path_);
    operation.offset = offset;
    operation.bytes = bytes;
    ProcessDisk::Call call = disk_.begin(operation, last_end_ + host::Duration{1});
    last_end_ = call.ends;
    return call;
}

bool ProcessFile::has_room_for(std::uint64_t size) const {
    if (size <= content_->size()) return true;
    if (disk_.machine_.is_full_) return false;
    return size - content_->size() <= disk_.machine_.capacity_bytes_ - disk_.machine_.used_bytes_;
}

void ProcessFile::resized(std::uint64_t from) {
    disk_.machine_.used_bytes_ += content_->size() - from;
}

void ProcessFile::put(std::uint64_t offset, std::span<const std::byte> data) {
    std::optional<MachineDisk::Misdirection>& misdirection = disk_.machine_.misdirection_;
    // Any other place where it fits into what is there.
    const bool has_other_place = content_->size() >= data.size() && content_->size() > 0;
    if (!misdirection || !has_other_place) return content_->write(offset, data);
    const std::uint64_t places = content_->size() - data.size() + 1;
    std::uint64_t place = misdirection->choice % places;
    if (place == offset) place = (place + 1) % places;
    if (place == offset) return content_->write(offset, data);
    content_->write_elsewhere(offset, place, data, misdirection->damage);
    misdirection.reset();
}

Task<Result<std::size_t>> ProcessFile::read_at(std::uint64_t offset, std::span<std::byte> buffer) {
    if (!disk_.is_alive()) co_return dead();
    const std::uint64_t there = content_->size() - std::min(offset, content_->size());
    const std::size_t most = std::min<std::uint64_t>(buffer.size(), there);
    const ProcessDisk::Call call = begin(OperationKind::read, offset, most);
    std::size_t count = 0;
    if (!call.decision.error) {
        count = content_->read(offset, buffer.first(std::min(most, call.decision.limit)));
    }
    const std::optional<std::uint64_t> damage = content_->damage_to(offset, count);
    const std::uint64_t digest = digest_of(buffer.first(count));
    co_await disk_.until_end(call, digest);
    disk_.report(call, {.bytes = count, .damage = damage});
    if (call.decision.error) co_return failed(*call.decision.error, path_);
    co_return count;
}

Task<Result<std::size_t>> ProcessFile::write_at(std::uint64_t offset,
                                                std::span<const std::byte> buffer) {
    if (!disk_.is_alive()) co_return dead();
    if (!writable_) co_return failure(ErrorCode::invalid_argument, path_ + " is open for reading");
    ProcessDisk::Call call = begin(OperationKind::write, offset, buffer.size());
    const std::size_t count = std::min(buffer.size(), call.decision.limit);
    if (!call.decision.error && !has_room_for(offset + count)) {
        call.decision.error = ErrorCode::no_space;
    }
    if (!call.decision.error && count > 0) {
        const std::uint64_t size_before = content_->size();
        put(offset, buffer.first(count));
        resized(size_before);
    }
    const std::uint64_t digest = digest_of(buffer.first(count));
    co_await disk_.until_end(call, digest);
    disk_.report(call, {.bytes = call.decision.error ? 0 : count});
    if (call.decision.error) co_return failed(*call.decision.error, path_);
    co_return count;
}

Task<Result<void>> ProcessFile::sync() {
    if (!disk_.is_alive()) co_return dead();
    const ProcessDisk::Call call = begin(OperationKind::sync, 0, 0);
    const std::uint64_t covered = content_->last_change();
    co_await disk_.until_end(call, covered);
    ContentLoss lost;
    if (call.decision.error) {
        lost = disk_.machine_.fail_sync(path_, *content_, covered);
    } else {
        content_->make_durable(covered);
    }
    disk_.report(call, {.sectors_changed = lost.sectors_changed});
    if (call.decision.error) co_return failed(*call.decision.error, path_);
    co_return Result<void>{};
}

Task<Result<void>> ProcessFile::truncate(std::uint64_t size) {
    if (!disk_.is_alive()) co_return dead();
    if (!writable_) co_return failure(ErrorCode::invalid_argument, path_ + " is open for reading");
    ProcessDisk::Call call = begin(OperationKind::truncate, size, 0);
    if (!call.decision.error && !has_room_for(size)) call.decision.error = ErrorCode::no_space;
    if (!call.decision.error) {
        const std::uint64_t size_before = content_->size();
        content_->truncate(size);
        resized(size_before);
    }
    co_await disk_.until_end(call, size);
    disk_.report(call);
    if (call.decision.error) co_return failed(*call.decision.error, path_);
    co_return Result<void>{};
}

Task<Result<std::uint64_t>> ProcessFile::size() {
    if (!disk_.is_alive()) co_return dead();
    co_return content_->size();
}

}  // namespace atlas::sim::disk
