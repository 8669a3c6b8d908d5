#pragma once
// The description of the API (OpenAPI 3.1), made from the table that routes and validates.

#include <span>
#include <string>

#include "system/api/routes.hpp"

namespace atlas::api {

std::string describe_api(std::span<const Route> routes);

}  // namespace atlas::api
