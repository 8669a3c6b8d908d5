#include "properties/sabotage/unavailable_as_500.hpp"

#include <utility>

namespace atlas::properties {

namespace {

host::Task<http::Response> answer(http::Handler inner, SabotageLedger& ledger,
                                  host::Context context, http::Request request) {
    const bool is_of_users = request.target.starts_with("/v1/");
    http::Response response = co_await inner(context, std::move(request));
    if (is_of_users && response.status == 503) {
        response.status = 500;
        ++ledger.acted;
    }
    co_return response;
}

}  // namespace

http::Handler unavailable_as_500(http::Handler inner, SabotageLedger& ledger) {
    return [inner = std::move(inner), &ledger](host::Context context, http::Request request) {
        return answer(inner, ledger, context, std::move(request));
    };
}

}  // namespace atlas::properties
