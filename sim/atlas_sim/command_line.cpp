#include "sim/atlas_sim/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>

#include "adapters/configuration/endpoint.hpp"
#include "properties/checkers/isolation/level.hpp"
#include "sim/atlas_sim/exit_code.hpp"
#include "sim/faults/knobs.hpp"

namespace atlas::sim::atlas_sim {
namespace {

using Pair = std::pair<std::string, std::string>;

constexpr std::uint64_t most_seeds = 1'000'000'000;

std::string bad(std::string_view what, const std::string& text, std::string_view right) {
    return fmt::format("{} '{}' is not valid: {}", what, text, right);
}

std::optional<std::uint64_t> parse_u64(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

void parse_seed(const std::string& text, std::optional<kernel::Seed>& seed) {
    seed = kernel::Seed::parse(text);
    if (!seed) {
        throw CLI::ValidationError(
            bad("--seed", text, "a number from 0 to 18446744073709551615, or 40 hex digits"));
    }
}

void parse_seeds(const std::string& text,
                 std::optional<std::pair<std::uint64_t, std::uint64_t>>& seeds) {
    const std::size_t dots = text.find("..");
    const auto first = parse_u64(std::string_view(text).substr(0, dots));
    const auto last =
        dots == std::string::npos ? first : parse_u64(std::string_view(text).substr(dots + 2));
    if (!first || !last || *first > *last) {
        throw CLI::ValidationError(
            bad("--seeds", text, "two numbers, the smaller first, as in 1..200"));
    }
    if (*last - *first >= most_seeds) {
        throw CLI::ValidationError(
            bad("--seeds", text, fmt::format("at most {} seeds at once", most_seeds)));
    }
    seeds = {*first, *last};
}

void parse_for(const std::string& text, std::optional<host::Duration>& duration) {
    const auto parsed = faults::parse_duration(text);
    if (!parsed || *parsed <= host::Duration::zero()) {
        throw CLI::ValidationError(
            bad("--for", text, "a number above 0 and ms, s, m or h, as in 10m"));
    }
    duration = *parsed;
}

Pair parse_setting(const std::string& text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
        throw CLI::ValidationError(
            bad("--set", text, "a name, '=' and a value, as in postgres.fsync=off"));
    }
    return {text.substr(0, equals), text.substr(equals + 1)};
}

host::Endpoint parse_endpoint(std::string_view option, const std::string& text) {
    auto endpoint = adapters::parse_endpoint(text);
    if (endpoint) return std::move(*endpoint);
    throw CLI::ValidationError(
        bad(option, text, "a numeric address, ':' and a port, as in 127.0.0.1:5433"));
}

/// CLI11 hands out strings; they become values when all is parsed, so that every message is ours.
struct Words {
    std::string seed, seeds, duration, listen;
    std::vector<std::string> settings;
};

void add_run_options(CLI::App& app, RunCommand& run, Words& words) {
    app.add_option("--seed", words.seed, "The seed of the run: a number, or 40 hex digits");
    app.add_option("--seeds", words.seeds, "A range of seeds, as in 1..200, each a run of its own");
    app.add_option("--jobs", run.jobs, "How many runs at once (with --seeds); default: the cores")
        ->check(CLI::Range(1, 1024));
    app.add_option("--scenario", run.options.scenario_file, "A scenario file");
    app.add_flag("--print-scenario", run.print_scenario,
                 "Print the scenario of the seed instead of running it");
    app.add_flag("--expanded", run.expanded, "With --print-scenario: the whole plan of faults too");
    app.add_option("--for", words.duration, "Virtual time of the safety phase, as in 10m");
    app.add_option("--set", words.settings, "Sets a knob: name=value (see: list knobs)");
    app.add_option("--sabotage", run.options.sabotage, "Plants a named bug (see: list sabotages)");
    app.add_option("--expect", run.expect,
                   "What counts as success: valid, detected, or invalid:PROPERTY");
    app.add_flag("--verify", run.verify,
                 "Run each seed twice in fresh processes and compare the traces");
    app.add_option("--trace", run.trace_file, "Write every event to this file, a line each");
    app.add_option("--history", run.history_file, "Write the history of the clients to this file");
    app.add_option("--log", run.log_file, "Write what every process logs to this file, as JSON");
    app.add_option("--json", run.json_file, "Write the report as JSON to this file ('-': stdout)");
}

std::vector<std::string> level_names() {
    std::vector<std::string> names;
    for (const properties::isolation::Level level : properties::isolation::all_levels())
        names.emplace_back(properties::isolation::name(level));
    return names;
}

void add_check_options(CLI::App& app, CheckCommand& check) {
    app.add_option("property", check.property, "linearizable or serializable")
        ->required()
        ->check(CLI::IsMember({"linearizable", "serializable"}));
    app.add_option("file", check.file, "The history ('-': standard input)")->required();
    app.add_option("--model", check.model, "serializable: what keys hold (default: as in the file)")
        ->check(CLI::IsMember({"list-append", "rw-register"}));
    app.add_option("--level", check.level, "serializable: the isolation level that must hold")
        ->capture_default_str()
        ->check(CLI::IsMember(level_names()));
}

void finish_run(RunCommand& run, const Words& words) {
    if (!words.seed.empty()) parse_seed(words.seed, run.seed);
    if (!words.seeds.empty()) parse_seeds(words.seeds, run.seeds);
    if (!words.duration.empty()) parse_for(words.duration, run.options.duration);
    for (const std::string& setting : words.settings) {
        run.options.settings.push_back(parse_setting(setting));
    }
    if (run.seed.has_value() == run.seeds.has_value()) {
        throw CLI::ValidationError(
            "give either --seed N or --seeds A..B (or a command: list, check, model)");
    }
    const bool looks_closer =
        !run.trace_file.empty() || !run.history_file.empty() || !run.log_file.empty();
    if (run.seeds && (looks_closer || run.print_scenario)) {
        throw CLI::ValidationError(
            "--trace, --history, --log and --print-scenario speak of one run: use them with "
            "--seed");
    }
    const bool asks_for_results = looks_closer || !run.json_file.empty() || !run.expect.empty();
    if (run.verify && (asks_for_results || run.print_scenario)) {
        throw CLI::ValidationError(
            "--verify only compares two runs of each seed: without --expect, --json, --trace, "
            "--history, --log and --print-scenario");
    }
    if (run.print_scenario && asks_for_results) {
        throw CLI::ValidationError(
            "--print-scenario runs nothing: without --expect, --json, --trace and --history");
    }
    if (run.expanded && !run.print_scenario) {
        throw CLI::ValidationError("--expanded goes with --print-scenario");
    }
}

}  // namespace

std::variant<Command, int> parse_command_line(int argc, const char* const* argv) {
    CLI::App app{
        "Runs a whole Atlas cluster in one thread, with faults, from one seed, and judges it.\n"
        "Exit codes: 0 held, 1 violated, 2 unknown or vacuous, 3 no progress, 4 trace differed,\n"
        "5 crashed, 64 wrong usage, 65 unreadable input, 73 unwritable output."};
    app.name("atlas-sim");
    app.require_subcommand(0, 1);
    RunCommand run;
    Words words;
    add_run_options(app, run, words);

    ListCommand list;
    CLI::App* list_app = app.add_subcommand("list", "What there is, with a sentence each");
    list_app->add_option("what", list.what, "faults, properties, sabotages, knobs or scenarios")
        ->required()
        ->check(CLI::IsMember({"faults", "properties", "sabotages", "knobs", "scenarios"}));

    list_app->add_flag("--markdown", list.markdown, "Of faults: as the page docs/faults.md");

    CheckCommand check;
    CLI::App* check_app = app.add_subcommand("check", "Judges a recorded history");
    add_check_options(*check_app, check);

    ModelCommand model;
    Words model_words;
    CLI::App* model_app = app.add_subcommand("model", "Serves a model on a real socket");
    model_app->add_option("name", model.model, "postgres")
        ->required()
        ->check(CLI::IsMember({"postgres"}));
    model_app->add_option("--listen", model_words.listen, "Address and port")->required();
    model_app->add_option("--data", model.data_directory, "Its data directory")->required();
    model_app->add_option("--set", model_words.settings, "A setting of the server: name=value");

    DriveCommand drive;
    Words drive_words;
    std::vector<std::string> drive_nodes;
    std::vector<std::string> drive_databases;
    CLI::App* drive_app = app.add_subcommand(
        "drive", "Runs the workload against real servers and judges the history");
    drive_app->add_option("--node", drive_nodes, "An API node; may be repeated")->required();
    drive_app
        ->add_option("--database", drive_databases,
                     "Its PostgreSQL: address and port; may be repeated, then the primary is found")
        ->required();
    drive_app->add_option("--database-user", drive.database_user, "Default: atlas");
    drive_app->add_option("--database-name", drive.database_name, "Default: atlas");
    drive_app->add_option("--for", drive_words.duration, "How long, as in 2m; then all is read")
        ->required();
    drive_app->add_option("--rate", drive.rate, "Operations a second")
        ->check(CLI::Range(1, 100000));
    drive_app->add_option("--history", drive.history_file, "Write the history to this file");

    try {
        app.parse(argc, argv);
        if (*list_app) return Command{list};
        if (*check_app) return Command{check};
        if (*model_app) {
            model.listen = parse_endpoint("--listen", model_words.listen);
            for (const std::string& setting : model_words.settings) {
                model.settings.push_back(parse_setting(setting));
            }
            return Command{model};
        }
        if (*drive_app) {
            for (const std::string& node : drive_nodes) {
                drive.nodes.push_back(parse_endpoint("--node", node));
            }
            for (const std::string& database : drive_databases) {
                drive.databases.push_back(parse_endpoint("--database", database));
            }
            std::optional<host::Duration> duration;
            parse_for(drive_words.duration, duration);
            drive.duration = *duration;
            return Command{std::move(drive)};
        }
        finish_run(run, words);
        return Command{std::move(run)};
    } catch (const CLI::Success& help) {
        return app.exit(help);
    } catch (const CLI::ParseError& error) {
        fmt::print(stderr, "atlas-sim: {}\nRun 'atlas-sim --help' for the options.\n",
                   error.what());
        return to_int(ExitCode::wrong_usage);
    }
}

std::vector<std::string> to_arguments(const RunOptions& options) {
    std::vector<std::string> words;
    if (!options.scenario_file.empty()) {
        words.insert(words.end(), {"--scenario", options.scenario_file});
    }
    if (options.duration) {
        words.insert(words.end(), {"--for", faults::text_of(*options.duration)});
    }
    for (const auto& [name, value] : options.settings) {
        words.insert(words.end(), {"--set", name + "=" + value});
    }
    if (!options.sabotage.empty()) {
        words.insert(words.end(), {"--sabotage", options.sabotage});
    }
    return words;
}

std::string shell_line(const std::vector<std::string>& words) {
    std::string line;
    for (const std::string& word : words) {
        if (!line.empty()) line += ' ';
        const bool plain = !word.empty() && word.find_first_not_of(
                                                "abcdefghijklmnopqrstuvwxyz"
                                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                "0123456789-_=./:,+@%") == std::string::npos;
        if (plain) {
            line += word;
            continue;
        }
        line += '\'';
        for (const char c : word)
            line += c == '\'' ? std::string("'\\''") : std::string(1, c);
        line += '\'';
    }
    return line;
}

}  // namespace atlas::sim::atlas_sim
