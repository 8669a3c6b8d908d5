#include "sim/disk/process_disk.hpp"

#include <xxhash.h>

#include <algorithm>
#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "sim/disk/process_file.hpp"
#include "sim/kernel/parking.hpp"
#include "sim/kernel/task_executor.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::disk {

using host::ErrorCode;
using host::failure;
using host::OpenMode;
using host::Result;
using host::Task;

namespace {

std::uint64_t digest_of(std::string_view text) {
    return XXH3_64bits(text.data(), text.size());
}

std::unexpected<host::Error> bad_path(std::string_view path) {
    return failure(ErrorCode::invalid_argument, "not a path of this disk: " + std::string(path));
}

std::unexpected<host::Error> failed(ErrorCode code, std::string_view path) {
    return failure(code, std::string(path), host::Certainty::indefinite);
}

// What a process gets while it is being unwound.
std::unexpected<host::Error> dead() {
    return failure(ErrorCode::io_error, "the process is dying", host::Certainty::indefinite);
}

// The event that ends a call, and the frame that waits for it. Whichever goes first tells the
// other: a caller that goes away takes the event back; an event that is dropped (by a crash) must
// not be taken back again.
class PendingEvent {
  public:
    explicit PendingEvent(kernel::Kernel& kernel) : kernel_(kernel) {}
    PendingEvent(const PendingEvent&) = delete;
    PendingEvent& operator=(const PendingEvent&) = delete;
    ~PendingEvent() {
        if (event_ != nullptr) kernel_.cancel(*event_);
    }
    void set(kernel::Event& event) { event_ = &event; }

    /// Travels in the event.
    class Notice {
      public:
        explicit Notice(PendingEvent& pending) : pending_(&pending) {}
        Notice(Notice&& other) noexcept : pending_(std::exchange(other.pending_, nullptr)) {}
        Notice& operator=(Notice&&) = delete;
        ~Notice() { give(); }
        void give() {
            if (pending_ != nullptr) std::exchange(pending_, nullptr)->event_ = nullptr;
        }

      private:
        PendingEvent* pending_;
    };

  private:
    kernel::Kernel& kernel_;
    kernel::Event* event_ = nullptr;
};

}  // namespace

class HeldLock final : public host::DirectoryLock {
  public:
    HeldLock(MachineDisk& machine, const ProcessDisk& owner, std::string path)
        : machine_(machine), owner_(owner), path_(std::move(path)) {}
    HeldLock(const HeldLock&) = delete;
    HeldLock& operator=(const HeldLock&) = delete;
    ~HeldLock() {
        const auto held = machine_.locks_.find(path_);
        if (held != machine_.locks_.end() && held->second == &owner_) machine_.locks_.erase(held);
    }

  private:
    MachineDisk& machine_;
    const ProcessDisk& owner_;
    std::string path_;
};

ProcessDisk::ProcessDisk(MachineDisk& machine, kernel::Process& process)
    : machine_(machine), process_(process) {}

ProcessDisk::~ProcessDisk() {
    ATLAS_CHECK(open_files_ == 0, "open files end with the tasks that hold them");
    std::erase_if(machine_.locks_, [this](const auto& lock) { return lock.second == this; });
}

ProcessDisk::Call ProcessDisk::begin(Operation operation, host::TimePoint not_before) {
    const host::TimePoint now = process_.kernel().now();
    Call call{.operation = operation,
              .decision = machine_.policy_.decide(operation),
              .began = now,
              .ends = {}};
    ATLAS_CHECK(call.decision.latency >= host::Duration::zero(), "no operation ends in the past");
    ATLAS_CHECK(call.decision.limit > 0, "a read or write transfers at least one byte");
    call.ends = std::max(now + call.decision.latency, not_before);
    return call;
}

Task<> ProcessDisk::until_end(const Call& call, std::uint64_t digest) {
    host::Parked place;
    kernel::Parking parking(process_, place);
    PendingEvent pending(process_.kernel());
    const std::uint64_t payload =
        host::mix(digest ^ host::mix(call.operation.offset ^ call.operation.bytes));
    co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>,
                                         void(boost::system::error_code, host::Wake)>(
        [&](kernel::Parking::Handler handler) {
            const host::Executor executor = handler.get_executor();
            const auto* of_task = executor.target<kernel::TaskExecutor>();
            const std::uint32_t task = of_task == nullptr ? 0 : of_task->task();
            parking.suspend(std::move(handler), task, host::Deadline::never());
            if (!process_.is_alive()) return;
            kernel::Event& event = process_.kernel().schedule(
                call.ends, process_, kernel::EventKind::disk, name(call.operation.kind).data(),
                payload, [&parking, notice = PendingEvent::Notice(pending)]() mutable {
                    notice.give();
                    // Cancelled already: its wake-up is on the way.
                    if (!parking.handler) return;
                    kernel::Parking::Handler resumed = parking.take();
                    std::move(resumed)(boost::system::error_code{}, host::Wake::notified);
                });
            event.task = task;
            pending.set(event);
        },
        boost::asio::use_awaitable);
}

void ProcessDisk::report(const Call& call, Outcome outcome) {
    outcome.took = process_.kernel().now() - call.began;
    outcome.error = call.decision.error;
    machine_.policy_.completed(call.operation, outcome);
}

Task<Result<std::unique_ptr<host::File>>> ProcessDisk::open(std::string path, OpenMode mode) {
    if (!is_alive()) co_return dead();
    if (path.empty() || !is_valid_path(path)) co_return bad_path(path);
    const Call call = begin(machine_.next_operation(OperationKind::open, path));
    DirectoryTree& tree = machine_.tree_;
    Result<SharedContent> content = tree.find(path);
    if (call.decision.error) {
        content = failed(*call.decision.error, path);
    } else if (*content != nullptr && mode == OpenMode::create_exclusive) {
        content = failure(ErrorCode::already_exists, path);
    } else if (*content == nullptr) {
        const bool creates = mode == OpenMode::create_or_open || mode == OpenMode::create_exclusive;
        content = creates ? tree.create(path) : failure(ErrorCode::not_found, path);
    }
    co_await until_end(call, digest_of(path));
    report(call);
    if (!content) co_return std::unexpected(std::move(content.error()));
    co_return std::make_unique<ProcessFile>(*this, std::move(path), std::move(*content),
                                            mode != OpenMode::read_only);
}

Task<Result<void>> ProcessDisk::rename(std::string from, std::string to) {
    if (!is_alive()) co_return dead();
    if (from.empty() || !is_valid_path(from)) co_return bad_path(from);
    if (to.empty() || !is_valid_path(to)) co_return bad_path(to);
    const Call call = begin(machine_.next_operation(OperationKind::rename, from));
    Result<void> done =
        call.decision.error ? failed(*call.decision.error, from) : machine_.tree_.rename(from, to);
    machine_.recount();
    co_await until_end(call, digest_of(to));
    report(call);
    co_return done;
}

Task<Result<void>> ProcessDisk::remove(std::string path) {
    if (!is_alive()) co_return dead();
    if (path.empty() || !is_valid_path(path)) co_return bad_path(path);
    const Call call = begin(machine_.next_operation(OperationKind::remove, path));
    Result<void> done =
        call.decision.error ? failed(*call.decision.error, path) : machine_.tree_.remove(path);
    machine_.recount();
    co_await until_end(call, digest_of(path));
    report(call);
    co_return done;
}

Task<Result<void>> ProcessDisk::make_directory(std::string path) {
    if (!is_alive()) co_return dead();
    if (!is_valid_path(path)) co_return bad_path(path);
    const Call call = begin(machine_.next_operation(OperationKind::make_directory, path));
    DirectoryTree& tree = machine_.tree_;
    const Result<void> made = tree.make_directory(path);
    std::vector<std::pair<std::string, std::uint64_t>> covered;
    for (std::string_view at = path; made && !at.empty();) {
        at = split_path(at).first;
        covered.emplace_back(at, tree.last_change(at));
    }
    co_await until_end(call, digest_of(path));
    report(call);
    if (!made) co_return made;
    // When it fails the folders are there, and may be gone after a power loss.
    if (call.decision.error) co_return failed(*call.decision.error, path);
    for (const auto& [above, change] : covered)
        tree.make_durable(above, change);
    co_return Result<void>{};
}

Task<Result<std::vector<std::string>>> ProcessDisk::list(std::string path) {
    if (!is_alive()) co_return dead();
    if (!is_valid_path(path)) co_return bad_path(path);
    const Call call = begin(machine_.next_operation(OperationKind::list, path));
    Result<std::vector<std::string>> names =
        call.decision.error ? failed(*call.decision.error, path) : machine_.tree_.list(path);
    co_await until_end(call, digest_of(path));
    report(call);
    co_return names;
}

Task<Result<void>> ProcessDisk::sync_directory(std::string path) {
    if (!is_alive()) co_return dead();
    if (!is_valid_path(path)) co_return bad_path(path);
    if (!machine_.tree_.has_directory(path)) co_return failure(ErrorCode::not_found, path);
    const Call call = begin(machine_.next_operation(OperationKind::sync_directory, path));
    const std::uint64_t covered = machine_.tree_.last_change(path);
    co_await until_end(call, digest_of(path));
    // When it fails the names stay as unsure as they were; a later sync may yet make them durable.
    if (!call.decision.error) machine_.tree_.make_durable(path, covered);
    report(call);
    if (call.decision.error) co_return failed(*call.decision.error, path);
    co_return Result<void>{};
}

Result<std::unique_ptr<host::DirectoryLock>> ProcessDisk::lock_directory(std::string path) {
    if (!is_alive()) return dead();
    if (!is_valid_path(path)) return bad_path(path);
    if (!machine_.tree_.has_directory(path)) return failure(ErrorCode::not_found, path);
    const auto [lock, is_new] = machine_.locks_.try_emplace(path, this);
    if (!is_new) return failure(ErrorCode::already_exists, "another process holds " + path);
    return std::make_unique<HeldLock>(machine_, *this, std::move(path));
}

}  // namespace atlas::sim::disk
