#pragma once
// The Asio executor of one task of a simulated process. Work submitted to it becomes an event of
// the present instant; it never runs inside the call.

#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>
#include <cstdint>
#include <utility>

#include "sim/kernel/kernel.hpp"
#include "sim/kernel/process.hpp"

namespace atlas::sim::kernel {

class TaskExecutor {
  public:
    TaskExecutor(Process& process, std::uint32_t task) : process_(&process), task_(task) {}

    std::uint32_t task() const { return task_; }

    template <typename F>
    void execute(F&& function) const {
        process_->submit(task_, EventFunction(std::forward<F>(function)));
    }

    boost::asio::execution_context& query(boost::asio::execution::context_t) const noexcept {
        return process_->kernel().context();
    }
    static constexpr boost::asio::execution::blocking_t query(
        boost::asio::execution::blocking_t) noexcept {
        return boost::asio::execution::blocking.never;
    }
    TaskExecutor require(boost::asio::execution::blocking_t::never_t) const { return *this; }

    friend bool operator==(const TaskExecutor&, const TaskExecutor&) noexcept = default;

  private:
    Process* process_;
    std::uint32_t task_;
};

}  // namespace atlas::sim::kernel
