#include "system/service/key_turns.hpp"

#include <utility>

namespace atlas::service {

host::Task<std::optional<KeyTurns::Turn>> KeyTurns::take(std::string key, host::Deadline deadline) {
    const auto line = lines_.try_emplace(std::move(key), host_, waiting_).first;
    Place place(lines_, line);
    host::Result<host::Semaphore::Permit> permit = co_await line->second.head.acquire(deadline);
    if (!permit) co_return std::nullopt;
    co_return Turn(std::move(place), std::move(*permit));
}

}  // namespace atlas::service
