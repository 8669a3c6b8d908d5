#include "adapters/configuration/configuration.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>

#include "adapters/configuration/endpoint.hpp"

namespace atlas::adapters {
namespace {

using Wrong = std::optional<std::string>;
constexpr std::nullopt_t right = std::nullopt;

template <typename T>
Wrong parse_number(std::string_view text, T low, T high, T& number) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc::invalid_argument || end != text.data() + text.size()) {
        return "is not a whole number";
    }
    if (error == std::errc::result_out_of_range || value < low || value > high) {
        return "is out of range";
    }
    number = value;
    return right;
}

template <typename Value, std::size_t N>
Wrong choose(std::string_view text,
             const std::array<std::pair<std::string_view, Value>, N>& choices, auto& chosen) {
    for (const auto& [name, value] : choices) {
        if (text != name) continue;
        chosen = value;
        return right;
    }
    return "is none of its values";
}

Wrong set_environment(std::string_view value, ServerConfiguration& to) {
    constexpr std::array<std::pair<std::string_view, Environment>, 4> choices{
        {{"development", Environment::development},
         {"test", Environment::test},
         {"staging", Environment::staging},
         {"production", Environment::production}}};
    return choose(value, choices, to.environment);
}

Wrong set_log_level(std::string_view value, ServerConfiguration& to) {
    constexpr std::array<std::pair<std::string_view, host::LogLevel>, 4> choices{
        {{"debug", host::LogLevel::debug},
         {"info", host::LogLevel::info},
         {"warning", host::LogLevel::warning},
         {"error", host::LogLevel::error}}};
    return choose(value, choices, to.log_level);
}

Wrong set_log_format(std::string_view value, ServerConfiguration& to) {
    constexpr std::array<std::pair<std::string_view, LogFormat>, 2> choices{
        {{"json", LogFormat::json}, {"text", LogFormat::text}}};
    return choose(value, choices, to.log_format);
}

Wrong set_http_address(std::string_view value, ServerConfiguration& to) {
    auto endpoint = parse_endpoint(value);
    if (!endpoint) return std::move(endpoint.error());
    to.http_address = std::move(*endpoint);
    return right;
}

Wrong set_listen_shared(std::string_view value, ServerConfiguration& to) {
    constexpr std::array<std::pair<std::string_view, bool>, 2> choices{
        {{"true", true}, {"false", false}}};
    return choose(value, choices, to.listen_shared);
}

Wrong set_database_url(std::string_view value, ServerConfiguration& to) {
    auto url = parse_database_url(value);
    if (!url) return "is not such a URL: " + url.error();
    to.database = std::move(*url);
    return right;
}

Wrong set_milliseconds(std::string_view value, host::Duration& to, std::int64_t low = 1) {
    std::int64_t milliseconds = 0;
    if (auto wrong = parse_number<std::int64_t>(value, low, 60'000, milliseconds)) return wrong;
    to = std::chrono::milliseconds(milliseconds);
    return right;
}

Wrong set_secret(std::string_view value, std::string& to) {
    if (value.size() < 16 || value.size() > 256) return "has not 16 to 256 characters";
    to = value;
    return right;
}

Wrong set_seconds(std::string_view value, host::Duration& to) {
    std::int64_t seconds = 0;
    if (auto wrong = parse_number<std::int64_t>(value, 1, 600, seconds)) return wrong;
    to = std::chrono::seconds(seconds);
    return right;
}

// What a copied example or an image would carry. Outside development and tests they are refused.
constexpr std::array<std::string_view, 6> well_known_passwords = {
    "atlas", "postgres", "password", "changeme", "secret", "admin"};

// Levenshtein's distance, for "did you mean".
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
        }
    }
    return row.back();
}

std::string nearest_name(std::string_view unknown) {
    const auto nearest = std::ranges::min_element(variables(), {}, [&](const Variable& variable) {
        return distance(variable.name, unknown);
    });
    return std::string(nearest->name);
}

const Variable* find_variable(std::string_view name) {
    const auto found = std::ranges::find(variables(), name, &Variable::name);
    return found == variables().end() ? nullptr : &*found;
}

/// A secret given by a file, or nothing; adds what is wrong to the problems.
std::optional<std::string> secret_from_file(const Variable& variable, const Settings& environment,
                                            const ReadFile& read_file,
                                            std::vector<Problem>& problems) {
    const std::string name = std::string(variable.name) + "_FILE";
    const auto path = environment.find(name);
    if (path == environment.end()) return std::nullopt;
    if (environment.contains(variable.name)) {
        problems.push_back(
            {name, "is set, and " + std::string(variable.name) + " too", "one of the two"});
        return std::nullopt;
    }
    std::optional<std::string> content = read_file(path->second);
    if (!content) {
        problems.push_back({name, "names a file that cannot be read", "the path of a file"});
        return std::nullopt;
    }
    while (content->ends_with('\n') || content->ends_with('\r'))
        content->pop_back();
    return content;
}

bool is_known(std::string_view name) {
    if (find_variable(name) != nullptr) return true;
    constexpr std::string_view suffix = "_FILE";
    if (!name.ends_with(suffix)) return false;
    const Variable* variable = find_variable(name.substr(0, name.size() - suffix.size()));
    return variable != nullptr && variable->secret;
}

// What was set, and what is wrong with it so far.
struct Reading {
    std::vector<std::string_view> given;
    std::vector<Problem> problems;

    bool is_given(std::string_view name) const {
        return std::ranges::find(given, name) != given.end();
    }
    bool is_wrong(std::string_view name) const {
        return std::ranges::any_of(problems, [&](const Problem& problem) {
            return problem.name == name || problem.name == std::string(name) + "_FILE";
        });
    }
};

// Two times, of which the first is at most the second.
struct Ordered {
    std::string_view lower_name;
    host::Duration lower;
    std::string_view upper_name;
    host::Duration upper;
};

std::string in_milliseconds(host::Duration time) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

// Speaks of what the operator has set: the other one he may never have heard of.
void check_order(const Ordered& pair, Reading& reading) {
    if (reading.is_wrong(pair.lower_name) || reading.is_wrong(pair.upper_name)) return;
    if (pair.lower <= pair.upper) return;
    const std::string lower = in_milliseconds(pair.lower);
    const std::string upper = in_milliseconds(pair.upper);
    const auto other = [&](std::string_view name, const std::string& value) {
        return std::string(name) + ", which is " + value +
               (reading.is_given(name) ? "" : " by default");
    };
    if (reading.is_given(pair.lower_name)) {
        reading.problems.push_back({std::string(pair.lower_name),
                                    '"' + lower + "\" is above " + other(pair.upper_name, upper),
                                    "at most " + upper + " milliseconds"});
    } else {
        reading.problems.push_back({std::string(pair.upper_name),
                                    '"' + upper + "\" is below " + other(pair.lower_name, lower),
                                    lower + " milliseconds or more"});
    }
}

void check_idempotency_secret(const ServerConfiguration& configuration, Reading& reading) {
    constexpr std::string_view name = "ATLAS_IDEMPOTENCY_SECRET";
    if (reading.is_wrong(name)) return;
    if (configuration.idempotency_secret != ServerConfiguration{}.idempotency_secret) return;
    reading.problems.push_back({std::string(name),
                                "is the one that everybody knows, outside development and test",
                                "a secret of its own, the same for all nodes"});
}

// Nothing that is guessed from a name or copied from an example guards other people's data.
void check_secrets(const ServerConfiguration& configuration, Reading& reading) {
    if (reading.is_wrong("ATLAS_ENVIRONMENT")) return;
    const bool guarded = configuration.environment == Environment::staging ||
                         configuration.environment == Environment::production;
    if (!guarded) return;
    check_idempotency_secret(configuration, reading);
    constexpr std::string_view url = "ATLAS_DATABASE_URL";
    if (reading.is_wrong(url)) return;
    const auto refuse = [&](std::string reason) {
        reading.problems.push_back({std::string(url), reason + ", outside development and test",
                                    "a user and a password of its own"});
    };
    const std::string& password = configuration.database.password;
    if (!reading.is_given(url)) {
        refuse("is not set");
    } else if (password.empty()) {
        refuse("has no password");
    } else if (std::ranges::find(well_known_passwords, password) != well_known_passwords.end()) {
        refuse("has a password that everybody knows");
    }
}

}  // namespace

const std::vector<Variable>& variables() {
    static const std::vector<Variable> all = {
        {"ATLAS_BREAKER_FAILURE_THRESHOLD", "1 to 1000 failures of a thousand calls", "500", false,
         [](std::string_view value, ServerConfiguration& to) {
             return parse_number(value, 1u, 1000u, to.breaker.failures_per_thousand);
         }},
        {"ATLAS_BREAKER_MINIMUM_CALLS", "1 to 10000 calls in ten seconds", "20", false,
         [](std::string_view value, ServerConfiguration& to) {
             return parse_number(value, 1u, 10'000u, to.breaker.minimum_calls);
         }},
        {"ATLAS_BREAKER_RECOVERY_SECONDS", "1 to 600 seconds", "2", false,
         [](std::string_view value, ServerConfiguration& to) {
             return set_seconds(value, to.breaker.open_time);
         }},
        {"ATLAS_BREAKER_SLOW_CALL_MS",
         "1 to 60000 milliseconds; a lock is waited for three quarters of it, but 1500 ms at most",
         "2000", false,
         [](std::string_view value, ServerConfiguration& to) {
             return set_milliseconds(value, to.breaker.slow_call);
         }},
        {"ATLAS_BREAKER_SLOW_THRESHOLD", "1 to 1000 slow calls of a thousand", "800", false,
         [](std::string_view value, ServerConfiguration& to) {
             return parse_number(value, 1u, 1000u, to.breaker.slow_per_thousand);
         }},
        {"ATLAS_DATABASE_POOL_SIZE", "1 to 1000", "8", false,
         [](std::string_view value, ServerConfiguration& to) {
             return parse_number<std::size_t>(value, 1, 1000, to.database_pool_size);
         }},
        {"ATLAS_DATABASE_QUEUE", "0 to 100000 requests that wait for a connection", "128", false,
         [](std::string_view value, ServerConfiguration& to) {
             return parse_number<std::size_t>(value, 0, 100'000, to.database_queue);
         }},
        {"ATLAS_DATABASE_QUEUE_INTERVAL_MS", "1 to 60000 milliseconds", "1000", false,
         [](std::string_view value, ServerConfiguration& to) {
             return set_milliseconds(value, to.database_queue_delay.interval);
         }},
        {"ATLAS_DATABASE_QUEUE_TARGET_MS", "1 to 60000 milliseconds", "100", false,
         [](std::string_view value, ServerConfiguration& to) {
             return set_milliseconds(value, to.database_queue_delay.target);
         }},
        {"ATLAS_DATABASE_URL",
         "postgresql://user:password@host:port/database; of several host:port, with commas, the "
         "primary "
         "is found",
         "postgresql://atlas@127.0.0.1:5432/atlas", true, set_database_url},
        {"ATLAS_ENVIRONMENT", "development, test, staging or production", "development", false,
         set_environment},
        {"ATLAS_HTTP_ADDRESS", "a numeric address and a port, such as 127.0.0.1:8080 or [::1]:8080",
         "127.0.0.1:8080", false, set_http_address},
        {"ATLAS_IDEMPOTENCY_PREVIOUS_SECRET",
         "a second such secret, known beside the first while it is changed, or nothing", "", true,
         [](std::string_view value, ServerConfiguration& to) {
             return value.empty() ? right : set_secret(value, to.idempotency_previous_secret);
         }},
        {"ATLAS_IDEMPOTENCY_SECRET",
         "16 to 256 characters that nobody can guess, the same for all nodes",
         "for development alone", true,
         [](std::string_view value, ServerConfiguration& to) {
             return set_secret(value, to.idempotency_secret);
         }},
        {"ATLAS_LISTEN_SHARED",
         "true or false: whether other nodes of this machine, one a core, listen there too",
         "false", false, set_listen_shared},
        {"ATLAS_LOG_FORMAT", "json or text", "text on a terminal, else json", false,
         set_log_format},
        {"ATLAS_LOG_LEVEL", "debug, info, warning or error", "info", false, set_log_level},
        {"ATLAS_PASSWORD_ITERATIONS", "1 to 100 passes of Argon2id", "2", false,
         [](std::string_view value, ServerConfiguration& to) {
             return parse_number<std::uint32_t>(value, 1, 100, to.password_cost.iterations);
         }},
        {"ATLAS_PASSWORD_MEMORY_KIB", "8 to 1048576 KiB of memory for Argon2id", "19456", false,
         [](std::string_view value, ServerConfiguration& to) {
             return parse_number<std::uint32_t>(value, 8, 1'048'576, to.password_cost.memory_kib);
         }},
        {"ATLAS_RETRY_BASE_MS", "1 to 60000 milliseconds", "25", false,
         [](std::string_view value, ServerConfiguration& to) {
             return set_milliseconds(value, to.retry.base);
         }},
        {"ATLAS_RETRY_BUDGET_TOKENS", "1 to 1000", "100", false,
         [](std::string_view value, ServerConfiguration& to) {
             return parse_number(value, 1u, 1000u, to.retry_budget.tokens);
         }},
        {"ATLAS_RETRY_MAX_ATTEMPTS", "1 to 20", "4", false,
         [](std::string_view value, ServerConfiguration& to) {
             return parse_number(value, 1u, 20u, to.retry.max_attempts);
         }},
        {"ATLAS_RETRY_MAX_MS", "1 to 60000 milliseconds", "1000", false,
         [](std::string_view value, ServerConfiguration& to) {
             return set_milliseconds(value, to.retry.cap);
         }},
        {"ATLAS_THREADS", "1 to 64 threads for password hashes", "1", false,
         [](std::string_view value, ServerConfiguration& to) {
             return parse_number<std::size_t>(value, 1, 64, to.threads);
         }},
        {"ATLAS_UNREADY_MS",
         "0 to 60000 milliseconds of serving on after SIGTERM, while /readyz answers 503", "0",
         false,
         [](std::string_view value, ServerConfiguration& to) {
             return set_milliseconds(value, to.unready_time, 0);
         }},
    };
    return all;
}

std::string flag_of(std::string_view name) {
    std::string flag = "--";
    for (const char c : name.substr(std::string_view("ATLAS_").size()))
        flag += c == '_' ? '-' : static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    return flag;
}

std::string describe(const Problem& problem) {
    return problem.name + ": " + problem.reason + "; expects " + problem.expects;
}

std::expected<ServerConfiguration, std::vector<Problem>> load_configuration(
    const Settings& environment, const Settings& flags, const ReadFile& read_file) {
    ServerConfiguration configuration;
    Reading reading;
    std::vector<Problem>& problems = reading.problems;
    for (const auto& [name, value] : environment) {
        if (is_known(name)) continue;
        problems.push_back({name, "is not a variable of this version",
                            "another name; did you mean " + nearest_name(name) + "?"});
    }
    for (const Variable& variable : variables()) {
        std::optional<std::string> value;
        if (const auto set = environment.find(variable.name); set != environment.end()) {
            value = set->second;
        }
        if (variable.secret) {
            auto secret = secret_from_file(variable, environment, read_file, problems);
            if (secret) value = std::move(secret);
        }
        if (const auto flag = flags.find(variable.name); flag != flags.end()) value = flag->second;
        if (!value) continue;
        reading.given.push_back(variable.name);
        if (auto wrong = variable.apply(*value, configuration)) {
            const std::string shown = variable.secret ? "its value" : '"' + *value + '"';
            problems.push_back(
                {std::string(variable.name), shown + " " + *wrong, std::string(variable.expects)});
        }
    }
    const reliability::ControlledDelayOptions& delay = configuration.database_queue_delay;
    check_order({"ATLAS_RETRY_BASE_MS", configuration.retry.base, "ATLAS_RETRY_MAX_MS",
                 configuration.retry.cap},
                reading);
    check_order({"ATLAS_DATABASE_QUEUE_TARGET_MS", delay.target, "ATLAS_DATABASE_QUEUE_INTERVAL_MS",
                 delay.interval},
                reading);
    check_secrets(configuration, reading);
    if (problems.empty()) return configuration;
    std::ranges::sort(problems, {}, describe);
    return std::unexpected(std::move(problems));
}

}  // namespace atlas::adapters
