#pragma once
// The HTTP API, version 1, as one handler: finds the route, checks what HTTP and the schema demand,
// runs it.

#include "system/api/routes.hpp"
#include "system/http/handler.hpp"

namespace atlas::api {

/// By them nodes know a repeated request: the same for all nodes.
struct FingerprintSecrets {
    std::string current;
    /// The one before it, or while nodes change over the one after it: without it, all keys of its
    /// time would be those of other requests. Empty when there is none.
    std::string previous = {};
};

class Api {
  public:
    /// Until the process has started, whatever needs the database is 503 "not started".
    Api(Services services, FingerprintSecrets secrets);

    /// Refers to this object.
    http::Handler handler();

  private:
    host::Task<http::Response> handle(host::Context context, http::Request request);

    Services services_;
    FingerprintSecrets secrets_;
};

}  // namespace atlas::api
