#include "system/service/key_turns.hpp"

#include <utility>

namespace atlas::service {

host::Task<std::optional<KeyTurns::Turn>> KeyTurns::take(std::string key, host::Deadline deadline) {
    const auto line = lines_.try_emplace(std::move(key), host_, waiting_).first;
    Place place(lines_, line);
    host::Result<host::Semaphore::Permit> permit = co_await line->second.head.acquire(deadline);
    if (!permit) {
        const bool too_many = permit.error().code == host::ErrorCode::resource_exhausted;
        ++(too_many ? counters_.too_many : counters_.too_late);
        co_return std::nullopt;
    }
    ++counters_.given;
    co_return Turn(std::move(place), std::move(*permit));
}

}  // namespace atlas::service
