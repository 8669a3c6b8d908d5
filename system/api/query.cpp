#include "system/api/query.hpp"

#include <algorithm>
#include <charconv>

namespace atlas::api {
namespace {

/// Nothing when a percent sign is not followed by two hexadecimal digits.
std::optional<std::string> decode(std::string_view text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded += text[i];
            continue;
        }
        if (text.size() - i < 3) return {};
        std::uint8_t byte = 0;
        const char* const end = text.data() + i + 3;
        const auto [rest, error] = std::from_chars(text.data() + i + 1, end, byte, 16);
        if (error != std::errc{} || rest != end) return {};
        decoded += static_cast<char>(byte);
        i += 2;
    }
    return decoded;
}

std::unexpected<http::Problem> refuse(std::string detail) {
    return std::unexpected(
        http::Problem{.type = http::problems::invalid_request, .detail = std::move(detail)});
}

}  // namespace

std::expected<Arguments, http::Problem> read_query(std::string_view query,
                                                   std::span<const QueryParameter> parameters) {
    Arguments arguments(parameters.size());
    while (!query.empty()) {
        const std::string_view pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(pair.size() + 1, query.size()));
        const std::size_t equals = std::min(pair.find('='), pair.size());
        const auto parameter =
            std::ranges::find(parameters, pair.substr(0, equals), &QueryParameter::name);
        if (parameter == parameters.end()) {
            return refuse("The query has a parameter that this resource does not know.");
        }
        const std::string name{parameter->name};
        std::optional<std::string>& argument =
            arguments[static_cast<std::size_t>(parameter - parameters.begin())];
        if (argument) return refuse("The query has " + name + " twice.");
        argument = decode(pair.substr(std::min(equals + 1, pair.size())));
        if (!argument) return refuse("The query's " + name + " is not percent-encoded rightly.");
        if (const auto wrong = parameter->find_fault(*argument)) {
            return refuse("The query's " + name + ": " + std::string{*wrong});
        }
    }
    return arguments;
}

}  // namespace atlas::api
