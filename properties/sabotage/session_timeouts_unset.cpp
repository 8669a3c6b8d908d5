#include "properties/sabotage/session_timeouts_unset.hpp"

namespace atlas::properties {

namespace {

bool is_time_limit(const std::pair<std::string, std::string>& setting) {
    return setting.first == "statement_timeout" || setting.first == "lock_timeout" ||
           setting.first == "idle_in_transaction_session_timeout";
}

}  // namespace

DriverDecoration session_timeouts_unset(SabotageLedger& ledger) {
    const auto without_limits = [&ledger](sql::ConnectionTarget target) {
        ledger.acted += std::erase_if(target.session_settings, is_time_limit);
        return target;
    };
    return {.target = without_limits};
}

}  // namespace atlas::properties
