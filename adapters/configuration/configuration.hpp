#pragma once
// What an operator may set, by environment variables and by flags of the same name. All that is
// wrong is reported at once, so that a deployment is not corrected one restart at a time.

#include <cstddef>
#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/configuration/database_url.hpp"
#include "adapters/log_sink.hpp"
#include "system/host/network.hpp"
#include "system/passwords/cost.hpp"
#include "system/reliability/circuit_breaker.hpp"
#include "system/reliability/controlled_delay.hpp"
#include "system/reliability/retry.hpp"
#include "system/reliability/retry_budget.hpp"

namespace atlas::adapters {

enum class Environment : std::uint8_t { development, test, staging, production };

struct ServerConfiguration {
    Environment environment = Environment::development;
    host::LogLevel log_level = host::LogLevel::info;
    /// Unset: by whether the standard error is a terminal.
    std::optional<LogFormat> log_format = {};
    host::Endpoint http_address{"127.0.0.1", 8080};
    /// Other processes of this user may listen there too: one node a core.
    bool listen_shared = false;
    DatabaseUrl database{.user = "atlas", .servers = {{"127.0.0.1", 5432}}, .database = "atlas"};
    std::size_t database_pool_size = 8;
    reliability::RetryPolicy retry = {};
    reliability::RetryBudgetOptions retry_budget = {};
    reliability::CircuitBreakerOptions breaker = {};
    std::size_t database_queue = 128;
    reliability::ControlledDelayOptions database_queue_delay = {};
    std::size_t threads = 1;
    passwords::Argon2Cost password_cost = {};
    std::string idempotency_secret = "for development alone";
    /// Keys under it are still known; empty when there was none.
    std::string idempotency_previous_secret = {};
    /// Longer than a load balancer takes to hear of it from /readyz; nothing where there is none.
    host::Duration unready_time{};
};

/// One thing that an operator may set.
struct Variable {
    std::string_view name;           ///< "ATLAS_HTTP_ADDRESS"; its flag is --http-address.
    std::string_view expects;        ///< What a right value looks like.
    std::string_view default_value;  ///< As it would be written.
    bool secret = false;             ///< Also by NAME_FILE, and never shown.
    /// Sets it, or says what is wrong with the value.
    std::optional<std::string> (*apply)(std::string_view value, ServerConfiguration& configuration);
};

/// All there are.
const std::vector<Variable>& variables();

/// "--http-address" for ATLAS_HTTP_ADDRESS.
std::string flag_of(std::string_view name);

struct Problem {
    std::string name;
    std::string reason;
    std::string expects;

    friend bool operator==(const Problem&, const Problem&) = default;
};

/// "ATLAS_THREADS: is not a whole number; expects 1 to 64".
std::string describe(const Problem& problem);

/// Values by variable name.
using Settings = std::map<std::string, std::string, std::less<>>;
/// The content of a file, or nothing if it cannot be read.
using ReadFile = std::function<std::optional<std::string>(const std::string& path)>;

/// `environment` holds every variable that starts with ATLAS_; `flags`, by variable name too, win
/// over it. Returns every problem there is, in the order of the names.
std::expected<ServerConfiguration, std::vector<Problem>> load_configuration(
    const Settings& environment, const Settings& flags, const ReadFile& read_file);

}  // namespace atlas::adapters
