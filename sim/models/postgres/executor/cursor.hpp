#pragma once
// The steps of a running query. Each is pulled for one row at a time, so that nobody computes or
// locks more than LIMIT lets through, and sets the current rows of its query's range table.
//
// Nothing here is a coroutine. A step that needs what only a coroutine can do (get hold of a row,
// sleep) takes note of it with the executor and answers `wait`; when it has been done the whole
// query is pulled again and goes on where it was. So a step that gets `wait` from below, or while
// it computes an expression, must stay as it is and do the same again.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "sim/models/postgres/failure.hpp"
#include "sim/models/postgres/mvcc/heap.hpp"
#include "sim/models/postgres/types/value.hpp"

namespace atlas::sim::models::postgres {

enum class Pull : std::uint8_t { row, end, wait };

class Cursor {
  public:
    virtual ~Cursor() = default;

    /// From the first row on. `new_run`: the queries around have other rows now; otherwise other
    /// items of the same FROM have.
    virtual void restart(bool new_run) = 0;
    virtual Checked<Pull> next() = 0;
};

using CursorPtr = std::unique_ptr<Cursor>;

/// The current rows of a query.
struct CurrentFrame {
    /// One for each item of the range table, null for the missing side of an outer join.
    std::vector<const Row*> rows;
    /// Of those that are tables': which version it is.
    std::vector<RowVersion*> versions;
    std::span<const Value> aggregates = {};
    std::span<const Value> windows = {};
    /// Grows when another row comes in: what was computed over the frame holds until then.
    std::uint64_t changes = 0;

    void put(std::size_t relation, const Row* row, RowVersion* version = nullptr) {
        if (rows[relation] == row && versions[relation] == version) return;
        rows[relation] = row;
        versions[relation] = version;
        ++changes;
    }
};

/// Frames kept for later, without an allocation for each. The rows themselves are their owners'.
class FrameStore {
  public:
    explicit FrameStore(std::vector<std::size_t> relations) : relations_(std::move(relations)) {}

    void add(const CurrentFrame& frame);
    void restore(std::size_t place, CurrentFrame& frame) const;
    std::size_t size() const { return size_; }
    void clear();

  private:
    struct Slot {
        const Row* row;
        RowVersion* version;
    };
    struct Results {
        std::span<const Value> aggregates, windows;
    };

    std::vector<std::size_t> relations_;
    std::vector<Slot> slots_;
    std::vector<Results> results_;
    std::size_t size_ = 0;
};

}  // namespace atlas::sim::models::postgres
