#pragma once
// Threads for what would block the loop: system calls on files, name look-ups, and long
// computations. A task hands over a function and goes on, on its own loop, when it has run.

#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstddef>
#include <functional>

#include "system/host/error.hpp"
#include "system/host/task.hpp"

namespace atlas::adapters {

class WorkerPool {
  public:
    /// Functions with the same Line run one after the other, in the order they were given.
    using Line = boost::asio::strand<boost::asio::thread_pool::executor_type>;

    /// At most `threads` functions run at once and `waiting_limit` wait for their turn.
    WorkerPool(boost::asio::io_context& loop, std::size_t threads, std::size_t waiting_limit);
    /// Waits for the functions that were begun, and drops the others: nobody is left to learn what
    /// came of them.
    ~WorkerPool();
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    Line make_line();

    /// Runs the function on a thread of the pool. Once handed over it cannot be called back: a task
    /// that is cancelled meanwhile learns of it after the function has run, so the function may
    /// refer to the caller's frame. The function must not throw.
    /// Errors: resource_exhausted (too many wait). Definite.
    host::Task<host::Result<void>> run(std::function<void()> work);
    host::Task<host::Result<void>> run_in_line(Line line, std::function<void()> work);

    /// The same, without waiting: `done` is called on the loop afterwards. `work` and `done` must
    /// own all that they use. False, and neither is called, when too many wait.
    bool start(std::function<void()> work, std::function<void()> done);

  private:
    template <typename Executor>
    host::Task<host::Result<void>> run_on(Executor executor, std::function<void()> work);

    boost::asio::io_context& loop_;
    const std::size_t in_flight_limit_;
    /// Touched by the loop's thread alone.
    std::size_t in_flight_ = 0;
    boost::asio::thread_pool threads_;
};

}  // namespace atlas::adapters
