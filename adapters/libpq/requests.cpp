#include "adapters/libpq/requests.hpp"

#include <vector>

namespace atlas::adapters::libpq {

int send_prepare(PGconn* connection, const std::string& name, const std::string& text) {
    return PQsendPrepare(connection, name.c_str(), text.c_str(), 0, nullptr);
}

int send_execute(PGconn* connection, const std::string& name, const sql::Parameters& parameters) {
    std::vector<const char*> values;
    values.reserve(parameters.size());
    for (const sql::Value& value : parameters) {
        values.push_back(value ? value->c_str() : nullptr);
    }
    return PQsendQueryPrepared(connection, name.c_str(), static_cast<int>(values.size()),
                               values.data(), nullptr, nullptr, 0);
}

int send_step(PGconn* connection, const sql::Step& step) {
    if (const auto* query = std::get_if<sql::QueryStep>(&step)) {
        return PQsendQueryParams(connection, query->text.c_str(), 0, nullptr, nullptr, nullptr,
                                 nullptr, 0);
    }
    if (const auto* prepare = std::get_if<sql::PrepareStep>(&step)) {
        return send_prepare(connection, prepare->name, prepare->text);
    }
    const auto& execute = std::get<sql::ExecuteStep>(step);
    return send_execute(connection, execute.name, execute.parameters);
}

}  // namespace atlas::adapters::libpq
