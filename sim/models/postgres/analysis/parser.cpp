#include "sim/models/postgres/analysis/parser.hpp"

#include <pg_query.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "system/host/check.hpp"

namespace atlas::sim::models::postgres {
namespace {

using nlohmann::json;

class ParseResult {
  public:
    explicit ParseResult(const std::string& text) : result_(pg_query_parse(text.c_str())) {}
    ParseResult(const ParseResult&) = delete;
    ParseResult& operator=(const ParseResult&) = delete;
    ~ParseResult() { pg_query_free_parse_result(result_); }

    const PgQueryParseResult& operator*() const { return result_; }

  private:
    PgQueryParseResult result_;
};

// libpg_query does not hand on the grammar's SQLSTATE.
std::string sqlstate_of(std::string_view message) {
    if (message.starts_with("invalid byte sequence")) return "22021";
    if (message.contains("is not yet supported") || message.contains("not supported") ||
        message.contains("not implemented"))
        return "0A000";
    if (message.starts_with("zero-length delimited identifier")) return "42601";
    if (message.starts_with("invalid Unicode escape")) return "42601";
    if (message.contains("value out of range")) return "22003";
    return "42601";
}

// Nor its hints.
std::string hint_for(std::string_view message) {
    if (message == "subquery in FROM must have an alias")
        return "For example, FROM (SELECT ...) [AS] foo.";
    if (message == "VALUES in FROM must have an alias")
        return "For example, FROM (VALUES ...) [AS] foo.";
    return "";
}

// Where the comment ends that begins here; the same place if none does.
std::size_t end_of_comment(std::string_view text, std::size_t position) {
    if (text.substr(position).starts_with("--"))
        return std::min(text.find_first_of("\r\n", position), text.size());
    std::size_t depth = 0;
    do {
        const std::string_view rest = text.substr(position);
        if (rest.starts_with("/*")) {
            ++depth;
            position += 2;
        } else if (depth > 0) {
            const bool closes = rest.starts_with("*/");
            if (closes) --depth;
            position += closes ? 2 : 1;
        }
    } while (depth > 0 && position < text.size());
    return position;
}

// libpg_query 15-4.0.0 leaves negative integers out of its JSON ({"ival":{}}, as for zero). Such a
// constant was written as a minus and a number, and its location is that of the minus.
void restore_negative_integer(json& constant, std::string_view text) {
    const auto value = constant.find("ival");
    if (value == constant.end() || value->contains("ival")) return;
    auto position = static_cast<std::size_t>(constant.value("location", 0));
    if (position >= text.size() || text[position] != '-') return;
    int minuses = 0;
    while (position < text.size() && (text[position] < '0' || text[position] > '9')) {
        const std::size_t after = end_of_comment(text, position);
        if (after == position && text[position] == '-') ++minuses;
        position = std::max(after, position + 1);
    }
    std::int64_t number = 0;
    std::from_chars(text.data() + position, text.data() + text.size(), number);
    (*value)["ival"] = minuses % 2 == 1 ? -number : number;
}

// The same of an option: INCREMENT BY -1. Its location is that of its name.
void restore_negative_option(json& option, std::string_view text) {
    const auto value = option.find("arg");
    if (value == option.end() || !value->contains("Integer")) return;
    json constant{{"ival", std::move((*value)["Integer"])}, {"location", option["location"]}};
    auto position = static_cast<std::size_t>(option.value("location", 0));
    while (position < text.size() && text[position] != '-' &&
           (text[position] < '0' || text[position] > '9'))
        ++position;
    constant["location"] = position;
    restore_negative_integer(constant, text);
    (*value)["Integer"] = std::move(constant["ival"]);
}

void restore_negative_integers(json& node, std::string_view text) {
    if (node.is_object() && node.contains("DefElem")) {
        restore_negative_option(node["DefElem"], text);
    }
    if (node.is_object()) {
        const auto constant = node.find("A_Const");
        if (constant != node.end()) {
            restore_negative_integer(*constant, text);
            return;
        }
    }
    if (node.is_structured()) {
        for (json& child : node)
            restore_negative_integers(child, text);
    }
}

}  // namespace

bool leaves_failed_transaction(const RawStatement& statement) {
    const auto transaction = statement.node->find("TransactionStmt");
    if (transaction == statement.node->end()) return false;
    const std::string kind = transaction->value("kind", "");
    return kind == "TRANS_STMT_COMMIT" || kind == "TRANS_STMT_ROLLBACK" ||
           kind == "TRANS_STMT_ROLLBACK_TO" || kind == "TRANS_STMT_PREPARE";
}

bool needs_snapshot(const RawStatement& statement) {
    return std::ranges::any_of(std::array{"SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt"},
                               [&](const char* kind) { return statement.node->contains(kind); });
}

bool is_lock_table(const RawStatement& statement) {
    return statement.node->contains("LockStmt");
}

Checked<std::vector<RawStatement>> parse_statements(const std::string& text) {
    const ParseResult result(text);
    if ((*result).error != nullptr) {
        const PgQueryError& error = *(*result).error;
        auto failure = sql_error_at(error.cursorpos - 1, sqlstate_of(error.message), error.message);
        failure.error()->hint = hint_for(error.message);
        return failure;
    }
    json tree = json::parse((*result).parse_tree, nullptr, false);
    ATLAS_CHECK(!tree.is_discarded(), "libpg_query writes JSON");
    const bool may_have_negatives = text.find('-') != text.npos;
    std::vector<RawStatement> statements;
    for (json& statement : tree["stmts"]) {
        json node = std::move(statement["stmt"]);
        if (may_have_negatives) restore_negative_integers(node, text);
        statements.push_back({std::make_shared<const json>(std::move(node))});
    }
    return statements;
}

}  // namespace atlas::sim::models::postgres
