#include "system/host/event.hpp"

#include <boost/system/system_error.hpp>

namespace atlas::host {

WaitList::Node::Node(WaitList& owner) : list(&owner), previous(owner.last_) {
    (previous != nullptr ? previous->next : owner.first_) = this;
    owner.last_ = this;
    ++owner.size_;
}

WaitList::Node::~Node() {
    unlink();
}

void WaitList::Node::unlink() {
    if (list == nullptr) return;
    (previous != nullptr ? previous->next : list->first_) = next;
    (next != nullptr ? next->previous : list->last_) = previous;
    --list->size_;
    list = nullptr;
}

Task<Wake> WaitList::wait(Deadline deadline) {
    Node node(*this);
    Wake wake = Wake::notified;
    // Woken, and timed out or cancelled in the same instant: whoever took the node out of the line
    // meant it. Else a wake-up for one of many would be lost with a task that is on its way out; it
    // sees its cancellation at its next wait.
    try {
        wake = co_await host_.park(node.place, deadline);
    } catch (const boost::system::system_error&) {
        if (node.list != nullptr) throw;
    }
    co_return node.list == nullptr ? Wake::notified : wake;
}

bool WaitList::wake_one() {
    if (first_ == nullptr) return false;
    Node& node = *first_;
    node.unlink();
    host_.unpark(node.place);
    return true;
}

void WaitList::wake_all() {
    while (wake_one()) {
    }
}

Task<Wake> Event::wait(Deadline deadline) {
    if (set_) co_return Wake::notified;
    co_return co_await waiting_.wait(deadline);
}

}  // namespace atlas::host
