#include "properties/sabotage/primary_not_fenced.hpp"

#include <utility>
#include <variant>

namespace atlas::properties {

failover::AgentSettings primary_not_fenced(failover::AgentSettings settings,
                                           SabotageLedger& ledger) {
    settings.decide = [decide = std::move(settings.decide), &ledger](
                          const failover::Observation& seen,
                          const failover::AgentOptions& options) -> failover::Decision {
        failover::Decision decision = decide(seen, options);
        const bool is_primary = seen.server.answers && seen.server.role == failover::Role::primary;
        if (!is_primary || !std::holds_alternative<failover::StopNow>(decision)) return decision;
        ++ledger.acted;
        return failover::Wait{};
    };
    return settings;
}

}  // namespace atlas::properties
