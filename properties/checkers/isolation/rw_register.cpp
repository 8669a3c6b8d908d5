// Inference from registers: a read tells one version, and little of their order.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "properties/checkers/isolation/inference.hpp"
#include "properties/checkers/isolation/prose.hpp"
#include "properties/checkers/isolation/strong_components.hpp"
#include "properties/checkers/isolation/writers.hpp"

namespace atlas::properties::isolation {

namespace {

/// So many writes over one version are compared with each of its reads.
constexpr std::size_t most_overwrites = 64;

/// What is known of one version.
struct Version {
    std::vector<TransactionNumber> readers = {};  ///< Ascending.
    /// Final writes of those that had read this version.
    std::vector<const Written*> overwrites = {};
};

class RwRegister {
  public:
    explicit RwRegister(const TransactionHistory& history)
        : history_(history),
          writers_(history),
          versions_(history.keys.size()),
          took_effect_(history.transactions.size(), false) {}

    Inference run() {
        for (TransactionNumber number = 0; number < history_.transactions.size(); ++number) {
            if (history_.transactions[number].outcome == Outcome::committed) look_at(number);
        }
        // What was read has taken effect, whatever its client was told.
        for (Key key = 0; key < versions_.size(); ++key) {
            for (const Written& each : writers_.of(key))
                took_effect_[each.transaction] = took_effect_[each.transaction] || each.is_read;
        }
        for (Key key = 0; key < versions_.size(); ++key) {
            if (versions_[key].empty()) continue;
            first_versions(key);
            if (!is_cyclic(key)) add_edges(key);
        }
        return std::move(result_);
    }

  private:
    void look_at(TransactionNumber number);
    void look_at_value(TransactionNumber number, std::uint32_t access);
    void first_versions(Key key);
    bool is_cyclic(Key key);
    void add_edges(Key key);

    Outcome outcome_of(const Written& written) const {
        return history_.transactions[written.transaction].outcome;
    }
    std::string describe(TransactionNumber number) const {
        return isolation::describe(history_, number);
    }

    const TransactionHistory& history_;
    Writers writers_;
    std::vector<std::map<Value, Version>> versions_;  ///< Of each key.
    std::vector<bool> took_effect_;                   ///< Of those of unknown outcome, who did.
    Inference result_;
};

void RwRegister::look_at(TransactionNumber number) {
    const std::vector<Access>& accesses = history_.transactions[number].accesses;
    struct View {
        Value expected = nil;  ///< By what it has read or written last.
        std::optional<Value> read_first = std::nullopt;
        std::optional<Value> written = std::nullopt;
    };
    std::map<Key, View> views;
    for (std::uint32_t i = 0; i < accesses.size(); ++i) {
        const Access& access = accesses[i];
        const auto [found, is_first] = views.try_emplace(access.key);
        View& view = found->second;
        if (access.kind == AccessKind::write) {
            view.written = access.value;
        } else {
            look_at_value(number, i);
            if (is_first) view.read_first = access.value;
            if (!is_first && access.value != view.expected) {
                result_.findings.add(Anomaly::internal, [&] {
                    return fmt::format(
                        "{} contradicts what its reader had read or written itself, {}.",
                        isolation::describe(history_, access), describe(number));
                });
            }
        }
        view.expected = access.value;
    }
    for (const auto& [key, view] : views) {
        if (!view.read_first) continue;
        Version& version = versions_[key][*view.read_first];
        version.readers.push_back(number);
        if (view.written) version.overwrites.push_back(writers_.find(key, *view.written));
    }
}

void RwRegister::look_at_value(TransactionNumber number, std::uint32_t access) {
    const Access& read = history_.transactions[number].accesses[access];
    if (read.value == nil) return;
    Written* const written = writers_.find(read.key, read.value);
    const auto find = [&](Anomaly anomaly, std::string_view what, bool names_writer) {
        result_.findings.add(anomaly, [&] {
            return fmt::format("{} in {} was seen by {}, {}{}.",
                               describe_value(history_, read.value), history_.keys.text(read.key),
                               describe(number), what,
                               names_writer ? " " + describe(written->transaction) : "");
        });
    };
    if (written == nullptr) {
        find(Anomaly::garbage_read, "and nobody wrote it", false);
        return;
    }
    if (written->transaction == number) {
        if (written->access > access)
            find(Anomaly::future_read, "which wrote it only later", false);
        return;
    }
    written->is_read = true;
    if (outcome_of(*written) == Outcome::aborted)
        find(Anomaly::aborted_read, "although it was rolled back with", true);
    if (!written->is_last)
        find(Anomaly::intermediate_read, "although there are more writes of", true);
}

/// Nil comes before all: before the final writes that are not known to come after another.
void RwRegister::first_versions(Key key) {
    std::map<Value, Version>& versions = versions_[key];
    const auto at_nil = versions.find(nil);
    if (at_nil == versions.end()) return;
    std::set<Value> later;
    for (const auto& [value, version] : versions) {
        for (const Written* const each : version.overwrites)
            later.insert(each->value);
    }
    for (const Written& each : writers_.of(key)) {
        const bool is_there =
            outcome_of(each) == Outcome::committed ||
            (outcome_of(each) == Outcome::unknown && took_effect_[each.transaction]);
        if (!each.is_last || !is_there || later.contains(each.value)) continue;
        if (at_nil->second.overwrites.size() >= most_overwrites) break;
        at_nil->second.overwrites.push_back(&each);
    }
}

bool RwRegister::is_cyclic(Key key) {
    const std::map<Value, Version>& versions = versions_[key];
    std::map<Value, std::uint32_t> numbers;
    std::vector<Value> values;
    const auto number_of = [&](Value value) {
        const auto [found, is_new] =
            numbers.try_emplace(value, static_cast<std::uint32_t>(values.size()));
        if (is_new) values.push_back(value);
        return found->second;
    };
    std::vector<Arc> arcs;
    for (const auto& [value, version] : versions) {
        for (const Written* const each : version.overwrites) {
            const std::uint32_t before = number_of(value);
            arcs.push_back({before, number_of(each->value)});
        }
    }
    const auto cycles = strong_components(values.size(), arcs);
    for (const std::vector<std::uint32_t>& cycle : cycles) {
        std::string listed;
        for (const std::uint32_t each : cycle)
            listed += fmt::format("{}{}", listed.empty() ? "" : ", ",
                                  describe_value(history_, values[each]));
        result_.findings.add(Anomaly::cyclic_versions, [&] {
            return fmt::format(
                "Of {}, each of the versions {} was written by somebody who had read another of "
                "them.",
                history_.keys.text(key), listed);
        });
    }
    return !cycles.empty();
}

void RwRegister::add_edges(Key key) {
    for (const auto& [value, version] : versions_[key]) {
        const Written* const written = value == nil ? nullptr : writers_.find(key, value);
        const bool counts = written != nullptr && outcome_of(*written) != Outcome::aborted;
        for (const TransactionNumber reader : version.readers) {
            if (counts)
                result_.edges.push_back(
                    {written->transaction, reader, Dependency::write_read, key, value});
            const std::size_t looked_at = std::min(version.overwrites.size(), most_overwrites);
            for (std::size_t i = 0; i < looked_at; ++i)
                result_.edges.push_back({reader, version.overwrites[i]->transaction,
                                         Dependency::read_write, key, value,
                                         version.overwrites[i]->value});
        }
        std::optional<TransactionNumber> first;
        for (const Written* const each : version.overwrites) {
            if (counts)
                result_.edges.push_back({written->transaction, each->transaction,
                                         Dependency::write_write, key, value, each->value});
            if (!std::ranges::binary_search(version.readers, each->transaction)) continue;
            if (!first) {
                first = each->transaction;
                continue;
            }
            result_.findings.add(Anomaly::lost_update, [&] {
                return fmt::format("{} was read as {} and then written by two: {} and {}.",
                                   history_.keys.text(key), describe_value(history_, value),
                                   describe(*first), describe(each->transaction));
            });
        }
    }
}

}  // namespace

Inference infer_rw_register(const TransactionHistory& history) {
    return RwRegister(history).run();
}

}  // namespace atlas::properties::isolation
