#pragma once
// A counted permission with a fair line of waiting tasks.

#include <cstddef>
#include <utility>

#include "system/host/event.hpp"

namespace atlas::host {

class Semaphore {
  public:
    /// Gives its permit back when destroyed.
    class Permit {
      public:
        Permit() = default;
        explicit Permit(Semaphore& semaphore) : semaphore_(&semaphore) {}
        Permit(Permit&& other) noexcept : semaphore_(std::exchange(other.semaphore_, nullptr)) {}
        Permit& operator=(Permit&& other) noexcept {
            std::swap(semaphore_, other.semaphore_);
            return *this;
        }
        ~Permit() {
            if (semaphore_ != nullptr) semaphore_->release();
        }
        explicit operator bool() const { return semaphore_ != nullptr; }

      private:
        Semaphore* semaphore_ = nullptr;
    };

    /// At most `waiting_limit` tasks wait at once.
    Semaphore(Host& host, std::size_t permits, std::size_t waiting_limit)
        : available_(permits), waiting_limit_(waiting_limit), waiting_(host) {}
    Semaphore(const Semaphore&) = delete;
    Semaphore& operator=(const Semaphore&) = delete;

    /// Errors: deadline_exceeded, resource_exhausted (the line is full). Both definite.
    Task<Result<Permit>> acquire(Deadline deadline);

    std::size_t available() const { return available_; }
    std::size_t waiting() const { return waiting_.size(); }

  private:
    void release();

    std::size_t available_;
    std::size_t waiting_limit_;
    WaitList waiting_;
};

}  // namespace atlas::host
