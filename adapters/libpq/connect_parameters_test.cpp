#include "adapters/libpq/connect_parameters.hpp"

#include <gtest/gtest.h>

namespace atlas::adapters::libpq {
namespace {

TEST(BackendOptions, EscapeWhatSeparatesSwitches) {
    EXPECT_EQ(backend_options({}), "");
    EXPECT_EQ(backend_options({{"statement_timeout", "5000"}, {"search_path", "a, b\\c"}}),
              "-c statement_timeout=5000 -c search_path=a,\\ b\\\\c");
}

TEST(ConnectFailure, OfTheServerHasItsSqlstate) {
    const sql::Error error = parse_connect_failure(
        "connection to server at \"127.0.0.1\", port 5432 failed: FATAL:  28000: role \"x:  y\" "
        "does not exist\nLOCATION:  InitializeSessionUserId, miscinit.c:735\n");
    EXPECT_EQ(error.kind, sql::ErrorKind::server);
    EXPECT_EQ(error.sqlstate, "28000");
    EXPECT_EQ(error.message, "role \"x:  y\" does not exist");
    EXPECT_TRUE(error.fatal);
}

TEST(ConnectFailure, BeforeTheServerSpokeHasNone) {
    const sql::Error error = parse_connect_failure(
        "connection to server at \"127.0.0.1\", port 1 failed: Connection refused\n\tIs the server "
        "running on that host and accepting TCP/IP connections?\n");
    EXPECT_EQ(error.kind, sql::ErrorKind::cannot_connect);
    EXPECT_EQ(error.sqlstate, "");
    EXPECT_TRUE(error.message.ends_with("connections?"));
}

TEST(ConnectFailure, CutShortIsNoServerError) {
    EXPECT_EQ(parse_connect_failure("FATAL:  280").kind, sql::ErrorKind::cannot_connect);
    EXPECT_EQ(parse_connect_failure("FATAL:  28000").kind, sql::ErrorKind::cannot_connect);
    EXPECT_EQ(parse_connect_failure("FATAL:  28000: ").message, "");
    EXPECT_EQ(parse_connect_failure("").kind, sql::ErrorKind::cannot_connect);
}

}  // namespace
}  // namespace atlas::adapters::libpq
