#pragma once
// Why a name is refused: PostgreSQL has it and the model lacks it (0A000), or PostgreSQL refuses it
// too (its own error). names/lists.hpp has PostgreSQL's names.
//
// The first thing in a statement that is refused speaks: PostgreSQL would say 42883 of
// nope(sqrt(4)), and the model says 0A000 of sqrt(4), because it cannot know the type of that. So
// it is with names inside a construct that is not covered at all, such as a subquery.

#include <string>
#include <string_view>

#include "sim/models/postgres/analysis/node.hpp"
#include "sim/models/postgres/failure.hpp"
#include "sim/models/postgres/types/type.hpp"

namespace atlas::sim::models::postgres {

/// Errors: 3F000.
Checked<> check_schema(std::string_view schema);

/// A CollateClause over an argument or a column of that type. 42804, 3F000, 42704 or 0A000.
/// COLLATE "default", which changes nothing, over what can have a collation.
bool is_default_collation(const Node& clause, TypeId type);
std::unexpected<Failure> refused_collation(const Node& clause, TypeId type);

/// Of CREATE TABLE and CREATE INDEX, for what is given of these: USING and TABLESPACE.
/// Errors: 42704; 0A000 where it is known and the model lacks it.
Checked<> check_access_method(const Node& body, std::string_view own);
Checked<> check_tablespace(const Node& body, std::string_view member);

/// COLLATE and the operator class of an index key. Errors: 42704, 42804, 3F000, 0A000.
Checked<> check_index_key(const Node& element, TypeId type);

/// What is in the server's own schemas, and what is found there without naming one. `utility`
/// statements say 3F000 of a schema that is not there, queries 42P01.
/// Errors: 0A000, 42809, 42P01, 3F000.
Checked<> check_relation_name(const Node& range_variable, bool utility);

/// Of DROP: `names` are what the statement has, schema first. Errors: 0A000, 42P01, 42704, 3F000.
Checked<> check_dropped_name(const std::vector<std::string>& names, bool index, bool if_exists);

std::unexpected<Failure> with_hint(std::unexpected<Failure> error, std::string_view hint);

/// 42804: a polymorphic function or operator over nothing but unknown literals.
std::unexpected<Failure> undetermined_type();

}  // namespace atlas::sim::models::postgres
