#pragma once
// A file that somebody asked for on the command line.

#include <fstream>
#include <string>
#include <string_view>

namespace atlas::sim::atlas_sim {

/// An empty path is no file: what is written to it goes nowhere. "-" is standard output.
class OutputFile {
  public:
    /// It is made at once, so that a path that cannot be written is known before the run.
    explicit OutputFile(std::string path);

    bool is_wanted() const { return !path_.empty(); }
    bool is_good() const;
    void add(std::string_view text);
    void add_line(std::string_view line);
    /// What was added is there for others to read; false when it is not.
    bool flush();
    const std::string& path() const { return path_; }

  private:
    std::string path_;
    std::ofstream file_;
};

/// Says so, and returns the exit code.
int cannot_write(const std::string& path);

}  // namespace atlas::sim::atlas_sim
