#include "sim/models/postgres/testing/schedule.hpp"

#include <fmt/format.h>

#include <map>
#include <memory>

#include "sim/models/postgres/settings.hpp"
#include "sim/models/postgres/testing/client.hpp"
#include "system/host/check.hpp"
#include "system/host/task_group.hpp"

namespace atlas::sim::models::postgres::testing {

using host::Task;

namespace {

// Long enough for anything that need not wait, shorter than any time limit that a test sets.
constexpr host::Duration settling_time = std::chrono::milliseconds(20);

struct Actor {
    Actor(Server& server, int given_number) : client(server), number(given_number) {}

    Client client;
    int number;
    bool busy = false;
};

// Results since the last step; which of two came first within it says nothing.
using Results = std::map<int, std::string>;

Task<> run_step(Actor& actor, std::string text, Results& results) {
    actor.busy = true;
    const std::string result = co_await actor.client.query(std::move(text));
    actor.busy = false;
    results.emplace(actor.number, fmt::format("{}: {}\n", actor.number, result));
}

}  // namespace

std::vector<Step> parse_schedule(const std::string& lines) {
    std::vector<Step> steps;
    std::size_t begin = 0;
    while (begin < lines.size()) {
        const std::size_t end = std::min(lines.find('\n', begin), lines.size());
        const std::string line = lines.substr(begin, end - begin);
        begin = end + 1;
        const std::size_t digit = line.find_first_not_of(' ');
        if (digit == line.npos) continue;
        steps.push_back({line[digit] - '0', line.substr(digit + 3)});
    }
    return steps;
}

Task<std::string> run_schedule(host::Host& host, Server& server, std::vector<Step> steps) {
    std::map<int, std::unique_ptr<Actor>> actors;
    std::string transcript;
    Results results;
    const auto settle = [&] {
        for (const auto& [number, line] : results)
            transcript += line;
        results.clear();
    };
    host::TaskGroup tasks(host);
    for (const Step& step : steps) {
        auto& actor = actors[step.session];
        if (actor == nullptr) actor = std::make_unique<Actor>(server, step.session);
        if (step.text.starts_with("sleep ")) {
            const auto duration = parse_time_setting(step.text.substr(6), std::chrono::seconds(1));
            ATLAS_CHECK(duration.has_value(), "a schedule says how long to sleep");
            co_await host::sleep_for(host, *duration);
            settle();
            continue;
        }
        if (step.text == "cancel") {
            actor->client.session().cancel();
        } else {
            ATLAS_CHECK(!actor->busy, "a session that waits is given nothing to do");
            tasks.spawn(run_step(*actor, step.text, results));
        }
        co_await host::sleep_for(host, settling_time);
        settle();
        if (actor->busy) transcript += fmt::format("{}: waits\n", step.session);
    }
    for (auto& [number, actor] : actors) {
        if (actor->busy) transcript += fmt::format("{}: still waits\n", number);
    }
    co_await tasks.stop();
    actors.clear();
    co_return transcript;
}

}  // namespace atlas::sim::models::postgres::testing
