// `atlas-sim check linearizable FILE` and `check serializable FILE`: a recorded history, judged on
// its own.

#include <fmt/format.h>

#include <cstdio>
#include <expected>
#include <fstream>
#include <optional>
#include <sstream>

#include "properties/checkers/isolation/serializability.hpp"
#include "properties/checkers/isolation/transaction_file.hpp"
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

/// What there is to say, and the verdict.
using Checked = std::expected<properties::Judgement, properties::Unreadable>;

Checked check_linearizable(std::string_view text) {
    auto checked = properties::check_linearizable_file(text);
    if (!checked) return std::unexpected(std::move(checked.error()));
    properties::Judgement judgement = std::move(checked->report.judgement);
    judgement.prose = fmt::format("({}): {}", properties::name(checked->format), judgement.prose);
    return judgement;
}

Checked check_serializable(std::string_view text, const CheckCommand& command) {
    using properties::isolation::DataModel;
    std::optional<DataModel> model;
    if (!command.model.empty()) {
        const bool is_list = command.model == name(DataModel::list_append);
        model = is_list ? DataModel::list_append : DataModel::rw_register;
    }
    const auto history = properties::isolation::read_transactions(text, model);
    if (!history) return std::unexpected(history.error());
    const auto level = properties::isolation::find_level(command.level);
    properties::Judgement judgement =
        properties::isolation::check_serializable(*history, *level).judgement;
    judgement.prose = fmt::format("({}): {}", name(history->model), judgement.prose);
    return judgement;
}

}  // namespace

int check(const CheckCommand& command) {
    const std::optional<std::string> text = read_file(command.file);
    if (!text) {
        fmt::print(stderr, "atlas-sim: {}: cannot be read\n", command.file);
        return to_int(ExitCode::unreadable_input);
    }
    const Checked checked = command.property == "linearizable" ? check_linearizable(*text)
                                                               : check_serializable(*text, command);
    if (!checked) {
        fmt::print(stderr, "atlas-sim: {}: {}\n", command.file,
                   properties::describe(checked.error()));
        return to_int(ExitCode::unreadable_input);
    }
    fmt::print("{} {}\n", properties::name(checked->verdict), checked->prose);
    return to_int(exit_code_of(checked->verdict));
}

}  // namespace atlas::sim::atlas_sim
