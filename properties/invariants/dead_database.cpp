// A database that gives no answer is left in peace: the circuit breaker and the retry budget keep
// their promises over the whole run, whatever they are built like. Judged from what passed through
// the SQL port alone, for each silence: the time between two answers to one incarnation of a node,
// be the database dead, cut off or restarting.
//
//  * Breaker: what it takes to notice, then the probes of each open time.
//  * Budget: one failed call for each request, and half a bucket.
//
// A call has one failed operation at most: the connection is gone with it. One that ran out of time
// before a call counts as slow tells nothing about the server, to them and to this.

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "properties/invariants/invariants.hpp"
#include "properties/invariants/prose.hpp"

namespace atlas::properties {

namespace {

struct Silence {
    host::Duration from{};
    host::Duration until{};
    std::int64_t failed = 0;
    std::int64_t failed_for_requests = 0;
    std::int64_t answered_before = 0;  ///< As long before it as the breaker's window looks back.

    host::Duration length() const { return until - from; }
};

/// The silences of one server, in one conversation, in which something failed.
class Silences {
  public:
    Silences(const DatabaseConversation& conversation, const host::Endpoint& server,
             const DatabaseGuard& guard)
        : guard_(guard) {
        current_.from = conversation.began;
        for (const DatabaseOperation& operation : conversation.operations) {
            if (operation.server == server) add(operation);
        }
        // The last one ends with the node: nobody knows when, so at its last failure.
        close(current_.until);
    }

    const std::vector<Silence>& all() const { return all_; }

  private:
    void add(const DatabaseOperation& operation) {
        if (operation.answer == DatabaseAnswer::given) {
            close(operation.ended);
            answers_.push_back(operation.ended);
            current_ = {.from = operation.ended};
            return;
        }
        const bool tells = operation.answer == DatabaseAnswer::none ||
                           operation.ended - operation.began >= guard_.breaker.slow_call;
        if (!tells) return;
        current_.until = operation.ended;
        ++current_.failed;
        if (operation.for_request) ++current_.failed_for_requests;
    }

    void close(host::Duration until) {
        if (current_.failed == 0) return;
        current_.until = until;
        const host::Duration since = current_.from - guard_.breaker.window.time;
        current_.answered_before = answers_.end() - std::ranges::upper_bound(answers_, since);
        all_.push_back(current_);
    }

    const DatabaseGuard& guard_;
    Silence current_;
    std::vector<host::Duration> answers_;
    std::vector<Silence> all_;
};

/// What may fail before the circuit opens, if nothing is ever forgotten.
std::int64_t calls_to_notice(const Silence& silence, const DatabaseGuard& guard) {
    using Kind = reliability::SlidingWindowOptions::Kind;
    const reliability::CircuitBreakerOptions& breaker = guard.breaker;
    const auto pool_size = static_cast<std::int64_t>(guard.pool_size);
    const auto threshold = static_cast<std::int64_t>(breaker.failures_per_thousand);
    // Calls under way when the silence began can still count as good ones.
    std::int64_t good = silence.answered_before + pool_size;
    if (breaker.window.kind == Kind::count) {
        good = static_cast<std::int64_t>(breaker.window.calls);
    }
    const std::int64_t outweighing =
        good * threshold / std::max<std::int64_t>(1000 - threshold, 1) + 1;
    return std::max<std::int64_t>(breaker.minimum_calls, outweighing);
}

std::int64_t most_by_breaker(const Silence& silence, const DatabaseGuard& guard) {
    using Kind = reliability::SlidingWindowOptions::Kind;
    const reliability::CircuitBreakerOptions& breaker = guard.breaker;
    std::int64_t most =
        calls_to_notice(silence, guard) + static_cast<std::int64_t>(guard.pool_size);
    // A window by time forgets: as long as it never holds the minimum, the circuit stays closed.
    if (breaker.window.kind == Kind::time) {
        most += silence.length() / breaker.window.time * breaker.minimum_calls;
    }
    return most + (silence.length() / breaker.open_time + 1) * breaker.probes;
}

std::int64_t most_by_budget(const Silence& silence, const DatabaseGuard& guard,
                            const DatabaseConversation& conversation) {
    const std::vector<host::Duration>& requests = conversation.requests;
    const auto first = std::ranges::lower_bound(requests, silence.from - guard.request_time);
    const auto last = std::ranges::upper_bound(requests, silence.until);
    // The answers that the silence began with may have been accounted for a moment later.
    return (last - first) + static_cast<std::int64_t>(guard.budget.tokens / 2 + guard.pool_size);
}

std::set<host::Endpoint> servers_of(const DatabaseConversation& conversation) {
    std::set<host::Endpoint> servers;
    for (const DatabaseOperation& operation : conversation.operations)
        servers.insert(operation.server);
    return servers;
}

void judge_silence(const Silence& silence, const DatabaseGuard& guard,
                   const DatabaseConversation& conversation, std::vector<std::string>& wrong) {
    const auto complain = [&](std::int64_t failed, std::int64_t most, const char* promise) {
        if (failed <= most * guard.pools) return;
        wrong.push_back(
            fmt::format("The database gave {} no answer from {} on, for {}, and was asked {} times "
                        "by calls that failed: at most {} by {}.",
                        conversation.node, describe(silence.from), describe(silence.length()),
                        failed, most * guard.pools, promise));
    };
    complain(silence.failed, most_by_breaker(silence, guard), "the circuit breaker");
    complain(silence.failed_for_requests, most_by_budget(silence, guard, conversation),
             "the retry budget");
}

}  // namespace

Judgement check_dead_database(const RunRecord& run) {
    if (!run.facts.guard) {
        return {Verdict::valid, "Nobody watched what was asked of the database.\n"};
    }
    const DatabaseGuard& guard = *run.facts.guard;
    std::vector<std::string> wrong;
    std::int64_t most_failed = 0;
    for (const DatabaseConversation& conversation : run.database) {
        for (const host::Endpoint& server : servers_of(conversation)) {
            const Silences silences(conversation, server, guard);
            for (const Silence& silence : silences.all()) {
                most_failed = std::max(most_failed, silence.failed);
                judge_silence(silence, guard, conversation, wrong);
            }
        }
    }
    return judge(wrong, fmt::format("While the database gave a node no answer, at most {} calls "
                                    "failed.",
                                    most_failed));
}

}  // namespace atlas::properties
