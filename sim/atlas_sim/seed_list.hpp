#pragma once
// The seeds of a command, one or a range, without a list of them.

#include <string>

#include "sim/atlas_sim/command_line.hpp"

namespace atlas::sim::atlas_sim {

class SeedList {
  public:
    explicit SeedList(const RunCommand& command) : command_(command) {}

    std::size_t size() const {
        if (command_.seed) return 1;
        return command_.seeds->second - command_.seeds->first + 1;
    }
    std::string text(std::size_t index) const {
        if (command_.seed) return command_.seed->text();
        return std::to_string(command_.seeds->first + index);
    }
    kernel::Seed first() const {
        return command_.seed ? *command_.seed : kernel::Seed{command_.seeds->first};
    }

  private:
    const RunCommand& command_;
};

}  // namespace atlas::sim::atlas_sim
