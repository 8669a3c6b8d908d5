#pragma once
// The HTTP API, version 1, as one handler: finds the route, checks what HTTP and the schema demand,
// runs it.

#include "system/host/event.hpp"
#include "system/http/handler.hpp"
#include "system/service/users.hpp"

namespace atlas::api {

class Api {
  public:
    /// All outlive it. Until `database_ready` is set, whatever needs the database is 503 "not
    /// started". `idempotency_secret` is the same for all nodes: by it they know a repeated
    /// request.
    Api(service::Users& users, const host::Event& database_ready, std::string idempotency_secret);

    /// Refers to this object.
    http::Handler handler();

  private:
    host::Task<http::Response> handle(host::Context context, http::Request request);

    service::Users& users_;
    const host::Event& database_ready_;
    std::string idempotency_secret_;
};

}  // namespace atlas::api
