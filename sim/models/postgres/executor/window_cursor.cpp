// Window calls: each row with what its partition says of it. All rows are kept; each call sorts
// them its own way.

#include <algorithm>

#include "sim/models/postgres/executor/aggregate.hpp"
#include "sim/models/postgres/executor/executor.hpp"
#include "sim/models/postgres/executor/query_run.hpp"
#include "sim/models/postgres/types/compared.hpp"

namespace atlas::sim::models::postgres {
namespace {

// The rows of one partition, in the order of the window, and the results for them.
struct Partition {
    std::span<const std::size_t> rows;
    /// Which peers (equal by ORDER BY) a row is among: from the first to behind the last.
    std::vector<std::size_t> peers_begin, peers_end;
};

class WindowCursor final : public Cursor {
  public:
    WindowCursor(QueryRun& run, CursorPtr below)
        : run_(run), below_(std::move(below)), frames_(all_relations(run.query())) {}

    void restart(bool new_run) override {
        below_->restart(new_run);
        frames_.clear();
        results_.clear();
        ready_ = false;
        at_ = 0;
    }

    Checked<Pull> next() override {
        while (!ready_) {
            SQL_TRY(const Pull pull, below_->next());
            if (pull == Pull::wait) return pull;
            if (pull == Pull::row) {
                frames_.add(run_.frame());
            } else {
                SQL_CHECK(compute());
            }
        }
        if (at_ == frames_.size()) return Pull::end;
        frames_.restore(at_, run_.frame());
        run_.frame().windows = results_[at_++];
        return Pull::row;
    }

  private:
    Checked<Value> computed(const Expression& expression, std::size_t row) {
        frames_.restore(row, run_.frame());
        return evaluate(expression, run_.context());
    }

    Checked<Row> keys(const std::vector<SortKey>& order, std::size_t row) {
        Row found;
        for (const SortKey& key : order) {
            SQL_TRY(Value value, computed(*key.expression, row));
            found.push_back(compared_form(key.expression->type.id, std::move(value)));
        }
        return found;
    }

    // Nothing in here waits: analysis refuses it, because all is computed in one go.
    Checked<> compute() {
        const Executor::WithoutPauses at_once(run_.executor());
        const std::vector<WindowCall>& calls = run_.query().windows;
        results_.assign(frames_.size(), Row(calls.size()));
        for (std::size_t i = 0; i < calls.size(); ++i) {
            SQL_CHECK(compute_call(calls[i], i));
        }
        ready_ = true;
        return {};
    }

    Checked<> compute_call(const WindowCall& call, std::size_t place) {
        std::vector<Row> partitions(frames_.size());
        std::vector<Row> order(frames_.size());
        for (std::size_t row = 0; row < frames_.size(); ++row) {
            SQL_TRY(partitions[row], keys(call.partition_by, row));
            SQL_TRY(order[row], keys(call.order_by, row));
        }
        const std::vector<std::size_t> rows =
            sorted_places(frames_.size(), [&](std::size_t left, std::size_t right) {
                const auto found =
                    compare_keys(call.partition_by, partitions[left], partitions[right]);
                if (found != std::strong_ordering::equal) return found;
                return compare_keys(call.order_by, order[left], order[right]);
            });
        for (std::size_t begin = 0; begin < rows.size();) {
            std::size_t end = begin;
            while (end < rows.size() && compare_keys(call.partition_by, partitions[rows[begin]],
                                                     partitions[rows[end]]) == 0)
                ++end;
            Partition partition{.rows = std::span(rows).subspan(begin, end - begin),
                                .peers_begin = {},
                                .peers_end = {}};
            find_peers(call, order, partition);
            SQL_CHECK(compute_partition(call, place, partition));
            begin = end;
        }
        return {};
    }

    static void find_peers(const WindowCall& call, const std::vector<Row>& order,
                           Partition& partition) {
        const std::size_t count = partition.rows.size();
        partition.peers_begin.resize(count);
        partition.peers_end.resize(count);
        for (std::size_t begin = 0; begin < count;) {
            std::size_t end = begin;
            while (end < count && compare_keys(call.order_by, order[partition.rows[begin]],
                                               order[partition.rows[end]]) == 0)
                ++end;
            for (std::size_t i = begin; i < end; ++i) {
                partition.peers_begin[i] = begin;
                partition.peers_end[i] = end;
            }
            begin = end;
        }
    }

    Checked<> compute_partition(const WindowCall& call, std::size_t place,
                                const Partition& partition) {
        std::int64_t dense = 0;
        for (std::size_t i = 0; i < partition.rows.size(); ++i) {
            if (partition.peers_begin[i] == i) ++dense;
            Value& result = results_[partition.rows[i]][place];
            switch (call.function) {
                case WindowFunction::row_number:
                    result = static_cast<std::int64_t>(i) + 1;
                    break;
                case WindowFunction::rank:
                    result = static_cast<std::int64_t>(partition.peers_begin[i]) + 1;
                    break;
                case WindowFunction::dense_rank:
                    result = dense;
                    break;
                case WindowFunction::lag:
                case WindowFunction::lead: {
                    SQL_TRY(result, shifted(call, partition, i));
                    break;
                }
                case WindowFunction::first_value:
                case WindowFunction::last_value: {
                    SQL_TRY(result, at_edge(call, partition, i));
                    break;
                }
                case WindowFunction::aggregate: {
                    SQL_TRY(result, aggregated(call, partition, i));
                    break;
                }
            }
        }
        return {};
    }

    Checked<Value> shifted(const WindowCall& call, const Partition& partition, std::size_t i) {
        std::int64_t offset = 1;
        if (call.arguments.size() > 1) {
            SQL_TRY(const Value given, computed(*call.arguments[1], partition.rows[i]));
            if (is_null(given)) return Null{};
            offset = std::get<std::int64_t>(given);
        }
        if (call.function == WindowFunction::lag) offset = -offset;
        const std::int64_t wanted = static_cast<std::int64_t>(i) + offset;
        if (wanted >= 0 && std::cmp_less(wanted, partition.rows.size()))
            return computed(*call.arguments[0], partition.rows[static_cast<std::size_t>(wanted)]);
        if (call.arguments.size() > 2) return computed(*call.arguments[2], partition.rows[i]);
        return Null{};
    }

    struct Edges {
        std::size_t begin, end;
    };

    Checked<std::int64_t> offset_of(const ExpressionPtr& expression, std::string_view which) {
        SQL_TRY(const Value value, evaluate(*expression, run_.context()));
        if (is_null(value)) {
            return sql_error("22004", fmt::format("frame {} offset must not be null", which));
        }
        const std::int64_t offset = std::get<std::int64_t>(value);
        if (offset < 0) {
            return sql_error("22013", fmt::format("frame {} offset must not be negative", which));
        }
        return offset;
    }

    Checked<Edges> frame_edges(const WindowCall& call, const Partition& partition, std::size_t i) {
        using enum WindowFrame::Bound;
        const WindowFrame& frame = call.frame;
        const auto count = static_cast<std::int64_t>(partition.rows.size());
        const auto here = static_cast<std::int64_t>(i);
        std::int64_t begin = 0;
        std::int64_t end = count;
        if (frame.start == current_row)
            begin = frame.rows ? here : static_cast<std::int64_t>(partition.peers_begin[i]);
        if (frame.end == current_row)
            end = frame.rows ? here + 1 : static_cast<std::int64_t>(partition.peers_end[i]);
        if (frame.start_offset != nullptr) {
            SQL_TRY(const std::int64_t offset, offset_of(frame.start_offset, "starting"));
            begin = frame.start == preceding ? here - std::min(offset, here)
                                             : here + std::min(offset, count);
        }
        if (frame.end_offset != nullptr) {
            SQL_TRY(const std::int64_t offset, offset_of(frame.end_offset, "ending"));
            end = frame.end == preceding ? here - std::min(offset, here + 1) + 1
                                         : here + std::min(offset, count) + 1;
        }
        begin = std::clamp<std::int64_t>(begin, 0, count);
        end = std::clamp<std::int64_t>(end, begin, count);
        return Edges{static_cast<std::size_t>(begin), static_cast<std::size_t>(end)};
    }

    Checked<Value> at_edge(const WindowCall& call, const Partition& partition, std::size_t i) {
        SQL_TRY(const Edges edges, frame_edges(call, partition, i));
        if (edges.begin == edges.end) return Null{};
        const bool first = call.function == WindowFunction::first_value;
        return computed(*call.arguments[0], partition.rows[first ? edges.begin : edges.end - 1]);
    }

    // A frame that only grows at its end goes on from the row before.
    Checked<Value> aggregated(const WindowCall& call, const Partition& partition, std::size_t i) {
        SQL_TRY(const Edges edges, frame_edges(call, partition, i));
        if (i == 0 || edges.begin != running_.begin || edges.end < running_.end) {
            state_.emplace(call.aggregate);
            running_ = {edges.begin, edges.begin};
        }
        for (; running_.end < edges.end; ++running_.end) {
            frames_.restore(partition.rows[running_.end], run_.frame());
            SQL_CHECK(state_->add(run_.context()));
        }
        return state_->finish();
    }

    QueryRun& run_;
    CursorPtr below_;
    FrameStore frames_;
    std::vector<Row> results_;
    std::optional<AggregateState> state_;
    Edges running_{};
    std::size_t at_ = 0;
    bool ready_ = false;
};

}  // namespace

CursorPtr make_window_cursor(QueryRun& run, CursorPtr below) {
    return std::make_unique<WindowCursor>(run, std::move(below));
}

}  // namespace atlas::sim::models::postgres
