#pragma once
// WaitList, the queue of waiting tasks under every primitive here, and Event, a flag to wait for.

#include <cstdint>

#include "system/host/host.hpp"

namespace atlas::host {

/// Tasks waiting in line, first come first woken. Each waiting task's node is in its own frame.
class WaitList {
  public:
    explicit WaitList(Host& host) : host_(host) {}
    WaitList(const WaitList&) = delete;
    WaitList& operator=(const WaitList&) = delete;

    /// Waits in line. A task that is cancelled or whose deadline passes leaves the line. One that
    /// was woken before it could leave returns Wake::notified.
    Task<Wake> wait(Deadline deadline);

    /// Wakes the longest waiting task; false if none waits.
    bool wake_one();
    void wake_all();

    bool empty() const { return first_ == nullptr; }
    std::size_t size() const { return size_; }
    Host& host() const { return host_; }

  private:
    struct Node {
        explicit Node(WaitList& list);
        ~Node();
        void unlink();

        WaitList* list;
        Node* previous = nullptr;
        Node* next = nullptr;
        Parked place;
    };

    Host& host_;
    Node* first_ = nullptr;
    Node* last_ = nullptr;
    std::size_t size_ = 0;
};

/// A flag that tasks can wait for. Setting it wakes all of them; it stays set until reset.
class Event {
  public:
    explicit Event(Host& host) : waiting_(host) {}

    bool is_set() const { return set_; }
    void set() {
        set_ = true;
        waiting_.wake_all();
    }
    void reset() { set_ = false; }

    /// Returns Wake::notified at once when the flag is set.
    Task<Wake> wait(Deadline deadline = Deadline::never());

  private:
    bool set_ = false;
    WaitList waiting_;
};

}  // namespace atlas::host
