// Configuration: what is accepted, what is refused and how it is said.

#include "adapters/configuration/configuration.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <rapidcheck.h>

#include "system/sql/pool_options.hpp"

namespace atlas::adapters {
namespace {

using testing::HasSubstr;
using testing::Not;

std::optional<std::string> no_files(const std::string&) {
    return std::nullopt;
}

/// With an idempotency secret of its own, where the settings have none.
std::vector<Problem> problems_of(Settings environment, const Settings& flags = {},
                                 const ReadFile& files = no_files) {
    environment.try_emplace("ATLAS_IDEMPOTENCY_SECRET", "8Jx-4qT-9fL-2mW-7cB");
    const auto loaded = load_configuration(environment, flags, files);
    return loaded ? std::vector<Problem>{} : loaded.error();
}

TEST(Configuration, NothingSetIsLoopbackAndTheDefaultsThatAreShown) {
    const auto loaded = load_configuration({}, {}, no_files);
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->http_address, (host::Endpoint{"127.0.0.1", 8080}));
    // The defaults that --help shows are those of the structure.
    Settings shown;
    for (const Variable& variable : variables()) {
        if (variable.name != "ATLAS_LOG_FORMAT") {
            shown.emplace(variable.name, variable.default_value);
        }
    }
    const auto same = load_configuration(shown, {}, no_files);
    ASSERT_TRUE(same);
    EXPECT_EQ(same->http_address, loaded->http_address);
    EXPECT_EQ(same->listen_shared, loaded->listen_shared);
    EXPECT_EQ(same->database, loaded->database);
    EXPECT_EQ(same->database_pool_size, loaded->database_pool_size);
    EXPECT_EQ(same->environment, loaded->environment);
    EXPECT_EQ(same->log_level, loaded->log_level);
    EXPECT_EQ(same->retry.max_attempts, loaded->retry.max_attempts);
    EXPECT_EQ(same->retry.base, loaded->retry.base);
    EXPECT_EQ(same->retry.cap, loaded->retry.cap);
    EXPECT_EQ(same->retry_budget.tokens, loaded->retry_budget.tokens);
    EXPECT_EQ(same->breaker.failures_per_thousand, loaded->breaker.failures_per_thousand);
    EXPECT_EQ(same->breaker.minimum_calls, loaded->breaker.minimum_calls);
    EXPECT_EQ(same->breaker.open_time, loaded->breaker.open_time);
    EXPECT_EQ(same->breaker.slow_call, loaded->breaker.slow_call);
    EXPECT_EQ(same->breaker.slow_per_thousand, loaded->breaker.slow_per_thousand);
    EXPECT_EQ(same->database_queue, loaded->database_queue);
    EXPECT_EQ(same->database_queue_delay.target, loaded->database_queue_delay.target);
    EXPECT_EQ(same->database_queue_delay.interval, loaded->database_queue_delay.interval);
    // And those of what they configure.
    EXPECT_EQ(loaded->database_queue, sql::PoolOptions{}.waiting);
    EXPECT_EQ(loaded->database_pool_size, sql::PoolOptions{}.size);
    EXPECT_EQ(same->threads, loaded->threads);
    EXPECT_EQ(same->password_cost, loaded->password_cost);
    EXPECT_EQ(same->idempotency_secret, loaded->idempotency_secret);
    EXPECT_EQ(same->idempotency_previous_secret, loaded->idempotency_previous_secret);
    EXPECT_EQ(same->unready_time, loaded->unready_time);
}

TEST(Configuration, APortIsSharedOnRequestAlone) {
    const auto alone = load_configuration({}, {}, no_files);
    ASSERT_TRUE(alone);
    EXPECT_FALSE(alone->listen_shared);
    const auto shared = load_configuration({{"ATLAS_LISTEN_SHARED", "true"}}, {}, no_files);
    ASSERT_TRUE(shared);
    EXPECT_TRUE(shared->listen_shared);
}

TEST(Configuration, TheTimeOfServingOnUnreadyMayBeNone) {
    const auto loaded = load_configuration({{"ATLAS_UNREADY_MS", "2500"}}, {}, no_files);
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->unready_time, std::chrono::milliseconds{2500});
    EXPECT_TRUE(problems_of({{"ATLAS_UNREADY_MS", "0"}}).empty());
    EXPECT_EQ(problems_of({{"ATLAS_UNREADY_MS", "60001"}}).size(), 1u);
    EXPECT_EQ(problems_of({{"ATLAS_UNREADY_MS", "-1"}}).size(), 1u);
}

TEST(Configuration, EveryProblemIsReportedAtOnceWithNameReasonAndRemedy) {
    const auto problems = problems_of({{"ATLAS_THREADS", "many"},
                                       {"ATLAS_LOG_LEVEL", "loud"},
                                       {"ATLAS_HTTP_ADRESS", "127.0.0.1:80"},
                                       {"ATLAS_RETRY_BASE_MS", "0"}});
    ASSERT_EQ(problems.size(), 4u);
    EXPECT_EQ(describe(problems[0]),
              "ATLAS_HTTP_ADRESS: is not a variable of this version; expects another name; did you "
              "mean ATLAS_HTTP_ADDRESS?");
    EXPECT_EQ(describe(problems[1]),
              "ATLAS_LOG_LEVEL: \"loud\" is none of its values; expects debug, info, warning or "
              "error");
    EXPECT_EQ(describe(problems[2]),
              "ATLAS_RETRY_BASE_MS: \"0\" is out of range; expects 1 to 60000 milliseconds");
    EXPECT_EQ(describe(problems[3]),
              "ATLAS_THREADS: \"many\" is not a whole number; expects 1 to 64 threads for password "
              "hashes");
}

TEST(Configuration, WrongValuesOfEveryKindAreRefused) {
    const std::vector<std::pair<std::string, std::vector<std::string>>> wrong = {
        {"ATLAS_HTTP_ADDRESS",
         {"", "8080", "localhost:80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "::1:80",
          "127.0.0.1:80x"}},
        {"ATLAS_DATABASE_POOL_SIZE", {"", "0", "-1", "1001", "8.5", " 8", "99999999999999999999"}},
        {"ATLAS_BREAKER_FAILURE_THRESHOLD", {"", "0", "1001", "50%"}},
        {"ATLAS_BREAKER_RECOVERY_SECONDS", {"", "0", "601", "2s"}},
        {"ATLAS_DATABASE_QUEUE", {"", "-1", "100001"}},
        {"ATLAS_RETRY_BUDGET_TOKENS", {"0", "1001"}},
        {"ATLAS_ENVIRONMENT", {"", "Production", "prod"}},
        {"ATLAS_LISTEN_SHARED", {"", "yes", "1", "TRUE"}},
        {"ATLAS_LOG_FORMAT", {"", "xml"}},
        {"ATLAS_DATABASE_URL", {"", "mysql://a@b/c"}},
    };
    for (const auto& [name, values] : wrong) {
        for (const std::string& value : values) {
            const auto problems = problems_of({{name, value}});
            ASSERT_EQ(problems.size(), 1u) << name << "=" << value;
            EXPECT_EQ(problems[0].name, name);
        }
    }
}

TEST(Configuration, FlagsWinOverTheEnvironment) {
    const auto loaded = load_configuration({{"ATLAS_THREADS", "2"}, {"ATLAS_LOG_FORMAT", "json"}},
                                           {{"ATLAS_THREADS", "3"}}, no_files);
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->threads, 3u);
    EXPECT_EQ(loaded->log_format, LogFormat::json);
    EXPECT_EQ(flag_of("ATLAS_RETRY_MAX_ATTEMPTS"), "--retry-max-attempts");
}

TEST(Configuration, SecretsMayComeFromAFile) {
    const ReadFile files = [](const std::string& path) -> std::optional<std::string> {
        if (path == "/secret") return "postgresql://a:b@c:1/d\n";
        return std::nullopt;
    };
    const auto loaded = load_configuration({{"ATLAS_DATABASE_URL_FILE", "/secret"}}, {}, files);
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->database.password, "b");
    EXPECT_EQ(problems_of({{"ATLAS_DATABASE_URL_FILE", "/absent"}}, {}, files).size(), 1u);
    EXPECT_EQ(problems_of({{"ATLAS_DATABASE_URL_FILE", "/secret"},
                           {"ATLAS_DATABASE_URL", "postgresql://a:b@c:1/d"}},
                          {}, files)
                  .size(),
              1u);
    EXPECT_EQ(problems_of({{"ATLAS_THREADS_FILE", "/secret"}}, {}, files).size(), 1u);
}

TEST(Configuration, ProblemsNeverShowASecret) {
    for (const char* url : {"postgresql://user:hunter2@host:bad/db", "hunter2",
                            "postgresql://user:hunter2@/db", "postgresql://user:hunter2@h/db?x"}) {
        for (const Problem& problem : problems_of({{"ATLAS_DATABASE_URL", url}}))
            EXPECT_THAT(describe(problem), Not(HasSubstr("hunter2")));
    }
}

TEST(Configuration, ProblemsBetweenVariablesAreReportedWithTheOthers) {
    const auto names_of = [](const Settings& environment) {
        std::vector<std::string> names;
        for (const Problem& problem : problems_of(environment))
            names.push_back(problem.name);
        return names;
    };
    using Names = std::vector<std::string>;
    EXPECT_EQ(names_of({{"ATLAS_THREADS", "many"},
                        {"ATLAS_RETRY_BASE_MS", "2000"},
                        {"ATLAS_ENVIRONMENT", "production"}}),
              (Names{"ATLAS_DATABASE_URL", "ATLAS_RETRY_BASE_MS", "ATLAS_THREADS"}));
    EXPECT_EQ(names_of({{"ATLAS_DATABASE_QUEUE_TARGET_MS", "2000"}}),
              Names{"ATLAS_DATABASE_QUEUE_TARGET_MS"});
    EXPECT_EQ(names_of({{"ATLAS_DATABASE_QUEUE_INTERVAL_MS", "50"}}),
              Names{"ATLAS_DATABASE_QUEUE_INTERVAL_MS"});
    // A value that could not be read is compared with nothing.
    EXPECT_EQ(names_of({{"ATLAS_RETRY_BASE_MS", "2000"}, {"ATLAS_RETRY_MAX_MS", "x"}}),
              Names{"ATLAS_RETRY_MAX_MS"});
    EXPECT_EQ(names_of({{"ATLAS_ENVIRONMENT", "production"}, {"ATLAS_DATABASE_URL", "x"}}),
              Names{"ATLAS_DATABASE_URL"});
    EXPECT_EQ(
        names_of({{"ATLAS_ENVIRONMENT", "production"}, {"ATLAS_DATABASE_URL_FILE", "/absent"}}),
        Names{"ATLAS_DATABASE_URL_FILE"});
}

TEST(Configuration, AProblemBetweenTwoVariablesNamesTheOneThatWasSet) {
    const auto said = [](const Settings& environment) {
        const auto problems = problems_of(environment);
        EXPECT_EQ(problems.size(), 1u);
        return problems.empty() ? "" : describe(problems.front());
    };
    EXPECT_EQ(
        said({{"ATLAS_RETRY_BASE_MS", "2000"}}),
        "ATLAS_RETRY_BASE_MS: \"2000\" is above ATLAS_RETRY_MAX_MS, which is 1000 by default; "
        "expects at most 1000 milliseconds");
    EXPECT_EQ(said({{"ATLAS_RETRY_MAX_MS", "20"}}),
              "ATLAS_RETRY_MAX_MS: \"20\" is below ATLAS_RETRY_BASE_MS, which is 25 by default; "
              "expects 25 milliseconds or more");
    EXPECT_EQ(said({{"ATLAS_RETRY_BASE_MS", "30"}, {"ATLAS_RETRY_MAX_MS", "20"}}),
              "ATLAS_RETRY_BASE_MS: \"30\" is above ATLAS_RETRY_MAX_MS, which is 20; expects at "
              "most 20 milliseconds");
}

TEST(Configuration, ASecretMayHaveHadOneBeforeIt) {
    const auto loaded = load_configuration(
        {{"ATLAS_IDEMPOTENCY_PREVIOUS_SECRET", "8Jx-4qT-9fL-2mW-7cB"}}, {}, no_files);
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->idempotency_previous_secret, "8Jx-4qT-9fL-2mW-7cB");
    EXPECT_TRUE(problems_of({{"ATLAS_IDEMPOTENCY_PREVIOUS_SECRET", ""}}).empty());
    const auto wrong = problems_of({{"ATLAS_IDEMPOTENCY_PREVIOUS_SECRET", "too short"}});
    ASSERT_EQ(wrong.size(), 1u);
    EXPECT_THAT(describe(wrong[0]), Not(HasSubstr("too short")));
}

TEST(Configuration, TheDatabaseIsNamedWithAPasswordOutsideDevelopmentAndTests) {
    for (const char* environment : {"staging", "production"}) {
        const auto unset = problems_of({{"ATLAS_ENVIRONMENT", environment}});
        ASSERT_EQ(unset.size(), 1u);
        EXPECT_EQ(unset[0].reason, "is not set, outside development and test");
        const auto open = problems_of({{"ATLAS_ENVIRONMENT", environment},
                                       {"ATLAS_DATABASE_URL", "postgresql://atlas@db/atlas"}});
        ASSERT_EQ(open.size(), 1u);
        EXPECT_EQ(open[0].reason, "has no password, outside development and test");
        EXPECT_TRUE(problems_of({{"ATLAS_ENVIRONMENT", environment},
                                 {"ATLAS_DATABASE_URL", "postgresql://atlas:8Jx@db/atlas"}})
                        .empty());
    }
}

TEST(Configuration, TheIdempotencySecretIsItsOwnOutsideDevelopmentAndTests) {
    const std::string known = load_configuration({}, {}, no_files)->idempotency_secret;
    const std::string url = "postgresql://atlas:8Jx@db/atlas";
    for (const char* environment : {"staging", "production"}) {
        const auto problems = problems_of({{"ATLAS_ENVIRONMENT", environment},
                                           {"ATLAS_DATABASE_URL", url},
                                           {"ATLAS_IDEMPOTENCY_SECRET", known}});
        ASSERT_EQ(problems.size(), 1u);
        EXPECT_EQ(problems[0].name, "ATLAS_IDEMPOTENCY_SECRET");
    }
    EXPECT_TRUE(problems_of({{"ATLAS_IDEMPOTENCY_SECRET", known}}).empty());
    const auto wrong = problems_of({{"ATLAS_IDEMPOTENCY_SECRET", "too short"}});
    ASSERT_EQ(wrong.size(), 1u);
    EXPECT_THAT(describe(wrong[0]), Not(HasSubstr("too short")));
}

TEST(Configuration, PasswordsThatEverybodyKnowsAreForDevelopmentAndTests) {
    const std::string url = "postgresql://atlas:postgres@db/atlas";
    for (const char* environment : {"development", "test"}) {
        EXPECT_TRUE(
            problems_of({{"ATLAS_ENVIRONMENT", environment}, {"ATLAS_DATABASE_URL", url}}).empty());
    }
    for (const char* environment : {"staging", "production"}) {
        EXPECT_EQ(
            problems_of({{"ATLAS_ENVIRONMENT", environment}, {"ATLAS_DATABASE_URL", url}}).size(),
            1u);
    }
}

TEST(DatabaseUrl, ReadsItsParts) {
    const auto full = parse_database_url("postgresql://us%40er:p%3Aw%2F@db.example:6543/at%6cas");
    ASSERT_TRUE(full) << full.error();
    EXPECT_EQ(*full, (DatabaseUrl{"us@er", "p:w/", {{"db.example", 6543}}, "atlas"}));
    const auto short_form = parse_database_url("postgres://u@[::1]/d");
    ASSERT_TRUE(short_form) << short_form.error();
    EXPECT_EQ(*short_form, (DatabaseUrl{"u", "", {{"::1", 5432}}, "d"}));
    const auto several = parse_database_url("postgresql://u@a:1,[::1]:2,c/d");
    ASSERT_TRUE(several) << several.error();
    EXPECT_EQ(*several, (DatabaseUrl{"u", "", {{"a", 1}, {"::1", 2}, {"c", 5432}}, "d"}));
}

TEST(DatabaseUrl, HasALimitOfServers) {
    std::string url = "postgresql://u@s0";
    for (std::size_t i = 1; i < most_database_servers; ++i)
        url += ",s" + std::to_string(i);
    EXPECT_TRUE(parse_database_url(url + "/d"));
    const auto too_many = parse_database_url(url + ",one-more/d");
    ASSERT_FALSE(too_many);
    EXPECT_EQ(too_many.error(), "it names more than 16 servers");
}

TEST(DatabaseUrl, RefusesWhatItDoesNotUnderstand) {
    for (const char* text :
         {"", "postgresql:", "http://u@h/d", "postgresql://h/d", "postgresql://u@/d",
          "postgresql://u@h", "postgresql://u@h/", "postgresql://u@h:0/d", "postgresql://u@h:x/d",
          "postgresql://u@h,/d", "postgresql://u@,h/d", "postgresql://u@h,i:x/d",
          "postgresql://u@h,h:5432/d", "postgresql://u@h/d?sslmode=require", "postgresql://u%2@h/d",
          "postgresql://u%00@h/d", "postgresql://u@[::1/d", "postgresql://u@[::1]x/d",
          "postgresql://:p@h/d"}) {
        EXPECT_FALSE(parse_database_url(text)) << text;
    }
}

std::string percent_encode(const std::string& text) {
    std::string encoded;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        encoded += '%';
        encoded += "0123456789abcdef"[byte >> 4];
        encoded += "0123456789abcdef"[byte & 15];
    }
    return encoded;
}

TEST(DatabaseUrl, AnyUserPasswordAndDatabaseComeThrough) {
    EXPECT_TRUE(rc::check([] {
        const auto word = rc::gen::nonEmpty(rc::gen::string<std::string>());
        const std::string user = *word;
        const std::string password = *word;
        const std::string database = *word;
        RC_PRE((user + password + database).find('\0') == std::string::npos);
        const auto url =
            parse_database_url("postgresql://" + percent_encode(user) + ":" +
                               percent_encode(password) + "@h/" + percent_encode(database));
        RC_ASSERT(url.has_value());
        RC_ASSERT(*url == (DatabaseUrl{user, password, {{"h", 5432}}, database}));
    }));
}

TEST(DatabaseUrl, NoTextMakesItFail) {
    EXPECT_TRUE(rc::check([](const std::string& text) {
        parse_database_url(text);
        parse_database_url("postgresql://" + text);
        parse_database_url("postgresql://u@" + text);
    }));
}

}  // namespace
}  // namespace atlas::adapters
