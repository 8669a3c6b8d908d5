#include "sim/atlas_sim/output_file.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "sim/atlas_sim/exit_code.hpp"

namespace atlas::sim::atlas_sim {

OutputFile::OutputFile(std::string path) : path_(std::move(path)) {
    if (is_wanted() && path_ != "-") file_.open(path_, std::ios::binary | std::ios::trunc);
}

bool OutputFile::is_good() const {
    if (path_ == "-") return std::ferror(stdout) == 0;
    return !is_wanted() || file_.good();
}

void OutputFile::add(std::string_view text) {
    if (path_ == "-") {
        std::fwrite(text.data(), 1, text.size(), stdout);
    } else if (is_wanted()) {
        file_ << text;
    }
}

void OutputFile::add_line(std::string_view line) {
    add(line);
    add("\n");
}

bool OutputFile::flush() {
    if (path_ == "-") return std::fflush(stdout) == 0;
    if (is_wanted()) file_.flush();
    return is_good();
}

int cannot_write(const std::string& path) {
    fmt::print(stderr, "atlas-sim: {}: cannot be written\n", path);
    return to_int(ExitCode::unwritable_output);
}

}  // namespace atlas::sim::atlas_sim
