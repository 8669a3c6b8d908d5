// The messages of the simple and the extended protocol.

#include "sim/models/postgres/session/backend_session.hpp"
#include "sim/models/postgres/types/text_format.hpp"

namespace atlas::sim::models::postgres {

using host::Task;

namespace {

std::unexpected<Failure> aborted_transaction() {
    return sql_error("25P02",
                     "current transaction is aborted, commands ignored until end of transaction "
                     "block");
}

std::unexpected<Failure> no_such_portal(std::string_view portal) {
    SQL_CHECK(check_utf8(portal));
    return sql_error("34000", fmt::format("portal \"{}\" does not exist", portal));
}

// PostgreSQL does not show the value, unless it is told to, only whether there is one.
std::unexpected<Failure> in_parameter(Failure failure, std::string_view portal, std::size_t number,
                                      std::string_view value) {
    std::string place = portal.empty() ? "unnamed portal" : fmt::format("portal \"{}\"", portal);
    place += fmt::format(" parameter ${}{}", number, value);
    std::string& context = failure->context;
    context += (context.empty() ? "" : "\n") + place;
    return std::unexpected(std::move(failure));
}

// The tag of a portal run in parts counts the rows of its last part.
std::string with_count(const std::string& tag, std::size_t count) {
    const std::size_t last = tag.find_last_not_of("0123456789");
    return last + 1 == tag.size() ? tag : fmt::format("{}{}", tag.substr(0, last + 1), count);
}

}  // namespace

template <typename T>
Outcome<T> BackendSession::outcome(Checked<T> result) {
    if (result) {
        if constexpr (std::is_void_v<T>) {
            return {};
        } else {
            return *std::move(result);
        }
    }
    ServerMessage error = std::move(result).error().release();
    if (error.severity == "ERROR") {
        fail_transaction();
    } else {
        // Terminated in mid-statement: there is a reason already.
        if (termination_) error = *termination_;
        roll_back_transaction();
    }
    return std::unexpected(std::move(error));
}

Task<Outcome<void>> BackendSession::simple_query(std::string text,
                                                 std::function<void(StatementResult)> on_result) {
    begin_work();
    // The unnamed statement does not outlive a Query message.
    close_statement("");
    Checked<> result = co_await run_simple_query(std::move(text), std::move(on_result));
    Outcome<void> answer = outcome(std::move(result));
    several_statements_ = false;
    end_work();
    co_return answer;
}

Task<Checked<>> BackendSession::run_simple_query(std::string text,
                                                 std::function<void(StatementResult)> on_result) {
    SQL_CO_TRY(const std::shared_ptr<ParsedText> parsed, engine_.statements().parse(text));
    if (parsed->size() == 0) on_result(StatementResult{});
    several_statements_ = parsed->size() > 1;
    for (std::size_t i = 0; i < parsed->size(); ++i) {
        SQL_CO_TRY(StatementResult result, co_await run_statement(parsed, i, {}, {}, nullptr));
        const bool is_last = i + 1 == parsed->size();
        if (is_last && block_ == Block::implicit) {
            SQL_CO_TRY(Notices notices, co_await commit_transaction());
            add_notices(result, std::move(notices));
        }
        on_result(std::move(result));
    }
    co_return Checked<>{};
}

Task<Outcome<void>> BackendSession::parse(std::string statement, std::string text,
                                          std::vector<std::uint32_t> parameter_types) {
    begin_work();
    Checked<> result =
        co_await run_parse(std::move(statement), std::move(text), std::move(parameter_types));
    co_return outcome(std::move(result));
}

Task<Checked<>> BackendSession::run_parse(std::string statement, std::string text,
                                          std::vector<std::uint32_t> parameter_types) {
    SQL_CO_CHECK(check_utf8(statement));
    SQL_CO_TRY(const std::shared_ptr<ParsedText> parsed, engine_.statements().parse(text));
    if (parsed->size() > 1) {
        co_return sql_error("42601", "cannot insert multiple commands into a prepared statement");
    }
    ParameterDeclaration declared{.types = {}, .allowed = true};
    for (const std::uint32_t oid : parameter_types) {
        const auto type = oid == 0 ? TypeId::none : type_of_oid(oid);
        if (!type) co_return not_covered(fmt::format("parameters of the type with OID {}", oid));
        declared.types.push_back(*type == TypeId::unknown ? TypeId::none : *type);
    }
    auto prepared = std::make_shared<Prepared>(Prepared{.text = parsed});
    if (parsed->size() == 1) {
        if (block_ == Block::failed && !parsed->leaves_failed_transaction(0)) {
            co_return aborted_transaction();
        }
        if (block_ == Block::none) begin_transaction();
        start_statement_timer();
        SQL_CO_TRY(const StatementPtr analysed,
                   co_await analyse_and_lock(parsed, 0, declared, Purpose::prepare));
        prepared->parameter_types = analysed->parameter_types;
        prepared->parameters = {analysed->parameter_types, true};
        prepared->columns = analysed->columns;
    }
    if (!statement.empty() && prepared_.contains(statement)) {
        co_return sql_error("42P05",
                            fmt::format("prepared statement \"{}\" already exists", statement));
    }
    prepared_.insert_or_assign(std::move(statement), std::move(prepared));
    co_return Checked<>{};
}

Checked<BackendSession::PreparedPtr> BackendSession::find_prepared(std::string_view name) const {
    const auto found = prepared_.find(name);
    if (found != prepared_.end()) return found->second;
    SQL_CHECK(check_utf8(name));
    if (name.empty()) return sql_error("26000", "unnamed prepared statement does not exist");
    return sql_error("26000", fmt::format("prepared statement \"{}\" does not exist", name));
}

Outcome<void> BackendSession::bind(std::string portal, std::string statement, TextRow parameters) {
    begin_work();
    return outcome(run_bind(std::move(portal), statement, std::move(parameters)));
}

Checked<> BackendSession::run_bind(std::string portal, const std::string& statement,
                                   TextRow parameters) {
    SQL_CHECK(check_utf8(portal));
    SQL_TRY(PreparedPtr prepared, find_prepared(statement));
    if (parameters.size() != prepared->parameter_types.size()) {
        return sql_error(
            "08P01", fmt::format("bind message supplies {} parameters, but prepared "
                                 "statement \"{}\" requires {}",
                                 parameters.size(), statement, prepared->parameter_types.size()));
    }
    const bool leaves = prepared->is_empty() || prepared->text->leaves_failed_transaction(0);
    if (block_ == Block::failed && !leaves) {
        return aborted_transaction();
    }
    if (!portal.empty() && portals_.contains(portal))
        return sql_error("42P03", fmt::format("cursor \"{}\" already exists", portal));
    if (block_ == Block::none && !prepared->is_empty()) begin_transaction();
    SQL_TRY(std::vector<Value> values, bind_values(portal, *prepared, parameters));
    portals_.insert_or_assign(std::move(portal), Portal{.statement = std::move(prepared),
                                                        .parameters = std::move(values)});
    return {};
}

Checked<std::vector<Value>> BackendSession::bind_values(std::string_view portal,
                                                        const Prepared& statement,
                                                        const TextRow& parameters) {
    std::vector<Value> values;
    values.reserve(parameters.size());
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        if (!parameters[i]) {
            values.emplace_back(Null{});
            continue;
        }
        Checked<> readable = check_utf8(*parameters[i]);
        if (!readable) return in_parameter(std::move(readable).error(), portal, i + 1, "");
        Checked<Value> value = parse_value({statement.parameter_types[i]}, *parameters[i]);
        if (!value) {
            return in_parameter(std::move(value).error(), portal, i + 1,
                                parameters[i]->empty() ? " = ''" : " = '...'");
        }
        values.push_back(*std::move(value));
    }
    return values;
}

Outcome<StatementDescription> BackendSession::describe_statement(std::string_view statement) {
    Checked<PreparedPtr> prepared = find_prepared(statement);
    if (!prepared)
        return outcome<StatementDescription>(std::unexpected(std::move(prepared).error()));
    if (block_ == Block::failed && (*prepared)->columns)
        return outcome<StatementDescription>(aborted_transaction());
    StatementDescription description;
    for (const TypeId type : (*prepared)->parameter_types)
        description.parameter_types.push_back(static_cast<std::uint32_t>(type));
    description.columns = (*prepared)->columns;
    return description;
}

Outcome<StatementDescription> BackendSession::describe_portal(std::string_view portal) {
    const auto found = portals_.find(portal);
    if (found == portals_.end()) return outcome<StatementDescription>(no_such_portal(portal));
    return StatementDescription{.parameter_types = {}, .columns = found->second.statement->columns};
}

Task<Outcome<Session::Execution>> BackendSession::execute(std::string portal,
                                                          std::uint32_t row_limit) {
    begin_work();
    Checked<Execution> result = co_await run_execute(std::move(portal), row_limit);
    co_return outcome(std::move(result));
}

Task<Checked<Session::Execution>> BackendSession::run_execute(std::string portal,
                                                              std::uint32_t row_limit) {
    auto found = portals_.find(portal);
    if (found == portals_.end()) co_return no_such_portal(portal);
    const PreparedPtr statement = found->second.statement;
    if (statement->is_empty()) co_return Execution{};
    const bool first_run = !found->second.result.has_value();
    StatementResult result;
    if (first_run) {
        std::vector<Value> parameters = std::move(found->second.parameters);
        SQL_CO_TRY(result, co_await run_statement(statement->text, 0, statement->parameters,
                                                  std::move(parameters), statement.get()));
        found = portals_.find(portal);
        // COMMIT and ROLLBACK end all portals, their own too.
        if (found == portals_.end()) co_return Execution{.result = std::move(result)};
        // As many rows as were asked for leave it open whether there are more.
        if (row_limit == 0 || result.rows.size() < row_limit) {
            found->second.result.emplace().command_tag = result.command_tag;
            co_return Execution{.result = std::move(result)};
        }
        found->second.result = std::move(result);
    }
    Portal& open_portal = found->second;
    StatementResult& all = *open_portal.result;
    Execution execution;
    execution.result.columns = all.columns;
    if (first_run) execution.result.notices = std::move(all.notices);
    const std::size_t left = all.rows.size() - open_portal.fetched;
    const std::size_t count = row_limit == 0 ? left : std::min<std::size_t>(left, row_limit);
    for (std::size_t i = 0; i < count; ++i)
        execution.result.rows.push_back(std::move(all.rows[open_portal.fetched + i]));
    open_portal.fetched += count;
    execution.suspended = row_limit > 0 && count == row_limit;
    if (!execution.suspended) {
        execution.result.command_tag = with_count(all.command_tag, count);
    }
    co_return execution;
}

void BackendSession::close_statement(std::string_view statement) {
    const auto found = prepared_.find(statement);
    if (found != prepared_.end()) prepared_.erase(found);
}

void BackendSession::close_portal(std::string_view portal) {
    const auto found = portals_.find(portal);
    if (found != portals_.end()) portals_.erase(found);
}

Task<Outcome<std::vector<ServerMessage>>> BackendSession::sync(bool failed) {
    forget_late_cancel();
    if (failed) fail_transaction();
    Checked<Notices> ended;
    if (block_ == Block::implicit) ended = co_await commit_transaction();
    Outcome<Notices> answer = outcome(std::move(ended));
    end_work();
    co_return answer;
}

void BackendSession::fail() {
    begin_work();
    fail_transaction();
    end_work();
}

}  // namespace atlas::sim::models::postgres
