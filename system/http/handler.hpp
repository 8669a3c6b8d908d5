#pragma once
// The seam between the HTTP server and what answers: a plain function, so that a decorator is a
// function that takes a handler and returns one.

#include <functional>

#include "system/host/context.hpp"
#include "system/host/task.hpp"
#include "system/http/message.hpp"

namespace atlas::http {

/// Answers one request. The context carries its deadline, which the handler keeps to, and its trace
/// id. It may be called again while an earlier call is still under way.
///
/// A decorator that does work after its inner handler must be a coroutine *function* that gets the
/// inner handler as a parameter: a lambda's captures die when the lambda does.
///
///     host::Task<Response> without_etag(const Handler& inner, host::Context context,
///                                       Request request) {
///         Response response = co_await inner(context, std::move(request));
///         response.headers.remove("ETag");
///         co_return response;
///     }
///     Handler decorated = [inner](host::Context context, Request request) {
///         return without_etag(inner, context, std::move(request));
///     };
///
/// (`decorated` outlives its calls, as every handler does, and with it the `inner` it holds.)
using Handler = std::function<host::Task<Response>(host::Context, Request)>;

/// Wraps a handler in another.
using HandlerDecorator = std::function<Handler(Handler)>;

}  // namespace atlas::http
