#pragma once
// A file descriptor that the kernel can report on (a socket, a pipe), and waiting with a deadline
// until it is ready. The one place where a task of the real world waits for a descriptor: TCP
// streams, listeners and libpq's sockets are built on it.

#include <boost/asio/io_context.hpp>
#include <memory>

#include "system/host/error.hpp"
#include "system/host/task.hpp"
#include "system/host/time.hpp"

namespace atlas::adapters {

class Descriptor {
  public:
    enum class Readiness : std::uint8_t { readable, writable };

    /// Takes the descriptor over and makes it non-blocking.
    Descriptor(boost::asio::io_context& loop, int descriptor);
    ~Descriptor();
    Descriptor(Descriptor&&) noexcept = default;
    Descriptor& operator=(Descriptor&&) = delete;

    /// -1 once closed.
    int native() const;
    bool is_open() const { return native() >= 0; }

    /// Waits until an operation of that kind would not block, or would fail. May be wrong: try it,
    /// and wait again if it does block. One task may wait for each kind at once. A cancelled task
    /// leaves by an exception. Errors: deadline_exceeded, closed.
    host::Task<host::Result<void>> wait_until(Readiness readiness, host::Deadline deadline);

    /// Tasks that wait end with `closed`. Idempotent.
    void close() noexcept;

  private:
    struct State;
    static void set_alarm(const std::shared_ptr<State>& state, Readiness readiness);
    std::shared_ptr<State> state_;
};

}  // namespace atlas::adapters
