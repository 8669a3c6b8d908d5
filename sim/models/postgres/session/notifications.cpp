// LISTEN, UNLISTEN and NOTIFY: all three happen when their transaction commits.

#include <algorithm>

#include "sim/models/postgres/executor/executor.hpp"
#include "sim/models/postgres/session/backend_session.hpp"

namespace atlas::sim::models::postgres {
namespace {

constexpr std::size_t longest_channel = 63;
/// A page of the queue holds one with the longest channel.
constexpr std::size_t longest_payload = 7999;

}  // namespace

Checked<> BackendSession::notify(std::string channel, std::string payload) {
    if (engine_.in_recovery()) return sql_error("25006", "cannot execute NOTIFY during recovery");
    if (channel.empty()) return sql_error("22023", "channel name cannot be empty");
    if (channel.size() > longest_channel) return sql_error("22023", "channel name too long");
    if (payload.size() > longest_payload) return sql_error("22023", "payload string too long");
    std::vector<Notification>& sent = transaction().notifications;
    const bool again = std::ranges::any_of(sent, [&](const Notification& before) {
        return before.channel == channel && before.payload == payload;
    });
    if (!again) sent.push_back({process_id(), std::move(channel), std::move(payload)});
    return {};
}

Checked<StatementResult> BackendSession::listen(const ListenStatement& statement) {
    const bool begins = statement.action.kind == ListenAction::Kind::listen;
    // Whoever listens to nothing has nothing to give up.
    const bool idle = listening_.empty() && transaction().listen_actions.empty();
    if (begins || !idle) transaction().listen_actions.push_back(statement.action);
    return completed(begins ? "LISTEN" : "UNLISTEN");
}

void BackendSession::apply_listening(const std::vector<ListenAction>& actions) {
    for (const ListenAction& action : actions) {
        switch (action.kind) {
            case ListenAction::Kind::listen:
                listening_.insert(action.channel);
                break;
            case ListenAction::Kind::unlisten:
                listening_.erase(action.channel);
                break;
            case ListenAction::Kind::unlisten_all:
                listening_.clear();
                break;
        }
    }
}

void BackendSession::hear(const std::vector<Notification>& notifications) {
    const std::size_t before = heard_.size();
    for (const Notification& notification : notifications) {
        if (listening_.contains(notification.channel)) heard_.push_back(notification);
    }
    if (heard_.size() > before && on_notification_) on_notification_();
}

std::vector<Notification> BackendSession::take_notifications() {
    if (block_ != Block::none) return {};
    return std::exchange(heard_, {});
}

}  // namespace atlas::sim::models::postgres
