#pragma once
// A bounded first-in first-out queue between tasks of one process.

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "system/host/event.hpp"

namespace atlas::host {

template <typename T>
class Queue {
  public:
    Queue(Host& host, std::size_t capacity) : capacity_(capacity), readers_(host), writers_(host) {}
    Queue(const Queue&) = delete;
    Queue& operator=(const Queue&) = delete;

    /// False, and the item is dropped, when the queue is full or closed.
    bool try_push(T item) {
        if (closed_ || items_.size() >= capacity_) return false;
        items_.push_back(std::move(item));
        readers_.wake_one();
        return true;
    }

    /// Waits for room. Errors: deadline_exceeded, closed.
    Task<Result<void>> push(T item, Deadline deadline) {
        while (!closed_ && items_.size() >= capacity_) {
            if (co_await writers_.wait(deadline) == Wake::deadline) {
                co_return failure(ErrorCode::deadline_exceeded, "the queue stayed full");
            }
        }
        if (closed_) co_return failure(ErrorCode::closed, "the queue is closed");
        items_.push_back(std::move(item));
        readers_.wake_one();
        co_return Result<void>{};
    }

    /// Waits for an item. A closed queue still gives out what it holds.
    /// Errors: deadline_exceeded, closed (and empty).
    Task<Result<T>> pop(Deadline deadline) {
        while (items_.empty()) {
            if (closed_) co_return failure(ErrorCode::closed, "the queue is closed");
            if (co_await readers_.wait(deadline) == Wake::deadline) {
                co_return failure(ErrorCode::deadline_exceeded, "the queue stayed empty");
            }
        }
        T item = std::move(items_.front());
        items_.pop_front();
        writers_.wake_one();
        // The wake-up of this task may have been meant for an item that another one also waits for.
        if (!items_.empty()) readers_.wake_one();
        co_return item;
    }

    void close() {
        closed_ = true;
        readers_.wake_all();
        writers_.wake_all();
    }

    std::size_t size() const { return items_.size(); }

  private:
    std::size_t capacity_;
    bool closed_ = false;
    std::deque<T> items_;
    WaitList readers_;
    WaitList writers_;
};

}  // namespace atlas::host
