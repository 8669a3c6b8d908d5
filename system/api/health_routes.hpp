#pragma once
// The routes about the process itself: answered at once, whatever state the database is in.

#include "system/api/routes.hpp"

namespace atlas::api {

host::Task<http::Response> answer_livez(Services services, Call call);
host::Task<http::Response> answer_startupz(Services services, Call call);
host::Task<http::Response> answer_readyz(Services services, Call call);
host::Task<http::Response> show_health(Services services, Call call);

}  // namespace atlas::api
