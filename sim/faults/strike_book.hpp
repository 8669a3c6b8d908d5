#pragma once
// The strikes of one run: what became of each, and the next step of those that go on. What they do
// is the business of their families; see fault_runner.hpp.

#include <cstddef>
#include <functional>
#include <vector>

#include "sim/faults/dice.hpp"
#include "sim/faults/fault_plan.hpp"
#include "sim/kernel/kernel.hpp"

namespace atlas::sim::faults {

/// What became of one strike, for reports.
struct StrikeRecord {
    Strike strike;
    bool fired = false;
    bool effective = false;
    host::TimePoint began{};
    host::TimePoint ended{};  ///< Of those that last.
};

/// A strike's place in the book.
using StrikeIndex = std::size_t;

class StrikeBook {
  public:
    /// Leaves out what is suppressed. Kernel and dice outlive it.
    StrikeBook(kernel::Kernel& kernel, Dice& dice, FaultPlan plan);
    StrikeBook(const StrikeBook&) = delete;
    StrikeBook& operator=(const StrikeBook&) = delete;
    ~StrikeBook();

    const std::vector<StrikeRecord>& records() const { return records_; }
    std::size_t size() const { return records_.size(); }
    const Strike& strike(StrikeIndex index) const { return records_[index].strike; }
    bool has_fired(StrikeIndex index) const { return records_[index].fired; }

    host::TimePoint now() const { return kernel_.now(); }
    /// When a strike that goes on by itself is over.
    host::TimePoint last_moment(StrikeIndex index) const;

    void began(StrikeIndex index) { records_[index].began = now(); }
    void ended(StrikeIndex index) { records_[index].ended = now(); }
    /// It lasts, and its time is not over.
    bool is_under_way(StrikeIndex index) const;

    // Both tell the ledger too.
    void fired(StrikeIndex index);
    /// Counts once, however often it is said.
    void effective(StrikeIndex index);

    /// The strike's next step; it has one at a time. Not taken once the book is closed.
    void schedule(host::TimePoint at, StrikeIndex index, const char* label,
                  std::function<void()> step);
    /// Takes back the step that is scheduled.
    void cancel(StrikeIndex index);

    /// No step is taken any more.
    void close() { closed_ = true; }
    bool is_closed() const { return closed_; }

  private:
    kernel::Kernel& kernel_;
    Dice& dice_;
    std::vector<StrikeRecord> records_;
    std::vector<kernel::TieSource> ties_;  ///< One for each strike.
    std::vector<kernel::Event*> pending_;
    bool closed_ = false;
};

}  // namespace atlas::sim::faults
