// Inference from lists that only grow.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "properties/checkers/isolation/inference.hpp"
#include "properties/checkers/isolation/prose.hpp"
#include "properties/checkers/isolation/writers.hpp"

namespace atlas::properties::isolation {

namespace {

/// Of appends that no read shows, so many are compared with each read of the state before them.
constexpr std::size_t most_unread = 64;

bool starts_with(std::span<const Value> list, std::span<const Value> beginning) {
    return list.size() >= beginning.size() &&
           std::equal(beginning.begin(), beginning.end(), list.begin());
}

/// The first read of a key by a committed transaction.
struct ExternalRead {
    TransactionNumber transaction = 0;
    std::vector<Value> list = {};
    std::size_t own = 0;  ///< So many at the list's end it had appended itself.

    /// What others had appended.
    std::span<const Value> state() const { return std::span(list).first(list.size() - own); }
    Value last() const { return state().empty() ? nil : state().back(); }
};

/// What a transaction must see next of a key: what it read, and then what it appended.
struct OwnView {
    std::optional<std::vector<Value>> read = std::nullopt;
    std::vector<Value> appended = {};

    bool explains(const std::vector<Value>& list) const {
        if (list.size() < appended.size()) return false;
        const auto split = list.end() - static_cast<std::ptrdiff_t>(appended.size());
        if (!std::equal(split, list.end(), appended.begin())) return false;
        return !read || std::equal(list.begin(), split, read->begin(), read->end());
    }
};

class ListAppend {
  public:
    explicit ListAppend(const TransactionHistory& history)
        : history_(history),
          writers_(history),
          reads_(history.keys.size()),
          took_effect_(history.transactions.size(), false) {}

    Inference run() {
        for (TransactionNumber number = 0; number < history_.transactions.size(); ++number) {
            if (history_.transactions[number].outcome == Outcome::committed) look_at(number);
        }
        // What was read has taken effect, whatever its client was told.
        for (Key key = 0; key < reads_.size(); ++key) {
            for (const Written& each : writers_.of(key))
                took_effect_[each.transaction] = took_effect_[each.transaction] || each.is_read;
        }
        for (Key key = 0; key < reads_.size(); ++key)
            order(key);
        return std::move(result_);
    }

  private:
    void look_at(TransactionNumber number);
    void look_at_read(TransactionNumber number, std::uint32_t access);
    void look_at_element(TransactionNumber number, const Access& read, std::uint32_t access,
                         std::size_t position);
    void order(Key key);
    std::vector<Value> longest_read(Key key);
    void order_versions(Key key, std::span<const Value> versions);
    void place_reads(Key key, std::span<const Value> versions);
    const Written* next_version(Key key, std::span<const Value> versions);
    std::vector<Written> unread(Key key);
    void find_lost_updates(Key key);

    Outcome outcome_of(const Written& written) const {
        return history_.transactions[written.transaction].outcome;
    }
    bool appends(TransactionNumber number, Key key) const {
        return std::ranges::any_of(history_.transactions[number].accesses, [&](const Access& each) {
            return each.kind == AccessKind::append && each.key == key;
        });
    }
    void find(Anomaly anomaly, std::string prose) {
        result_.findings.push_back({anomaly, std::move(prose)});
    }
    std::string describe(TransactionNumber number) const {
        return isolation::describe(history_, number);
    }

    const TransactionHistory& history_;
    Writers writers_;
    std::vector<std::vector<ExternalRead>> reads_;  ///< Of each key.
    std::vector<bool> took_effect_;                 ///< Of those of unknown outcome, who did.
    Inference result_;
};

void ListAppend::look_at(TransactionNumber number) {
    const std::vector<Access>& accesses = history_.transactions[number].accesses;
    std::map<Key, OwnView> views;
    for (std::uint32_t i = 0; i < accesses.size(); ++i) {
        const Access& access = accesses[i];
        const auto [found, is_first] = views.try_emplace(access.key);
        OwnView& view = found->second;
        if (access.kind == AccessKind::append) {
            view.appended.push_back(access.value);
            continue;
        }
        look_at_read(number, i);
        if (!view.explains(access.list)) {
            find(Anomaly::internal,
                 fmt::format("It {}, which contradicts what it had read or appended itself: {}.",
                             isolation::describe(history_, access), describe(number)));
        } else if (!view.read) {
            reads_[access.key].push_back({number, access.list, view.appended.size()});
        }
        view = {.read = access.list};
    }
}

void ListAppend::look_at_read(TransactionNumber number, std::uint32_t access) {
    const Access& read = history_.transactions[number].accesses[access];
    std::vector<Value> sorted = read.list;
    std::ranges::sort(sorted);
    const auto twice = std::ranges::adjacent_find(sorted);
    if (twice != sorted.end()) {
        find(Anomaly::duplicate_elements,
             fmt::format("{} is in {} more than once, as read by {}.",
                         describe_value(history_, *twice), history_.keys.text(read.key),
                         describe(number)));
    }
    for (std::size_t i = 0; i < read.list.size(); ++i)
        look_at_element(number, read, access, i);
}

void ListAppend::look_at_element(TransactionNumber number, const Access& read, std::uint32_t access,
                                 std::size_t position) {
    const Value value = read.list[position];
    Written* const written = writers_.find(read.key, value);
    const auto saw = [&] {
        return fmt::format("{} in {} was seen by {}", describe_value(history_, value),
                           history_.keys.text(read.key), describe(number));
    };
    if (written == nullptr) {
        find(Anomaly::garbage_read, saw() + ", and nobody appended it.");
        return;
    }
    if (written->transaction == number) {
        if (written->access > access)
            find(Anomaly::future_read, saw() + ", which appended it only later.");
        return;
    }
    written->is_read = true;
    if (outcome_of(*written) == Outcome::aborted) {
        find(Anomaly::aborted_read, fmt::format("{}, although it was rolled back with {}.", saw(),
                                                describe(written->transaction)));
    }
    if (position + 1 == read.list.size() && !written->is_last) {
        find(Anomaly::intermediate_read,
             fmt::format("{} as the last, although it was not the last append of {}.", saw(),
                         describe(written->transaction)));
    }
}

void ListAppend::order(Key key) {
    const std::vector<Value> versions = longest_read(key);
    order_versions(key, versions);
    place_reads(key, versions);
    find_lost_updates(key);
}

/// With the reader's own appends at its end: these are versions as well, since it has committed.
std::vector<Value> ListAppend::longest_read(Key key) {
    std::vector<ExternalRead>& reads = reads_[key];
    const auto longest = std::ranges::max_element(
        reads, {}, [](const ExternalRead& each) { return each.list.size(); });
    if (longest == reads.end()) return {};
    for (const ExternalRead& read : reads) {
        if (starts_with(longest->list, read.list)) continue;
        find(Anomaly::incompatible_order,
             fmt::format("{} was read as {} by {}, and as {} by {}: neither is the other's "
                         "beginning.",
                         history_.keys.text(key), describe_list(history_, longest->list),
                         describe(longest->transaction), describe_list(history_, read.list),
                         describe(read.transaction)));
    }
    std::vector<Value> versions;
    std::set<Value> seen;
    for (const Value value : longest->list) {
        if (seen.insert(value).second) versions.push_back(value);
    }
    return versions;
}

void ListAppend::order_versions(Key key, std::span<const Value> versions) {
    const Written* last = nullptr;
    const Written* aborted = nullptr;
    for (const Value value : versions) {
        Written* const written = writers_.find(key, value);
        if (written == nullptr) continue;
        written->is_read = true;
        if (outcome_of(*written) == Outcome::aborted) {
            aborted = written;
            continue;
        }
        if (aborted != nullptr && outcome_of(*written) == Outcome::committed) {
            find(
                Anomaly::dirty_update,
                fmt::format("{} was appended to {} on top of {}, which was rolled back with {}, by "
                            "{}.",
                            describe_value(history_, value), history_.keys.text(key),
                            describe_value(history_, aborted->value),
                            describe(aborted->transaction), describe(written->transaction)));
            aborted = nullptr;
        }
        if (last != nullptr) {
            result_.edges.push_back({last->transaction, written->transaction,
                                     Dependency::write_write, key, last->value, value});
        }
        last = written;
    }
    for (const Written& each : unread(key)) {
        // Of an unknown one it is sure only at levels at which what is read has committed; a write
        // over a write matters at all.
        if (last != nullptr && outcome_of(each) == Outcome::committed)
            result_.edges.push_back({last->transaction, each.transaction, Dependency::write_write,
                                     key, last->value, each.value});
    }
}

void ListAppend::place_reads(Key key, std::span<const Value> versions) {
    const std::vector<Written> later = unread(key);
    for (const ExternalRead& read : reads_[key]) {
        const Value last = read.last();
        const Written* const written = last == nil ? nullptr : writers_.find(key, last);
        if (written != nullptr && outcome_of(*written) != Outcome::aborted) {
            result_.edges.push_back(
                {written->transaction, read.transaction, Dependency::write_read, key, last});
        }
        if (!starts_with(versions, read.state())) continue;
        const auto overwritten_by = [&](const Written& next) {
            result_.edges.push_back({read.transaction, next.transaction, Dependency::read_write,
                                     key, last, next.value});
        };
        if (const Written* const next = next_version(key, versions.subspan(read.state().size()))) {
            overwritten_by(*next);
        } else {
            std::ranges::for_each(later, overwritten_by);
        }
    }
}

/// The first that counts: what was rolled back comes before nothing.
const Written* ListAppend::next_version(Key key, std::span<const Value> versions) {
    for (const Value value : versions) {
        const Written* const written = writers_.find(key, value);
        if (written != nullptr && outcome_of(*written) != Outcome::aborted) return written;
    }
    return nullptr;
}

/// It is there, and in nobody's read: after all that is in one.
std::vector<Written> ListAppend::unread(Key key) {
    std::vector<Written> found;
    for (const Written& each : writers_.of(key)) {
        const Outcome outcome = outcome_of(each);
        const bool is_there = outcome == Outcome::committed ||
                              (outcome == Outcome::unknown && took_effect_[each.transaction]);
        if (each.is_read || !is_there) continue;
        if (found.size() == most_unread) break;
        found.push_back(each);
    }
    return found;
}

void ListAppend::find_lost_updates(Key key) {
    std::map<Value, TransactionNumber> updated;
    for (const ExternalRead& read : reads_[key]) {
        if (read.own > 0 || !appends(read.transaction, key)) continue;
        const auto [first, is_first] = updated.try_emplace(read.last(), read.transaction);
        if (is_first) continue;
        find(Anomaly::lost_update,
             fmt::format("{} was read as {} and then appended to by two: {} and {}.",
                         history_.keys.text(key), describe_list(history_, read.list),
                         describe(first->second), describe(read.transaction)));
    }
}

}  // namespace

Inference infer_list_append(const TransactionHistory& history) {
    return ListAppend(history).run();
}

}  // namespace atlas::properties::isolation
