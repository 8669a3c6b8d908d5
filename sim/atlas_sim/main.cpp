// atlas-sim: the program. It only finds out which command was asked for.

#include <variant>

#include "sim/atlas_sim/batch.hpp"
#include "sim/atlas_sim/command_line.hpp"
#include "sim/atlas_sim/commands.hpp"
#include "sim/atlas_sim/run_command.hpp"

namespace {

using namespace atlas::sim::atlas_sim;

struct Dispatch {
    int operator()(const RunCommand& command) const {
        if (command.verify) return verify(command);
        if (command.seeds) return run_batch(command);
        return run_one(command);
    }
    int operator()(const ListCommand& command) const { return list(command); }
    int operator()(const CheckCommand& command) const { return check(command); }
    int operator()(const ModelCommand& command) const { return serve_model(command); }
    int operator()(const DriveCommand& command) const { return drive(command); }
};

}  // namespace

int main(int argc, char** argv) {
    const std::variant<Command, int> parsed = parse_command_line(argc, argv);
    if (const int* exit_code = std::get_if<int>(&parsed)) return *exit_code;
    return std::visit(Dispatch{}, std::get<Command>(parsed));
}
