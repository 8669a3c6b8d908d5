#include "properties/sabotage/session_token_dropped.hpp"

#include <utility>

namespace atlas::properties {

http::Handler session_token_dropped(http::Handler inner, SabotageLedger& ledger) {
    return [inner = std::move(inner), &ledger](host::Context context, http::Request request) {
        ledger.acted += request.headers.remove("Atlas-Session");
        return inner(context, std::move(request));
    };
}

}  // namespace atlas::properties
