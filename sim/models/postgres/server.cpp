#include "sim/models/postgres/server.hpp"

namespace atlas::sim::models::postgres {

class Engine {
  public:
    ServerSettings settings;
};

Server::Server(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {}
Server::~Server() = default;

host::Task<host::Result<std::unique_ptr<Server>>> Server::open(host::Host&, ServerSettings,
                                                               std::string) {
    co_return host::failure(host::ErrorCode::unsupported, "the PostgreSQL model has no engine yet");
}

host::Task<> Server::shutdown() {
    co_return;
}

void Server::request_cancel(std::uint32_t, std::uint32_t) {}

host::Result<CommittedRows> Server::read_committed_rows(std::string_view) const {
    return host::failure(host::ErrorCode::not_found);
}

const ServerSettings& Server::settings() const {
    return engine_->settings;
}

Outcome<std::unique_ptr<Session>> Session::open(
    Server&, std::string, std::string, std::vector<std::pair<std::string, std::string>>) {
    return std::unexpected(ServerMessage{.severity = "FATAL",
                                         .sqlstate = "0A000",
                                         .message = "the PostgreSQL model has no engine yet"});
}

}  // namespace atlas::sim::models::postgres
