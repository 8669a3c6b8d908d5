#include "properties/sabotage/listing_by_offset.hpp"

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "system/api/cursor.hpp"
#include "system/host/check.hpp"

namespace atlas::properties {

namespace {

/// The statement that lists users: its name, and the part that says where a page begins.
constexpr std::string_view list_name = "users_list";
constexpr std::string_view by_id = "id > $1 AND ";
constexpr std::string_view offset = " OFFSET $1";

/// Rows that are passed over, in place of an id.
domain::Uuid as_id(std::uint64_t rows) {
    domain::Uuid id;
    for (std::size_t i = 0; i < 8; ++i)
        id.bytes[15 - i] = static_cast<std::uint8_t>(rows >> (8 * i));
    return id;
}

std::uint64_t rows_of(const domain::Uuid& id) {
    std::uint64_t rows = 0;
    for (std::size_t i = 8; i < 16; ++i)
        rows = rows << 8 | id.bytes[i];
    return rows;
}

class OffsetConnection final : public DecoratedConnection {
  public:
    OffsetConnection(std::unique_ptr<sql::Connection> inner, SabotageLedger& ledger)
        : DecoratedConnection(std::move(inner)), ledger_(ledger) {}

    host::Task<sql::Result<void>> prepare(host::Context context, std::string name,
                                          std::string text) override {
        if (name == list_name) {
            const std::size_t at = text.find(by_id);
            ATLAS_CHECK(at != std::string::npos, "the sabotage follows the statement");
            text.erase(at, by_id.size());
            text += offset;
        }
        return DecoratedConnection::prepare(context, std::move(name), std::move(text));
    }

    host::Task<sql::Result<sql::QueryResult>> execute_prepared(
        host::Context context, std::string name, sql::Parameters parameters) override {
        if (name == list_name) {
            const std::optional<domain::Uuid> after = domain::parse_uuid(parameters[0].value());
            ATLAS_CHECK(after.has_value(), "the sabotage follows the statement");
            parameters[0] = std::to_string(rows_of(*after));
            ledger_.acted += rows_of(*after) > 0;
        }
        return DecoratedConnection::execute_prepared(context, std::move(name),
                                                     std::move(parameters));
    }

  private:
    SabotageLedger& ledger_;
};

std::uint64_t rows_before(std::string_view target) {
    constexpr std::string_view parameter = "cursor=";
    const std::size_t at = target.find(parameter);
    if (at == std::string_view::npos) return 0;
    const std::string_view cursor = target.substr(at + parameter.size());
    const std::optional<domain::Uuid> id = api::parse_cursor(cursor.substr(0, cursor.find('&')));
    return id ? rows_of(*id) : 0;
}

host::Task<http::Response> page_by_offset(const http::Handler& inner, host::Context context,
                                          http::Request request) {
    const std::uint64_t before = rows_before(request.target);
    http::Response response = co_await inner(context, std::move(request));
    if (response.status != 200) co_return response;
    auto page = nlohmann::ordered_json::parse(response.body);
    if (page["next_cursor"].is_string()) {
        page["next_cursor"] = api::format_cursor(as_id(before + page["users"].size()));
        response.body = page.dump();
    }
    co_return response;
}

}  // namespace

DriverDecoration listing_by_offset(SabotageLedger& ledger) {
    return {.connection = [&ledger](std::unique_ptr<sql::Connection> inner) {
        return std::make_unique<OffsetConnection>(std::move(inner), ledger);
    }};
}

http::Handler cursors_by_offset(http::Handler inner) {
    return [inner = std::move(inner)](host::Context context, http::Request request) {
        const bool is_listing =
            request.method == "GET" &&
            (request.target == "/v1/users" || request.target.starts_with("/v1/users?"));
        return is_listing ? page_by_offset(inner, context, std::move(request))
                          : inner(context, std::move(request));
    };
}

}  // namespace atlas::properties
