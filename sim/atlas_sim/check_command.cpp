// `atlas-sim check linearizable FILE`: a recorded history, judged on its own.

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "properties/checkers/linearizable_file.hpp"
#include "sim/atlas_sim/commands.hpp"
#include "sim/atlas_sim/exit_code.hpp"

namespace atlas::sim::atlas_sim {
namespace {

std::optional<std::string> read_standard_input() {
    std::string text;
    char buffer[65536];
    std::size_t count = 0;
    while ((count = std::fread(buffer, 1, sizeof buffer, stdin)) > 0)
        text.append(buffer, count);
    return text;
}

std::optional<std::string> read_file(const std::string& path) {
    if (path == "-") return read_standard_input();
    std::ifstream file(path, std::ios::binary);
    if (!file) return std::nullopt;
    std::ostringstream text;
    text << file.rdbuf();
    if (file.bad() || text.bad()) return std::nullopt;
    return std::move(text).str();
}

ExitCode exit_code_of(properties::Verdict verdict) {
    switch (verdict) {
        case properties::Verdict::valid:
            return ExitCode::held;
        case properties::Verdict::invalid:
            return ExitCode::violated;
        case properties::Verdict::unknown:
            return ExitCode::undecided;
    }
    return ExitCode::undecided;
}

}  // namespace

int check(const CheckCommand& command) {
    const std::optional<std::string> text = read_file(command.file);
    if (!text) {
        fmt::print(stderr, "atlas-sim: {}: cannot be read\n", command.file);
        return to_int(ExitCode::unreadable_input);
    }
    const auto checked = properties::check_linearizable_file(*text);
    if (!checked) {
        fmt::print(stderr, "atlas-sim: {}: {}\n", command.file,
                   properties::describe(checked.error()));
        return to_int(ExitCode::unreadable_input);
    }
    const properties::Judgement& judgement = checked->report.judgement;
    fmt::print("{} ({}): {}\n", properties::name(judgement.verdict),
               properties::name(checked->format), judgement.prose);
    return to_int(exit_code_of(judgement.verdict));
}

}  // namespace atlas::sim::atlas_sim
