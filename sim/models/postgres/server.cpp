#include "sim/models/postgres/server.hpp"

#include "sim/models/postgres/engine/engine.hpp"

namespace atlas::sim::models::postgres {

Server::Server(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {}
Server::~Server() = default;

host::Task<host::Result<std::unique_ptr<Server>>> Server::open(host::Host& host,
                                                               ServerSettings settings,
                                                               std::string data_directory) {
    auto engine = std::make_unique<Engine>(host, settings, std::move(data_directory));
    auto opened = co_await engine->open();
    if (!opened) co_return std::unexpected(std::move(opened).error());
    co_return std::unique_ptr<Server>(new Server(std::move(engine)));
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
