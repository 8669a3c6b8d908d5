#include "reports/bench/load/requests.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace atlas::load {
namespace {

constexpr std::array<std::pair<Operation, std::string_view>, 3> names{
    {{Operation::read, "read"},
     {Operation::patch, "patch"},
     {Operation::registration, "register"}}};

}  // namespace

std::string_view name(Operation operation) {
    return names[static_cast<std::size_t>(operation)].second;
}

std::optional<Operation> parse_operation(std::string_view name) {
    for (const auto& [operation, its_name] : names) {
        if (its_name == name) return operation;
    }
    return {};
}

Requests::Requests(Operation operation, std::uint64_t users, host::RandomSource random)
    : operation_(operation), users_(users), random_(random) {}

http::Request Requests::next() {
    switch (operation_) {
        case Operation::read:
            return read();
        case Operation::patch:
            return patch();
        case Operation::registration:
            return registration();
    }
    std::unreachable();
}

std::string Requests::path_of_some_user() {
    return fmt::format("/v1/users/00000000-0000-7000-8000-{:012x}", random_.below(users_));
}

http::Request Requests::read() {
    return {"GET", path_of_some_user(), {{"Host", "atlas"}}, {}};
}

// For any version, since the requests of other connections change it meanwhile.
http::Request Requests::patch() {
    return {
        "PATCH",
        path_of_some_user(),
        {{"Host", "atlas"}, {"Content-Type", "application/merge-patch+json"}, {"If-Match", "*"}},
        fmt::format(R"({{"display_name":"Name {:x}"}})", random_.next())};
}

http::Request Requests::registration() {
    const std::string nobody_else = fmt::format("{:016x}", random_.next());
    return {
        "POST",
        "/v1/users",
        {{"Host", "atlas"}, {"Content-Type", "application/json"}, {"Idempotency-Key", nobody_else}},
        fmt::format(R"({{"email":"{}@load.example","display_name":"New",)"
                    R"("password":"correct horse battery staple"}})",
                    nobody_else)};
}

}  // namespace atlas::load
