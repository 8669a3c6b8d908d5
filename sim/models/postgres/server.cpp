#include "sim/models/postgres/server.hpp"

#include "sim/models/postgres/engine/engine.hpp"

namespace atlas::sim::models::postgres {

Server::Server(host::Host& host, ServerSettings settings, std::string data_directory)
    : engine_(std::make_unique<Engine>(host, std::move(settings), std::move(data_directory))) {}

Server::~Server() = default;

host::Task<host::Result<void>> Server::start() {
    return engine_->open();
}

host::Task<host::Result<std::unique_ptr<Server>>> Server::open(host::Host& host,
                                                               ServerSettings settings,
                                                               std::string data_directory) {
    auto server = std::make_unique<Server>(host, std::move(settings), std::move(data_directory));
    auto started = co_await server->start();
    if (!started) co_return std::unexpected(std::move(started).error());
    co_return server;
}

host::Task<> Server::shutdown() {
    co_await engine_->shutdown();
}

void Server::request_cancel(std::uint32_t process_id, std::uint32_t secret) {
    engine_->request_cancel(process_id, secret);
}

std::vector<IdleTransaction> Server::idle_transactions() const {
    return engine_->idle_transactions();
}

host::Result<CommittedRows> Server::read_committed_rows(std::string_view table) const {
    return engine_->read_committed_rows(table);
}

const ServerSettings& Server::settings() const {
    return engine_->settings();
}

}  // namespace atlas::sim::models::postgres
