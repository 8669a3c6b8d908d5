#pragma once
// The routes about users: their schemas, and their answers.

#include "system/api/routes.hpp"

namespace atlas::api {

extern const ObjectSchema registration_schema;
extern const ObjectSchema user_patch_schema;

host::Task<http::Response> create_user(service::Users& users, Call call);
host::Task<http::Response> get_user(service::Users& users, Call call);
host::Task<http::Response> patch_user(service::Users& users, Call call);
host::Task<http::Response> delete_user(service::Users& users, Call call);

}  // namespace atlas::api
