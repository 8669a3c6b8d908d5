#pragma once
// The routes about users: their schemas, and their answers.

#include <array>

#include "system/api/routes.hpp"

namespace atlas::api {

extern const ObjectSchema registration_schema;
extern const ObjectSchema user_patch_schema;

std::optional<std::string_view> find_fault_in_limit(std::string_view value);
std::optional<std::string_view> find_fault_in_cursor(std::string_view value);
inline constexpr std::array listing_parameters{
    QueryParameter{"limit", "How many users to show: 1 to 100, 20 when left out.",
                   find_fault_in_limit},
    QueryParameter{"cursor", "Where to go on: next_cursor of the page before.",
                   find_fault_in_cursor}};

host::Task<http::Response> create_user(Services services, Call call);
host::Task<http::Response> list_users(Services services, Call call);
host::Task<http::Response> get_user(Services services, Call call);
host::Task<http::Response> patch_user(Services services, Call call);
host::Task<http::Response> delete_user(Services services, Call call);

}  // namespace atlas::api
