#include "system/store/errors.hpp"

#include <gtest/gtest.h>

namespace atlas::store {
namespace {

host::ErrorCode code_of(sql::Error error) {
    return to_host_error({std::move(error), host::Certainty::definite}).code;
}

host::ErrorCode code_of(std::string sqlstate) {
    return code_of(sql::Error{.kind = sql::ErrorKind::server, .sqlstate = std::move(sqlstate)});
}

TEST(StoreErrors, AStatementThatPostgresqlRefusesIsNoPassingTrouble) {
    for (const char* sqlstate : {"42P01", "42703", "22P02", "22021", "23505", "23502", "25P02",
                                 "42501", "0A000", "XX000", ""}) {
        EXPECT_EQ(code_of(sqlstate), host::ErrorCode::invalid_argument) << sqlstate;
    }
}

TEST(StoreErrors, WhatPassesIsUnavailable) {
    for (const char* sqlstate :
         {"08006", "40001", "40P01", "53300", "55000", "57P01", "57P03", "58030", "25P03"}) {
        EXPECT_EQ(code_of(sqlstate), host::ErrorCode::unavailable) << sqlstate;
    }
    // Not from the server, or before there was a session: whatever it says, no statement was run.
    for (const sql::ErrorKind kind : {sql::ErrorKind::turned_away, sql::ErrorKind::cannot_connect,
                                      sql::ErrorKind::connection_lost, sql::ErrorKind::protocol}) {
        EXPECT_EQ(code_of({.kind = kind, .sqlstate = "28P01"}), host::ErrorCode::unavailable);
    }
}

TEST(StoreErrors, WhatTookTooLongSaysSo) {
    EXPECT_EQ(code_of("57014"), host::ErrorCode::deadline_exceeded);
    EXPECT_EQ(code_of("55P03"), host::ErrorCode::deadline_exceeded);
    EXPECT_EQ(code_of({.kind = sql::ErrorKind::deadline_exceeded}),
              host::ErrorCode::deadline_exceeded);
}

TEST(StoreErrors, TheServersWordsAndTheCertaintyStay) {
    const host::Error error =
        to_host_error({{.kind = sql::ErrorKind::server, .sqlstate = "42P01", .message = "no table"},
                       host::Certainty::indefinite});
    EXPECT_EQ(error.detail, "no table (SQLSTATE 42P01)");
    EXPECT_EQ(error.certainty, host::Certainty::indefinite);
}

}  // namespace
}  // namespace atlas::store
