#pragma once
// The HTTP API, version 1, as one handler: finds the route, checks what HTTP and the schema demand,
// runs it.

#include "system/api/routes.hpp"
#include "system/http/handler.hpp"

namespace atlas::api {

class Api {
  public:
    /// Until the process has started, whatever needs the database is 503 "not started".
    /// `idempotency_secret` is the same for all nodes: by it they know a repeated
    /// request.
    Api(Services services, std::string idempotency_secret);

    /// Refers to this object.
    http::Handler handler();

  private:
    host::Task<http::Response> handle(host::Context context, http::Request request);

    Services services_;
    std::string idempotency_secret_;
};

}  // namespace atlas::api
