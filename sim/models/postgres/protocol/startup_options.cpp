#include "sim/models/postgres/protocol/startup_options.hpp"

#include <algorithm>

namespace atlas::sim::models::postgres::protocol {
namespace {

bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

std::vector<std::string> split_words(std::string_view options) {
    std::vector<std::string> words;
    std::size_t at = 0;
    while (true) {
        while (at < options.size() && is_space(options[at]))
            ++at;
        if (at == options.size()) return words;
        std::string word;
        while (at < options.size() && !is_space(options[at])) {
            if (options[at] == '\\' && at + 1 < options.size()) ++at;
            word += options[at++];
        }
        words.push_back(std::move(word));
    }
}

std::unexpected<ServerMessage> refused(std::string message) {
    return std::unexpected(
        ServerMessage{.severity = "FATAL", .sqlstate = "42601", .message = std::move(message)});
}

}  // namespace

Outcome<std::vector<std::pair<std::string, std::string>>> parse_startup_options(
    std::string_view options) {
    std::vector<std::pair<std::string, std::string>> settings;
    const std::vector<std::string> words = split_words(options);
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i];
        std::string assignment;
        bool is_long = false;
        if (word == "-c") {
            if (++i == words.size()) return refused("-c requires a value");
            assignment = words[i];
        } else if (word.starts_with("-c")) {
            assignment = word.substr(2);
        } else if (word.starts_with("--")) {
            assignment = word.substr(2);
            is_long = true;
        } else {
            return refused("invalid command-line argument for server process: " + word);
        }
        const std::size_t equals = assignment.find('=');
        if (equals == std::string::npos) {
            return refused((is_long ? "--" : "-c ") + assignment + " requires a value");
        }
        std::string name = assignment.substr(0, equals);
        std::replace(name.begin(), name.end(), '-', '_');
        settings.emplace_back(std::move(name), assignment.substr(equals + 1));
    }
    return settings;
}

}  // namespace atlas::sim::models::postgres::protocol
