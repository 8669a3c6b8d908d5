#include "properties/history/database_log.hpp"

#include <utility>

namespace atlas::properties {

std::size_t DatabaseLog::new_conversation(std::string node) {
    conversations_.push_back({.node = std::move(node), .began = now()});
    return conversations_.size() - 1;
}

void DatabaseLog::request_came(std::size_t conversation) {
    conversations_[conversation].requests.push_back(now());
}

void DatabaseLog::add(std::size_t conversation, DatabaseOperation operation) {
    operation.ended = now();
    conversations_[conversation].operations.push_back(operation);
}

void DatabaseLog::read_was_answered(const host::Endpoint& server, bool is_in_session) {
    if (!follows_ || !follows_(server)) return;
    ++(is_in_session ? follower_reads_.session : follower_reads_.eventual);
}

}  // namespace atlas::properties
