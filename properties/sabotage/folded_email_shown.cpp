#include "properties/sabotage/folded_email_shown.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "properties/history/folded_email.hpp"

namespace atlas::properties {

namespace {

host::Task<http::Response> answer(http::Handler inner, SabotageLedger& ledger,
                                  host::Context context, http::Request request) {
    http::Response response = co_await inner(context, std::move(request));
    auto body = nlohmann::json::parse(response.body, nullptr, /*allow_exceptions=*/false);
    if (response.status != 200 || !body.is_object() || !body.contains("email")) co_return response;
    body["email_folded"] = folded_email(body["email"].get<std::string>());
    response.body = body.dump();
    ++ledger.acted;
    co_return response;
}

}  // namespace

http::Handler folded_email_shown(http::Handler inner, SabotageLedger& ledger) {
    return [inner = std::move(inner), &ledger](host::Context context, http::Request request) {
        return answer(inner, ledger, context, std::move(request));
    };
}

}  // namespace atlas::properties
