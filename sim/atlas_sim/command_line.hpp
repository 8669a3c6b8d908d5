#pragma once
// The words of atlas-sim's command line, read and checked, not yet acted on.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sim/kernel/seed.hpp"
#include "system/host/network.hpp"
#include "system/host/time.hpp"

namespace atlas::sim::atlas_sim {

/// What shapes a run besides its seed.
struct RunOptions {
    std::string scenario_file;
    /// How much virtual time the faults get; the liveness phase comes after it.
    std::optional<host::Duration> duration;
    std::vector<std::pair<std::string, std::string>> settings;
    std::string sabotage;  ///< Empty: none.
};

struct RunCommand {
    RunOptions options;
    /// One seed, or a range of them (both ends included).
    std::optional<kernel::Seed> seed;
    std::optional<std::pair<std::uint64_t, std::uint64_t>> seeds;
    unsigned jobs = 0;  ///< 0: as many as there are cores.
    /// "valid", or "invalid:PROPERTY": what counts as success.
    std::string expect;
    bool verify = false;
    bool print_scenario = false;
    bool expanded = false;
    std::string trace_file;
    std::string history_file;
    std::string log_file;
    std::string json_file;  ///< "-" is standard output, instead of the text.
};

struct ListCommand {
    std::string what;       ///< faults, properties, sabotages, knobs or scenarios
    bool markdown = false;  ///< faults alone: as the page docs/faults.md
};

struct CheckCommand {
    std::string property;  ///< linearizable or serializable
    std::string file;      ///< "-" is standard input
    /// Of serializable: "list-append" or "rw-register", empty where the file says it; and a level.
    std::string model;
    std::string level = "serializable";
};

struct ModelCommand {
    std::string model;  ///< postgres
    host::Endpoint listen;
    std::string data_directory;
    std::vector<std::pair<std::string, std::string>> settings;
};

struct DriveCommand {
    std::vector<host::Endpoint> nodes;
    /// Of which one is the primary when the workload has ended.
    std::vector<host::Endpoint> databases;
    std::string database_user = "atlas";
    std::string database_name = "atlas";
    host::Duration duration{};
    std::uint64_t rate = 60;  ///< Operations a second, all clients together.
    std::string history_file;
};

using Command = std::variant<RunCommand, ListCommand, CheckCommand, ModelCommand, DriveCommand>;

/// The command, or the exit code after what was wrong (or the help asked for) has been printed.
std::variant<Command, int> parse_command_line(int argc, const char* const* argv);

/// The words that make a run again: for replay lines and worker processes. Without seed and output
/// options.
std::vector<std::string> to_arguments(const RunOptions& options);

/// Words of a command line, quoted for a shell where they need it.
std::string shell_line(const std::vector<std::string>& words);

}  // namespace atlas::sim::atlas_sim
