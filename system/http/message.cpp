#include "system/http/message.hpp"

#include <algorithm>
#include <utility>

namespace atlas::http {
namespace {

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

bool equal_names(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
               return x == y || lower(x) == lower(y);
           });
}

const std::string* Headers::find(std::string_view name) const noexcept {
    for (const Header& field : fields_) {
        if (equal_names(field.name, name)) return &field.value;
    }
    return nullptr;
}

std::string* Headers::find(std::string_view name) noexcept {
    return const_cast<std::string*>(std::as_const(*this).find(name));
}

std::string_view Headers::get(std::string_view name) const noexcept {
    const std::string* value = find(name);
    return value == nullptr ? std::string_view{} : std::string_view{*value};
}

std::size_t Headers::count(std::string_view name) const noexcept {
    return static_cast<std::size_t>(
        std::count_if(fields_.begin(), fields_.end(),
                      [&](const Header& field) { return equal_names(field.name, name); }));
}

void Headers::set(std::string_view name, std::string value) {
    if (std::string* first = find(name); first != nullptr && count(name) == 1) {
        *first = std::move(value);
        return;
    }
    remove(name);
    fields_.push_back({std::string{name}, std::move(value)});
}

void Headers::add(std::string name, std::string value) {
    fields_.push_back({std::move(name), std::move(value)});
}

std::size_t Headers::remove(std::string_view name) {
    return std::erase_if(fields_,
                         [&](const Header& field) { return equal_names(field.name, name); });
}

std::string_view reason_phrase(int status) noexcept {
    switch (status) {
        case 100:
            return "Continue";
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 204:
            return "No Content";
        case 400:
            return "Bad Request";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 411:
            return "Length Required";
        case 412:
            return "Precondition Failed";
        case 413:
            return "Content Too Large";
        case 414:
            return "URI Too Long";
        case 415:
            return "Unsupported Media Type";
        case 417:
            return "Expectation Failed";
        case 422:
            return "Unprocessable Content";
        case 428:
            return "Precondition Required";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 503:
            return "Service Unavailable";
        case 505:
            return "HTTP Version Not Supported";
        default:
            return {};
    }
}

}  // namespace atlas::http
