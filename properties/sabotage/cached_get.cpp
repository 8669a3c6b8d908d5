#include "properties/sabotage/cached_get.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace atlas::properties {

namespace {

constexpr host::Duration time_to_live = std::chrono::seconds{2};

struct Kept {
    http::Response response;
    host::TimePoint until;
};

struct Cache {
    host::Host& host;
    SabotageLedger& ledger;
    http::Handler inner;
    std::map<std::string, Kept> by_target = {};
};

host::Task<http::Response> answer(std::shared_ptr<Cache> cache, host::Context context,
                                  http::Request request) {
    const std::string target = request.target;
    const host::TimePoint now = cache->host.clock().now();
    const auto kept = cache->by_target.find(target);
    if (kept != cache->by_target.end() && now < kept->second.until) {
        ++cache->ledger.acted;
        co_return kept->second.response;
    }
    http::Response response = co_await cache->inner(context, std::move(request));
    if (response.status == 200) {
        const host::TimePoint until = cache->host.clock().now() + time_to_live;
        cache->by_target.insert_or_assign(target, Kept{response, until});
    }
    co_return response;
}

}  // namespace

http::Handler cached_get(http::Handler inner, host::Host& host, SabotageLedger& ledger) {
    auto cache = std::make_shared<Cache>(Cache{host, ledger, std::move(inner)});
    return [cache](host::Context context, http::Request request) {
        const bool is_user = request.method == "GET" && request.target.starts_with("/v1/users/");
        return is_user ? answer(cache, context, std::move(request))
                       : cache->inner(context, std::move(request));
    };
}

}  // namespace atlas::properties
