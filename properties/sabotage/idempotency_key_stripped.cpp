#include "properties/sabotage/idempotency_key_stripped.hpp"

#include <memory>
#include <string>
#include <utility>

namespace atlas::properties {

http::Handler idempotency_key_stripped(http::Handler inner, host::Host& host,
                                       SabotageLedger& ledger) {
    // Not a counter: a process that starts again must not repeat the keys of the one before.
    auto keys = std::make_shared<host::RandomSource>(host.random("sabotage.idempotency_key"));
    return [inner = std::move(inner), keys, &ledger](host::Context context, http::Request request) {
        if (std::string* const key = request.headers.find("Idempotency-Key")) {
            *key = std::to_string(keys->next());
            ++ledger.acted;
        }
        return inner(context, std::move(request));
    };
}

}  // namespace atlas::properties
