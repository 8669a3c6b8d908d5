#include "adapters/configuration/endpoint.hpp"

#include <charconv>

#include "adapters/socket_address.hpp"

namespace atlas::adapters {

std::optional<host::Endpoint> parse_endpoint(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    std::string_view address = text.substr(0, colon);
    const std::string_view port = text.substr(colon + 1);
    if (address.starts_with('[') && address.ends_with(']')) {
        address = address.substr(1, address.size() - 2);
    } else if (address.find(':') != std::string_view::npos) {
        return std::nullopt;
    }
    host::Endpoint endpoint{std::string(address), 0};
    const auto [end, error] =
        std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
    if (error != std::errc() || end != port.data() + port.size()) return std::nullopt;
    if (!to_socket_address(endpoint)) return std::nullopt;
    return endpoint;
}

}  // namespace atlas::adapters
