#include "properties/sabotage/if_match_rewritten.hpp"

#include <utility>

namespace atlas::properties {

http::Handler if_match_rewritten(http::Handler inner, SabotageLedger& ledger) {
    return [inner = std::move(inner), &ledger](host::Context context, http::Request request) {
        std::string* const if_match = request.headers.find("If-Match");
        if (if_match != nullptr && *if_match != "*") {
            *if_match = "*";
            ++ledger.acted;
        }
        return inner(context, std::move(request));
    };
}

}  // namespace atlas::properties
