#include "properties/checkers/explanation.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace atlas::properties {

namespace {

/// The order is worth reading near its end; a long one hides it.
constexpr std::size_t longest_shown = 12;

std::string moment(host::Duration at) {
    return fmt::format("{}.{:06} s", at.count() / 1'000'000'000, at.count() % 1'000'000'000 / 1000);
}

std::string when(const Interval& interval) {
    std::string text = interval.is_open()
                           ? fmt::format("called on line {}, end unknown", interval.call)
                           : fmt::format("lines {} to {}", interval.call, interval.end);
    if (interval.called_at && interval.ended_at) {
        text += fmt::format(", {} to {}", moment(*interval.called_at), moment(*interval.ended_at));
    } else if (interval.called_at) {
        text += fmt::format(", from {}", moment(*interval.called_at));
    }
    return text;
}

/// Of the stuck ones, the first to have ended: nothing called after its end may come before it.
const ExplainedOperation* first_to_end(const std::vector<ExplainedOperation>& stuck) {
    const auto first = std::min_element(
        stuck.begin(), stuck.end(), [](const ExplainedOperation& a, const ExplainedOperation& b) {
            return a.interval.end < b.interval.end;
        });
    return first == stuck.end() || first->interval.is_open() ? nullptr : &*first;
}

std::string explained_part(const std::vector<ExplainedOperation>& explained) {
    if (explained.empty()) return "Already the first operation cannot be explained.\n";
    std::string text =
        fmt::format("The order that goes furthest explains {} of them{}:\n", explained.size(),
                    explained.size() > longest_shown ? "; its end is" : "");
    const std::size_t from = explained.size() - std::min(explained.size(), longest_shown);
    for (std::size_t i = from; i < explained.size(); ++i) {
        text += fmt::format("  {:>4}. {}\n", i + 1, describe(explained[i]));
    }
    return text;
}

}  // namespace

std::string describe(const ExplainedOperation& operation) {
    return fmt::format("client {} {} ({})", operation.client, operation.text,
                       when(operation.interval));
}

std::string explain(const Contradiction& contradiction) {
    std::string text = fmt::format(
        "{} is not linearizable: its {} operations cannot be put in any order that keeps to real "
        "time and explains every answer.\n",
        contradiction.partition, contradiction.operations);
    text += explained_part(contradiction.explained);
    text += fmt::format("After that, {}. What could come next does not lead on:\n",
                        contradiction.state);
    for (const ExplainedOperation& operation : contradiction.stuck) {
        text +=
            fmt::format("  - {}: {}\n", describe(operation),
                        operation.fits ? "it fits here, but every order with it here stops no later"
                                       : "that answer is impossible here");
    }
    if (const ExplainedOperation* first = first_to_end(contradiction.stuck)) {
        text += fmt::format(
            "No later operation can help: client {}'s ended on line {}, before any other was "
            "called.\n",
            first->client, first->interval.end);
    }
    return text;
}

}  // namespace atlas::properties
