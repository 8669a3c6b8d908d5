// FOREIGN KEY constraints as they are written. What the names in them mean, and whether the tables
// fit, is for the executor to say: the table referred to may change until it is locked.

#include "sim/models/postgres/analysis/refusal.hpp"
#include "sim/models/postgres/analysis/statement_analyser.hpp"

namespace atlas::sim::models::postgres {
namespace {

// As the grammar writes them: the letters of pg_constraint.
ReferentialAction action_of(const Node& body, std::string_view member) {
    const std::string letter = text(body, member);
    if (letter == "r") return ReferentialAction::restrict;
    if (letter == "c") return ReferentialAction::cascade;
    if (letter == "n") return ReferentialAction::set_null;
    if (letter == "d") return ReferentialAction::set_default;
    return ReferentialAction::no_action;
}

}  // namespace

Checked<ForeignKeyRequest> StatementAnalyser::foreign_key(const Node& body,
                                                          std::string_view column) {
    if (text(body, "fk_matchtype") != "s")
        return not_covered("MATCH FULL and MATCH PARTIAL", location(body));
    if (flag(body, "deferrable") || flag(body, "initdeferred"))
        return not_covered("deferrable constraints", location(body));
    if (flag(body, "skip_validation")) return not_covered("NOT VALID", location(body));
    SQL_CHECK(only_members(body,
                           {"contype", "conname", "pktable", "fk_attrs", "pk_attrs", "fk_matchtype",
                            "fk_upd_action", "fk_del_action", "fk_del_set_cols", "initially_valid"},
                           "a FOREIGN KEY constraint"));
    const Node& referenced = *find(body, "pktable");
    SQL_CHECK(check_relation_name(referenced, true));
    ForeignKeyRequest request{.name = text(body, "conname"),
                              .columns = strings(list(body, "fk_attrs")),
                              .table = text(referenced, "relname"),
                              .referenced = strings(list(body, "pk_attrs")),
                              .on_delete = action_of(body, "fk_del_action"),
                              .on_update = action_of(body, "fk_upd_action"),
                              .set_on_delete = strings(list(body, "fk_del_set_cols"))};
    if (request.columns.empty()) request.columns.emplace_back(column);
    return request;
}

}  // namespace atlas::sim::models::postgres
