// Joins: for each row on the left all on the right, which are looked up or kept from the first
// time.

#include <map>
#include <optional>
#include <set>

#include "sim/models/postgres/executor/executor.hpp"
#include "sim/models/postgres/executor/query_run.hpp"
#include "sim/models/postgres/types/compared.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::models::postgres {
namespace {

class OneRowCursor final : public Cursor {
  public:
    OneRowCursor(QueryRun& run, const Plan& plan) : run_(run), plan_(plan) {}

    void restart(bool) override { done_ = false; }
    Checked<Pull> next() override {
        if (done_) return Pull::end;
        SQL_TRY(const Pull pull, run_.holds(plan_.filter));
        if (pull != Pull::wait) done_ = true;
        return pull;
    }

  private:
    QueryRun& run_;
    const Plan& plan_;
    bool done_ = false;
};

// The rows below, computed once and kept: all of them, or by key.
class LookupCursor final : public Cursor {
  public:
    LookupCursor(QueryRun& run, const Plan& plan)
        : run_(run), plan_(plan), below_(make_cursor(run, *plan.left)), frames_(plan.relations) {}

    void restart(bool new_run) override {
        if (!begun_ || (new_run && !plan_.left->constant)) {
            begun_ = false;
            filled_ = false;
            frames_.clear();
            places_.clear();
            below_->restart(true);
        }
        looked_up_ = false;
        at_ = 0;
    }

    Checked<Pull> next() override {
        SQL_TRY(const bool ready, fill());
        if (!ready) return Pull::wait;
        if (!looked_up_) {
            SQL_TRY(const bool found, look_up());
            if (!found) return Pull::wait;
        }
        while (at_ < count()) {
            if (run_.executor().has_to_pause()) return Pull::wait;
            current_ = found_ == nullptr ? at_ : (*found_)[at_];
            frames_.restore(current_, run_.frame());
            SQL_TRY(const Pull pull, run_.holds(plan_.filter));
            if (pull == Pull::wait) return pull;
            ++at_;
            if (pull == Pull::row) return pull;
        }
        return Pull::end;
    }

    /// For FULL JOIN: the row that next() gave last has found a partner.
    void mark_matched() { partners_.insert(current_); }
    /// The next row that has not; end if there is none.
    Pull next_lonely() {
        for (; lonely_ < frames_.size(); ++lonely_) {
            if (partners_.contains(lonely_)) continue;
            frames_.restore(lonely_++, run_.frame());
            return Pull::row;
        }
        return Pull::end;
    }
    void forget_partners() {
        partners_.clear();
        lonely_ = 0;
    }
    Checked<bool> fill() {
        if (filled_) return true;
        begun_ = true;
        while (true) {
            SQL_TRY(const Pull pull, below_->next());
            if (pull == Pull::wait) return false;
            if (pull == Pull::end) break;
            if (!plan_.keys.empty()) {
                SQL_TRY(const auto key, key_of(plan_.keys));
                // Equal to NULL is true of nothing, but FULL JOIN shows such a row all the same.
                if (key) places_[*key].push_back(frames_.size());
            }
            frames_.add(run_.frame());
        }
        filled_ = true;
        return true;
    }

  private:
    Checked<std::optional<Row>> key_of(const std::vector<ExpressionPtr>& parts) {
        Row key;
        for (const ExpressionPtr& part : parts) {
            SQL_TRY(Value value, evaluate(*part, run_.context()));
            if (is_null(value)) return std::nullopt;
            key.push_back(compared_form(part->type.id, std::move(value)));
        }
        return key;
    }

    Checked<bool> look_up() {
        static const std::vector<std::size_t> none;
        found_ = nullptr;
        if (!plan_.keys.empty()) {
            auto key = key_of(plan_.values);
            if (!key && is_wait(key.error())) return false;
            if (!key) return std::unexpected(std::move(key).error());
            found_ = &none;
            if (*key) {
                const auto known = places_.find(**key);
                if (known != places_.end()) found_ = &known->second;
            }
        }
        looked_up_ = true;
        return true;
    }

    std::size_t count() const { return found_ == nullptr ? frames_.size() : found_->size(); }

    QueryRun& run_;
    const Plan& plan_;
    CursorPtr below_;
    FrameStore frames_;
    std::map<Row, std::vector<std::size_t>, RowOrder> places_;
    std::set<std::size_t> partners_;
    const std::vector<std::size_t>* found_ = nullptr;
    std::size_t at_ = 0;
    std::size_t current_ = 0;
    std::size_t lonely_ = 0;
    bool begun_ = false;
    bool filled_ = false;
    bool looked_up_ = false;
};

class JoinCursor final : public Cursor {
  public:
    JoinCursor(QueryRun& run, const Plan& plan)
        : run_(run), plan_(plan), left_(make_cursor(run, *plan.left)) {
        if (plan.right->kind == Plan::Kind::lookup) {
            auto lookup = std::make_unique<LookupCursor>(run, *plan.right);
            lookup_ = lookup.get();
            right_ = std::move(lookup);
        } else {
            right_ = make_cursor(run, *plan.right);
        }
    }

    void restart(bool new_run) override {
        left_->restart(new_run);
        // What is kept on the right may depend on other queries' rows.
        if (new_run) right_->restart(true);
        if (lookup_ != nullptr) lookup_->forget_partners();
        state_ = State::wants_left;
    }

    Checked<Pull> next() override {
        while (true) {
            if (state_ == State::lonely_right) {
                const Pull pull = lookup_->next_lonely();
                if (pull == Pull::end) return pull;
                blank(*plan_.left);
                state_ = State::lonely_filter;
            }
            if (state_ == State::lonely_filter) {
                SQL_TRY(const Pull pull, run_.holds(plan_.filter));
                if (pull == Pull::wait) return pull;
                state_ = State::lonely_right;
                if (pull == Pull::row) return pull;
                continue;
            }
            SQL_TRY(const Pull pull, step());
            if (state_ == State::lonely_right) continue;
            if (pull == Pull::wait) return pull;
            if (state_ == State::wants_left && pull == Pull::end && ended_) return pull;
            if (pull == Pull::row) return pull;
        }
    }

  private:
    enum class State : std::uint8_t {
        wants_left,
        wants_right,
        matching,   ///< A pair of rows is to be checked.
        filtering,  ///< It matches; does it pass?
        alone,      ///< The left row has found no partner; does it pass?
        lonely_right,
        lonely_filter,
    };

    // One step on; row only when there is one.
    Checked<Pull> step() {
        ended_ = false;
        switch (state_) {
            case State::wants_left: {
                SQL_TRY(const Pull pull, left_->next());
                if (pull == Pull::end) {
                    ended_ = true;
                    if (plan_.type != JoinType::full) return pull;
                    SQL_TRY(const bool ready, lookup_->fill());
                    if (!ready) return Pull::wait;
                    state_ = State::lonely_right;
                    return pull;
                }
                if (pull == Pull::wait) return pull;
                right_->restart(false);
                matched_ = false;
                state_ = State::wants_right;
                return Pull::end;
            }
            case State::wants_right: {
                SQL_TRY(const Pull pull, right_->next());
                if (pull == Pull::wait) return pull;
                if (pull == Pull::row) {
                    state_ = State::matching;
                    return Pull::end;
                }
                const bool keeps_left = plan_.type != JoinType::inner && !matched_;
                state_ = keeps_left ? State::alone : State::wants_left;
                if (keeps_left) blank(*plan_.right);
                return Pull::end;
            }
            case State::matching: {
                SQL_TRY(const Pull pull, run_.holds(plan_.condition));
                if (pull == Pull::wait) return pull;
                state_ = pull == Pull::row ? State::filtering : State::wants_right;
                if (pull == Pull::end) return pull;
                matched_ = true;
                if (plan_.type == JoinType::full) lookup_->mark_matched();
                return Pull::end;
            }
            default: {
                SQL_TRY(const Pull pull, run_.holds(plan_.filter));
                if (pull == Pull::wait) return pull;
                state_ = state_ == State::alone ? State::wants_left : State::wants_right;
                return pull;
            }
        }
    }

    void blank(const Plan& side) {
        for (const std::size_t relation : side.relations)
            run_.frame().put(relation, nullptr);
    }

    QueryRun& run_;
    const Plan& plan_;
    CursorPtr left_;
    CursorPtr right_;
    LookupCursor* lookup_ = nullptr;
    State state_ = State::wants_left;
    bool matched_ = false;
    bool ended_ = false;
};

}  // namespace

CursorPtr make_cursor(QueryRun& run, const Plan& plan) {
    switch (plan.kind) {
        case Plan::Kind::one_row:
            return std::make_unique<OneRowCursor>(run, plan);
        case Plan::Kind::scan:
            return make_item_cursor(run, plan);
        case Plan::Kind::join:
            return std::make_unique<JoinCursor>(run, plan);
        case Plan::Kind::lookup:
            return std::make_unique<LookupCursor>(run, plan);
    }
    return nullptr;
}

}  // namespace atlas::sim::models::postgres
