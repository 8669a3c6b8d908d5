#include "adapters/configuration/endpoint.hpp"

#include <charconv>

#include "adapters/socket_address.hpp"

namespace atlas::adapters {

std::expected<host::Endpoint, std::string> parse_endpoint(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::unexpected("has no port");
    std::string_view address = text.substr(0, colon);
    const std::string_view port = text.substr(colon + 1);
    if (address.starts_with('[') && address.ends_with(']')) {
        address = address.substr(1, address.size() - 2);
    } else if (address.find(':') != std::string_view::npos) {
        return std::unexpected("has an IPv6 address without brackets");
    }
    host::Endpoint endpoint{std::string(address), 0};
    if (!to_socket_address(endpoint)) return std::unexpected("has no numeric address");
    const auto [end, error] =
        std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
    if (error != std::errc() || end != port.data() + port.size())
        return std::unexpected("has no port from 0 to 65535");
    return endpoint;
}

std::string check_endpoint(const std::string& text) {
    const auto endpoint = parse_endpoint(text);
    return endpoint ? "" : text + " " + endpoint.error() + "; as in 127.0.0.1:8080 or [::1]:8080";
}

}  // namespace atlas::adapters
