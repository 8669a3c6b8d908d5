#include "sim/kernel/event_heap.hpp"

#include "system/host/check.hpp"

namespace atlas::sim::kernel {
namespace {

constexpr std::size_t arity = 4;

}  // namespace

void EventHeap::place(std::size_t index, const Entry& entry) {
    entries_[index] = entry;
    entry.event->heap_index = index;
}

void EventHeap::sift_up(std::size_t index, Entry entry) {
    while (index > 0) {
        const std::size_t parent = (index - 1) / arity;
        if (!(entry.key < entries_[parent].key)) break;
        place(index, entries_[parent]);
        index = parent;
    }
    place(index, entry);
}

void EventHeap::sift_down(std::size_t index, Entry entry) {
    for (;;) {
        const std::size_t first = index * arity + 1;
        if (first >= entries_.size()) break;
        const std::size_t last = std::min(first + arity, entries_.size());
        std::size_t least = first;
        for (std::size_t child = first + 1; child < last; ++child) {
            if (entries_[child].key < entries_[least].key) least = child;
        }
        if (!(entries_[least].key < entry.key)) break;
        place(index, entries_[least]);
        index = least;
    }
    place(index, entry);
}

void EventHeap::push(const EventKey& key, Event& event) {
    entries_.push_back({key, &event});
    sift_up(entries_.size() - 1, {key, &event});
}

Event& EventHeap::pop() {
    Event& event = *entries_.front().event;
    remove(event);
    return event;
}

void EventHeap::remove(Event& event) {
    const std::size_t index = event.heap_index;
    ATLAS_CHECK(index < entries_.size() && entries_[index].event == &event,
                "an event in the heap knows its place");
    const Entry last = entries_.back();
    entries_.pop_back();
    if (index == entries_.size()) return;
    if (index > 0 && last.key < entries_[(index - 1) / arity].key) {
        sift_up(index, last);
    } else {
        sift_down(index, last);
    }
}

}  // namespace atlas::sim::kernel
