#pragma once
// HTTP messages as values: what a handler gets and gives. How they look on the wire is the business
// of parser.hpp and serializer.hpp alone.

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace atlas::http {

struct Header {
    std::string name;
    std::string value;

    friend bool operator==(const Header&, const Header&) = default;
};

/// ASCII letters alone, as RFC 9110 section 5.1 compares field names.
bool equal_names(std::string_view a, std::string_view b) noexcept;

/// Header fields in the order of the message. A message has few: every look-up is a linear scan.
class Headers {
  public:
    Headers() = default;
    Headers(std::initializer_list<Header> fields) : fields_(fields) {}

    /// The first field of that name, or null.
    const std::string* find(std::string_view name) const noexcept;
    std::string* find(std::string_view name) noexcept;

    /// The first field's value, or nothing: an absent field and an empty one look the same.
    std::string_view get(std::string_view name) const noexcept;

    bool contains(std::string_view name) const noexcept { return find(name) != nullptr; }
    std::size_t count(std::string_view name) const noexcept;

    /// Replaces every field of that name by one.
    void set(std::string_view name, std::string value);
    /// Adds a field beside those of the same name.
    void add(std::string name, std::string value);
    void reserve(std::size_t fields) { fields_.reserve(fields); }
    /// Removes every field of that name; returns how many there were.
    std::size_t remove(std::string_view name);

    auto begin() const { return fields_.begin(); }
    auto end() const { return fields_.end(); }
    std::size_t size() const { return fields_.size(); }
    bool empty() const { return fields_.empty(); }

    friend bool operator==(const Headers&, const Headers&) = default;

  private:
    std::vector<Header> fields_;
};

struct Request {
    std::string method = "GET";
    /// The request target as sent: a path, perhaps with a query.
    std::string target = "/";
    /// Content-Length, Transfer-Encoding and Connection are written by the serializer; a message
    /// that came from the wire still shows them.
    Headers headers;
    std::string body;

    friend bool operator==(const Request&, const Request&) = default;
};

struct Response {
    int status = 200;
    Headers headers;
    std::string body;

    friend bool operator==(const Response&, const Response&) = default;
};

/// "Not Found" for 404; empty for a status that Atlas never sends.
std::string_view reason_phrase(int status) noexcept;

}  // namespace atlas::http
