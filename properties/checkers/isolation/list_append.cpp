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

struct ReadOfList {
    TransactionNumber transaction = 0;
    std::vector<Value> list = {};
    std::size_t own = 0;  ///< So many at the list's end its reader had appended itself.
    /// The reader's first of the key, and what it can be: it tells what was there before.
    bool is_external = false;
    /// The reader appends to the key after it.
    bool is_updated = false;

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

/// The order of a list's appends, as its longest read shows it.
struct Versions {
    std::vector<Value> order = {};
    /// At each of them and at the end: the first from there on that was not rolled back.
    std::vector<const Written*> next = {};
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
        for (Key key = 0; key < reads_.size(); ++key) {
            const Versions versions = order(key);
            order_writes(key, versions);
            place_reads(key, versions);
        }
        return std::move(result_);
    }

  private:
    void look_at(TransactionNumber number);
    std::size_t own_at_end(TransactionNumber number, const Access& read);
    void look_at_read(TransactionNumber number, std::uint32_t access);
    void look_at_element(TransactionNumber number, std::uint32_t access, std::size_t position);
    Versions order(Key key);
    void order_writes(Key key, const Versions& versions);
    void place_reads(Key key, const Versions& versions);
    void place_external_read(Key key, const ReadOfList& read, const Versions& versions,
                             const std::vector<Written>& later);
    void find_lost_updates(Key key, const Versions& versions);
    std::vector<Written> unread(Key key);

    Outcome outcome_of(const Written& written) const {
        return history_.transactions[written.transaction].outcome;
    }
    bool counts(const Written* written) const {
        return written != nullptr && outcome_of(*written) != Outcome::aborted;
    }
    void add_write_write(Key key, const Written& first, const Written& second) {
        const bool is_uncertain =
            outcome_of(first) != Outcome::committed || outcome_of(second) != Outcome::committed;
        result_.edges.push_back({first.transaction, second.transaction, Dependency::write_write,
                                 key, first.value, second.value, is_uncertain});
    }
    std::string describe(TransactionNumber number) const {
        return isolation::describe(history_, number);
    }
    std::string text_of(Value value) const { return describe_value(history_, value); }
    const std::string& name_of(Key key) const { return history_.keys.text(key); }

    const TransactionHistory& history_;
    Writers writers_;
    std::vector<std::vector<ReadOfList>> reads_;  ///< Of each key, by committed transactions.
    std::vector<bool> took_effect_;               ///< Of those of unknown outcome, who did.
    Inference result_;
};

void ListAppend::look_at(TransactionNumber number) {
    const std::vector<Access>& accesses = history_.transactions[number].accesses;
    std::map<Key, OwnView> views;
    std::map<Key, std::size_t> external;  ///< Positions in reads_.
    for (std::uint32_t i = 0; i < accesses.size(); ++i) {
        const Access& access = accesses[i];
        const auto [found, is_first] = views.try_emplace(access.key);
        OwnView& view = found->second;
        if (access.kind == AccessKind::append) {
            view.appended.push_back(access.value);
            const auto read = external.find(access.key);
            if (read != external.end()) reads_[access.key][read->second].is_updated = true;
            continue;
        }
        look_at_read(number, i);
        const bool is_explained = view.explains(access.list);
        if (!is_explained) {
            result_.findings.add(Anomaly::internal, [&] {
                return fmt::format(
                    "{} contradicts what its reader had read or appended itself, {}.",
                    isolation::describe(history_, access), describe(number));
            });
        }
        const bool is_external = is_explained && !view.read;
        if (is_external) external.emplace(access.key, reads_[access.key].size());
        reads_[access.key].push_back({.transaction = number,
                                      .list = access.list,
                                      .own = own_at_end(number, access),
                                      .is_external = is_external});
        view = {.read = access.list};
    }
}

std::size_t ListAppend::own_at_end(TransactionNumber number, const Access& read) {
    std::size_t own = 0;
    while (own < read.list.size()) {
        const Written* const written =
            writers_.find(read.key, read.list[read.list.size() - 1 - own]);
        if (written == nullptr || written->transaction != number) break;
        ++own;
    }
    return own;
}

void ListAppend::look_at_read(TransactionNumber number, std::uint32_t access) {
    const Access& read = history_.transactions[number].accesses[access];
    std::vector<Value> sorted = read.list;
    std::ranges::sort(sorted);
    const auto twice = std::ranges::adjacent_find(sorted);
    if (twice != sorted.end()) {
        result_.findings.add(Anomaly::duplicate_elements, [&] {
            return fmt::format("{} is in {} more than once, as read by {}.", text_of(*twice),
                               name_of(read.key), describe(number));
        });
    }
    for (std::size_t i = 0; i < read.list.size(); ++i)
        look_at_element(number, access, i);
}

void ListAppend::look_at_element(TransactionNumber number, std::uint32_t access,
                                 std::size_t position) {
    const Access& read = history_.transactions[number].accesses[access];
    const Value value = read.list[position];
    Written* const written = writers_.find(read.key, value);
    const auto find = [&](Anomaly anomaly, std::string_view what, bool names_writer) {
        result_.findings.add(anomaly, [&] {
            return fmt::format("{} in {} was seen by {}, {}{}.", text_of(value), name_of(read.key),
                               describe(number), what,
                               names_writer ? " " + describe(written->transaction) : "");
        });
    };
    if (written == nullptr) {
        find(Anomaly::garbage_read, "and nobody appended it", false);
        return;
    }
    if (written->transaction == number) {
        if (written->access > access)
            find(Anomaly::future_read, "which appended it only later", false);
        return;
    }
    written->is_read = true;
    if (outcome_of(*written) == Outcome::aborted)
        find(Anomaly::aborted_read, "although it was rolled back with", true);
    if (position + 1 == read.list.size() && !written->is_last)
        find(Anomaly::intermediate_read, "as the last, although there are more appends of", true);
}

/// Own appends at a read's end are versions as well, since their reader has committed.
Versions ListAppend::order(Key key) {
    const std::vector<ReadOfList>& reads = reads_[key];
    const auto longest = std::ranges::max_element(
        reads, {}, [](const ReadOfList& each) { return each.list.size(); });
    Versions versions;
    if (longest == reads.end()) return {.next = {nullptr}};
    for (const ReadOfList& read : reads) {
        if (starts_with(longest->list, read.list)) continue;
        result_.findings.add(Anomaly::incompatible_order, [&] {
            return fmt::format(
                "{} was read as {} by {}, and as {} by {}: neither is the other's beginning.",
                name_of(key), describe_list(history_, longest->list),
                describe(longest->transaction), describe_list(history_, read.list),
                describe(read.transaction));
        });
    }
    std::set<Value> seen;
    for (const Value value : longest->list) {
        if (seen.insert(value).second) versions.order.push_back(value);
    }
    versions.next.assign(versions.order.size() + 1, nullptr);
    for (std::size_t i = versions.order.size(); i-- > 0;) {
        Written* const written = writers_.find(key, versions.order[i]);
        if (written != nullptr) written->is_read = true;
        versions.next[i] = counts(written) ? written : versions.next[i + 1];
    }
    return versions;
}

void ListAppend::order_writes(Key key, const Versions& versions) {
    const Written* last = nullptr;
    const Written* aborted = nullptr;
    for (const Value value : versions.order) {
        const Written* const written = writers_.find(key, value);
        if (written == nullptr) continue;
        if (outcome_of(*written) == Outcome::aborted) {
            aborted = written;
            continue;
        }
        if (aborted != nullptr && outcome_of(*written) == Outcome::committed) {
            result_.findings.add(Anomaly::dirty_update, [&] {
                return fmt::format(
                    "{} was appended to {} on top of {}, which was rolled back with {}, by {}.",
                    text_of(value), name_of(key), text_of(aborted->value),
                    describe(aborted->transaction), describe(written->transaction));
            });
            aborted = nullptr;
        }
        if (last != nullptr) add_write_write(key, *last, *written);
        last = written;
    }
    if (last == nullptr) return;
    for (const Written& each : unread(key))
        add_write_write(key, *last, each);
}

void ListAppend::place_reads(Key key, const Versions& versions) {
    const std::vector<Written> later = unread(key);
    for (const ReadOfList& read : reads_[key]) {
        const Value last = read.last();
        const Written* const written = last == nil ? nullptr : writers_.find(key, last);
        if (counts(written)) {
            result_.edges.push_back(
                {written->transaction, read.transaction, Dependency::write_read, key, last});
        }
        if (read.is_external) place_external_read(key, read, versions, later);
    }
    find_lost_updates(key, versions);
}

/// What was not there yet comes after the reader: after what it saw of others, and after its own.
void ListAppend::place_external_read(Key key, const ReadOfList& read, const Versions& versions,
                                     const std::vector<Written>& later) {
    const auto overwritten_by = [&](const Written& next) {
        result_.edges.push_back({read.transaction, next.transaction, Dependency::read_write, key,
                                 read.last(), next.value});
    };
    const auto place = [&](std::span<const Value> seen) {
        if (!starts_with(versions.order, seen)) return;
        const Written* const next = versions.next[seen.size()];
        if (next != nullptr) {
            overwritten_by(*next);
        } else {
            std::ranges::for_each(later, overwritten_by);
        }
    };
    place(read.state());
    if (read.own > 0) place(read.list);
}

/// It took effect, and is in nobody's read: after all that is in one.
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

/// Berenson's P4: it read a version and then appended, and another append came in between.
void ListAppend::find_lost_updates(Key key, const Versions& versions) {
    std::map<Value, TransactionNumber> updated;
    for (const ReadOfList& read : reads_[key]) {
        if (!read.is_external || read.own > 0 || !read.is_updated) continue;
        const auto [first, is_first] = updated.try_emplace(read.last(), read.transaction);
        const Written* const next =
            starts_with(versions.order, read.list) ? versions.next[read.list.size()] : nullptr;
        const bool is_second = !is_first;
        const bool comes_late = next != nullptr && next->transaction != read.transaction;
        if (!is_second && !comes_late) continue;
        result_.findings.add(Anomaly::lost_update, [&] {
            const TransactionNumber other = comes_late ? next->transaction : first->second;
            return fmt::format("{} was read as {} and then appended to by {}, and also by {}.",
                               name_of(key), describe_list(history_, read.list),
                               describe(read.transaction), describe(other));
        });
    }
}

}  // namespace

Inference infer_list_append(const TransactionHistory& history) {
    return ListAppend(history).run();
}

}  // namespace atlas::properties::isolation
