#include "system/http/serializer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>

#include "system/host/check.hpp"

namespace atlas::http {
namespace {

void append(std::string& output, std::initializer_list<std::string_view> parts) {
    for (const std::string_view part : parts)
        output.append(part);
}

void append_number(std::string& output, std::size_t number) {
    std::array<char, 20> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    output.append(digits.data(), end);
}

bool is_one_line(std::string_view text) {
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

/// Written by the serializer itself: they frame the message.
bool is_framing(std::string_view name) {
    return equal_names(name, "Content-Length") || equal_names(name, "Connection") ||
           equal_names(name, "Transfer-Encoding");
}

void append_fields(std::string& output, const Headers& headers) {
    for (const Header& field : headers) {
        if (is_framing(field.name)) continue;
        ATLAS_CHECK(is_one_line(field.name) && is_one_line(field.value),
                    "header fields are validated before they are sent");
        append(output, {field.name, ": ", field.value, "\r\n"});
    }
}

/// No body for 1xx, 204 and 304 (RFC 9110 section 6.4.1).
bool may_have_body(int status) {
    return status >= 200 && status != 204 && status != 304;
}

}  // namespace

void serialize(const Request& request, bool keep_alive, std::string& output) {
    ATLAS_CHECK(is_one_line(request.method) && is_one_line(request.target) &&
                    request.target.find(' ') == std::string::npos,
                "method and target are validated before they are sent");
    append(output, {request.method, " ", request.target, " HTTP/1.1\r\n"});
    append_fields(output, request.headers);
    const bool has_body =
        !request.body.empty() || (request.method != "GET" && request.method != "HEAD");
    if (has_body) {
        append(output, {"Content-Length: "});
        append_number(output, request.body.size());
        append(output, {"\r\n"});
    }
    append(output, {keep_alive ? "\r\n" : "Connection: close\r\n\r\n", request.body});
}

void serialize(const Response& response, const ResponseForm& form, std::string& output) {
    append(output, {"HTTP/1.1 "});
    append_number(output, static_cast<std::size_t>(response.status));
    append(output, {" ", reason_phrase(response.status), "\r\n"});
    append_fields(output, response.headers);
    if (!form.date.empty()) append(output, {"Date: ", form.date, "\r\n"});
    const bool may_have = may_have_body(response.status);
    if (may_have) {
        append(output, {"Content-Length: "});
        append_number(output, response.body.size());
        append(output, {"\r\n"});
    }
    append(output, {form.keep_alive ? "\r\n" : "Connection: close\r\n\r\n"});
    if (may_have && !form.without_body) output.append(response.body);
}

}  // namespace atlas::http
