// Relations of pg_catalog about what the model never has: without rows.

#include "sim/models/postgres/system_catalog/system_table.hpp"

namespace atlas::sim::models::postgres {

using enum TypeId;

SystemTable pg_inherits() {
    return {define_system_table(2611, "pg_inherits",
                                {{"inhrelid", oid},
                                 {"inhparent", oid},
                                 {"inhseqno", int4},
                                 {"inhdetachpending", boolean}}),
            no_rows};
}

SystemTable pg_policy() {
    return {define_system_table(3256, "pg_policy",
                                {{"oid", oid},
                                 {"polname", name},
                                 {"polrelid", oid},
                                 {"polcmd", single_char},
                                 {"polpermissive", boolean},
                                 {"polroles", oid_array},
                                 {"polqual", node_tree},
                                 {"polwithcheck", node_tree}}),
            no_rows};
}

SystemTable pg_publication() {
    return {define_system_table(6104, "pg_publication",
                                {{"oid", oid},
                                 {"pubname", name},
                                 {"pubowner", oid},
                                 {"puballtables", boolean},
                                 {"pubinsert", boolean},
                                 {"pubupdate", boolean},
                                 {"pubdelete", boolean},
                                 {"pubtruncate", boolean},
                                 {"pubviaroot", boolean}}),
            no_rows};
}

SystemTable pg_publication_namespace() {
    return {define_system_table(6237, "pg_publication_namespace",
                                {{"oid", oid}, {"pnpubid", oid}, {"pnnspid", oid}}),
            no_rows};
}

SystemTable pg_publication_rel() {
    return {define_system_table(6106, "pg_publication_rel",
                                {{"oid", oid},
                                 {"prpubid", oid},
                                 {"prrelid", oid},
                                 {"prqual", node_tree},
                                 {"prattrs", int2vector}}),
            no_rows};
}

SystemTable pg_statistic_ext() {
    return {define_system_table(3381, "pg_statistic_ext",
                                {{"oid", oid},
                                 {"stxrelid", oid},
                                 {"stxname", name},
                                 {"stxnamespace", oid},
                                 {"stxowner", oid},
                                 {"stxstattarget", int4},
                                 {"stxkeys", int2vector},
                                 {"stxkind", char_array},
                                 {"stxexprs", node_tree}}),
            no_rows};
}

// Those that PostgreSQL makes for foreign keys are internal, and not shown.
SystemTable pg_trigger() {
    return {define_system_table(2620, "pg_trigger",
                                {{"oid", oid},
                                 {"tgrelid", oid},
                                 {"tgparentid", oid},
                                 {"tgname", name},
                                 {"tgfoid", oid},
                                 {"tgtype", int2},
                                 {"tgenabled", single_char},
                                 {"tgisinternal", boolean},
                                 {"tgconstrrelid", oid},
                                 {"tgconstrindid", oid},
                                 {"tgconstraint", oid},
                                 {"tgdeferrable", boolean},
                                 {"tginitdeferred", boolean},
                                 {"tgnargs", int2},
                                 {"tgattr", int2vector},
                                 {"tgargs", bytea},
                                 {"tgqual", node_tree},
                                 {"tgoldtable", name},
                                 {"tgnewtable", name}}),
            no_rows};
}

}  // namespace atlas::sim::models::postgres
