#pragma once
// The pending events, soonest first: a 4-ary heap whose members know their place, so that a
// deadline that did not come to pass is taken out at once and not carried along.

#include <cstdint>
#include <vector>

#include "sim/kernel/event.hpp"
#include "system/host/time.hpp"

namespace atlas::sim::kernel {

/// Events are ordered by (time, tie, sequence). The tie is random: two events of one instant may
/// come in either order; the sequence makes the order total.
struct EventKey {
    host::TimePoint time;
    std::uint64_t tie = 0;
    std::uint64_t sequence = 0;

    friend bool operator<(const EventKey& a, const EventKey& b) {
        if (a.time.since_epoch != b.time.since_epoch) {
            return a.time.since_epoch < b.time.since_epoch;
        }
        return a.tie != b.tie ? a.tie < b.tie : a.sequence < b.sequence;
    }
};

class EventHeap {
  public:
    bool empty() const { return entries_.empty(); }
    std::size_t size() const { return entries_.size(); }
    const EventKey& top_key() const { return entries_.front().key; }

    void push(const EventKey& key, Event& event);
    Event& pop();
    void remove(Event& event);

  private:
    struct Entry {
        EventKey key;
        Event* event;
    };
    void sift_up(std::size_t index, Entry entry);
    void sift_down(std::size_t index, Entry entry);
    void place(std::size_t index, const Entry& entry);

    std::vector<Entry> entries_;
};

}  // namespace atlas::sim::kernel
