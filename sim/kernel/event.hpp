#pragma once
// One thing that will happen at a moment of virtual time.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>

#include "system/host/time.hpp"

namespace atlas::sim::kernel {

class Process;

/// In the order they were scheduled, from 1; 0 is "the beginning".
using EventId = std::uint64_t;

enum class EventKind : std::uint8_t {
    post,         ///< Work that a task submitted to its executor.
    wake,         ///< A parked task that was notified or cancelled goes on.
    alarm,        ///< A parked task whose deadline has come goes on.
    computation,  ///< CPU work off the loop is done.
    network,      ///< Bytes, a connection, or its end arrive.
    disk,         ///< A disk operation is done.
    fault,        ///< The dice strike or heal.
    control,      ///< The run itself: boot, restart, phases.
};

std::string_view name(EventKind kind) noexcept;

/// A move-only callable, called at most once, kept in place when it is small.
class EventFunction {
  public:
    EventFunction() = default;
    template <typename F>
        requires(!std::is_same_v<std::decay_t<F>, EventFunction>)
    EventFunction(F&& function) {  // NOLINT: wraps any callable, as std::function does
        using Stored = std::decay_t<F>;
        if constexpr (sizeof(Stored) <= capacity && alignof(Stored) <= alignof(std::max_align_t) &&
                      std::is_nothrow_move_constructible_v<Stored>) {
            ::new (storage_) Stored(std::forward<F>(function));
            operations_ = &in_place<Stored>;
        } else {
            ::new (storage_) Stored*(new Stored(std::forward<F>(function)));
            operations_ = &on_heap<Stored>;
        }
    }
    EventFunction(EventFunction&& other) noexcept { take(other); }
    EventFunction& operator=(EventFunction&& other) noexcept {
        if (this != &other) {
            reset();
            take(other);
        }
        return *this;
    }
    ~EventFunction() { reset(); }

    explicit operator bool() const { return operations_ != nullptr; }
    void operator()() { operations_->call(storage_); }
    void reset() {
        if (operations_ != nullptr) std::exchange(operations_, nullptr)->destroy(storage_);
    }

  private:
    static constexpr std::size_t capacity = 64;
    struct Operations {
        void (*call)(void*);
        void (*move)(void* to, void* from);
        void (*destroy)(void*);
    };
    template <typename Stored>
    static constexpr Operations in_place = {
        [](void* at) { (*static_cast<Stored*>(at))(); },
        [](void* to, void* from) {
            ::new (to) Stored(std::move(*static_cast<Stored*>(from)));
            static_cast<Stored*>(from)->~Stored();
        },
        [](void* at) { static_cast<Stored*>(at)->~Stored(); },
    };
    template <typename Stored>
    static constexpr Operations on_heap = {
        [](void* at) { (**static_cast<Stored**>(at))(); },
        [](void* to, void* from) { ::new (to) Stored*(*static_cast<Stored**>(from)); },
        [](void* at) { delete *static_cast<Stored**>(at); },
    };

    void take(EventFunction& other) {
        operations_ = std::exchange(other.operations_, nullptr);
        if (operations_ != nullptr) operations_->move(storage_, other.storage_);
    }

    const Operations* operations_ = nullptr;
    alignas(std::max_align_t) std::byte storage_[capacity];
};

/// Kept by the kernel from schedule() until it has happened or was cancelled.
struct Event {
    EventId id = 0;
    EventId cause = 0;
    Process* process = nullptr;  ///< Whose state it touches; null for the world itself.
    EventKind kind = EventKind::control;
    std::uint32_t task = 0;  ///< Which of the process's tasks it resumes; orders unwinding.
    std::uint64_t digest = 0;
    const char* label = "";  ///< A literal, for people who read the trace.
    EventFunction function;

    std::size_t heap_index = 0;
    Event* previous = nullptr;  ///< Among the pending events of the process.
    Event* next = nullptr;
};

}  // namespace atlas::sim::kernel
