#pragma once
// Random tables with rows in them, and statements for the sessions of a schedule that fit these
// tables. What PostgreSQL answers is determined: rows are ordered where a plan could order them,
// and a statement that changes or locks several rows finds them in the order of one table.

#include <string>
#include <vector>

namespace atlas::properties {

struct RandomColumn {
    std::string name;
    std::string type;
};

struct RandomTable {
    std::string name;
    /// The first is the one that others refer to, the last is a number. Without the identity.
    std::vector<RandomColumn> columns;
    bool has_identity = false;
    /// Columns by which an index of several columns may find several rows, in an order of its own.
    std::vector<std::string> leading;
    /// What is unique, as ON CONFLICT names it: "(a, b)", "(b) WHERE c > 2".
    std::vector<std::string> arbiters;
};

/// The first table, and in most cases a second one that refers to it.
struct RandomTables {
    /// Statements, to be run in order. One that breaks a constraint of those before it fails, on
    /// every server alike.
    std::vector<std::string> definitions;
    std::vector<RandomTable> tables;
};

/// Both draw from RapidCheck; only within a generator or a property.
RandomTables random_tables();
std::string random_statement(const RandomTables& tables);

}  // namespace atlas::properties
