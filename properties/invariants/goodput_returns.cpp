// Goodput, what the service is good for, is operations answered in a second: an answer is any but
// "not now" (503) and none. A service can keep every promise it makes and be worth nothing, because
// it is still busy with the trouble it had (M. Brooker and others, "Metastable Failures in the
// Wild", OSDI 2022), or because some of it never came back.
//
// The workload begins operations at random moments, so that the counts of two windows differ by
// chance: a level is lost when less than half of it is there. That each of the clients is served is
// no matter of chance.

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "properties/invariants/invariants.hpp"
#include "properties/invariants/prose.hpp"

namespace atlas::properties {

namespace {

struct Window {
    host::Duration from{};
    host::Duration until{};

    host::Duration length() const { return until - from; }
    bool has(host::Duration time) const { return from <= time && time < until; }
};

struct Service {
    std::int64_t asked = 0;
    std::int64_t answered = 0;
};

bool is_answered(const UserOperation& operation) {
    if (operation.end_line == 0) return false;
    return operation.outcome == EntryType::ok ||
           (operation.response.status && *operation.response.status < 500);
}

/// Of operations that began in it, by client.
std::map<std::uint64_t, Service> service_in(const RunRecord& run, const Window& window) {
    std::map<std::uint64_t, Service> by_client;
    for (const UserOperation& operation : run.operations) {
        if (!window.has(operation.invoked_at)) continue;
        Service& service = by_client[operation.process];
        ++service.asked;
        if (is_answered(operation)) ++service.answered;
    }
    return by_client;
}

Service sum_of(const std::map<std::uint64_t, Service>& by_client) {
    Service sum;
    for (const auto& [client, service] : by_client) {
        sum.asked += service.asked;
        sum.answered += service.answered;
    }
    return sum;
}

}  // namespace

Judgement check_goodput_returns(const RunRecord& run) {
    const RunFacts& facts = run.facts;
    if (!facts.faults_ended_at || facts.clients_end_at <= *facts.faults_ended_at) {
        return {Verdict::valid, "No clients went on after faults had stopped.\n"};
    }
    // The first half of what is left to them is the system's, to find out what it has lost.
    const Window calm{{}, facts.calm_until};
    const Window healed{
        *facts.faults_ended_at + (facts.clients_end_at - *facts.faults_ended_at) / 2,
        facts.clients_end_at};
    const Service before = sum_of(service_in(run, calm));
    const std::map<std::uint64_t, Service> by_client = service_in(run, healed);
    const Service after = sum_of(by_client);

    std::vector<std::string> wrong;
    if (2 * after.answered * calm.length().count() < before.answered * healed.length().count()) {
        wrong.push_back(fmt::format(
            "{} operations were answered in {} well after faults had stopped, where {} had been "
            "answered in {} before they began.",
            after.answered, describe(healed.length()), before.answered, describe(calm.length())));
    }
    if (10 * after.answered < 9 * after.asked) {
        wrong.push_back(
            fmt::format("Of {} operations that began well after faults had stopped, {} were "
                        "answered.",
                        after.asked, after.answered));
    }
    for (const auto& [client, service] : by_client) {
        if (service.asked < 2 || service.answered > 0) continue;
        wrong.push_back(fmt::format(
            "Client {} began {} operations well after faults had stopped, and none was answered.",
            client, service.asked));
    }
    return judge(wrong, fmt::format("Of {} operations that began in the last {} in which clients "
                                    "ran, {} were answered.",
                                    after.asked, describe(healed.length()), after.answered));
}

}  // namespace atlas::properties
