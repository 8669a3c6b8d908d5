#include "system/api/schema.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace atlas::api {
namespace {

using Json = nlohmann::json;

/// JSON Pointer (RFC 6901) to a member of the root. A name is cut: it may be as long as the body.
std::string pointer_to(std::string_view name) {
    std::size_t longest = std::min<std::size_t>(name.size(), 64);
    // Not in the middle of a character (UTF-8: its later bytes begin with the bits 10).
    while (longest < name.size() && (static_cast<std::uint8_t>(name[longest]) & 0xc0) == 0x80)
        --longest;
    std::string pointer = "/";
    for (const char c : name.substr(0, longest)) {
        if (c == '~') {
            pointer += "~0";
        } else if (c == '/') {
            pointer += "~1";
        } else {
            pointer += c;
        }
    }
    return pointer;
}

/// Listens to the parser and keeps the members of the root alone: no tree is built, so that depth
/// and size cost nothing. Each callback returns whether to read on.
class Reader {
  public:
    Reader(const ObjectSchema& schema, JsonLimits limits)
        : schema_(schema), limits_(limits), seen_(schema.members.size()) {
        members.resize(schema.members.size());
    }

    Members members;
    std::vector<http::ProblemItem> faults;

    bool null() { return other_value(); }
    bool boolean(bool) { return other_value(); }
    bool number_integer(Json::number_integer_t) { return other_value(); }
    bool number_unsigned(Json::number_unsigned_t) { return other_value(); }
    bool number_float(Json::number_float_t, const std::string&) { return other_value(); }
    bool binary(Json::binary_t&) { return other_value(); }

    bool string(std::string& value) {
        if (depth_ != 1 || !current_) return other_value();
        members[*std::exchange(current_, std::nullopt)] = std::move(value);
        return true;
    }

    bool start_object(std::size_t) {
        if (depth_ > 0) return open();
        depth_ = 1;
        is_object_ = true;
        return true;
    }

    bool start_array(std::size_t) { return open(); }
    bool end_object() { return close(); }
    bool end_array() { return close(); }

    bool key(std::string& name) {
        if (depth_ != 1) return true;
        current_.reset();
        for (std::size_t i = 0; i < schema_.members.size(); ++i) {
            if (schema_.members[i].name != name) continue;
            if (seen_[i]) return fault(pointer_to(name), "The member is there twice.");
            seen_[i] = true;
            current_ = i;
            return true;
        }
        return fault(pointer_to(name), "There is no such member.");
    }

    bool parse_error(std::size_t position, const std::string&, const Json::exception&) {
        fault("", "The body is not JSON: see byte " + std::to_string(position) + ".");
        return false;
    }

    /// Once the whole body has been read.
    void check_members() {
        if (!is_object_) return;
        for (std::size_t i = 0; i < schema_.members.size(); ++i) {
            const std::optional<std::string> wrong = find_fault(i);
            if (wrong && !fault(pointer_to(schema_.members[i].name), *wrong)) return;
        }
    }

  private:
    std::optional<std::string> find_fault(std::size_t i) const {
        const StringMember& member = schema_.members[i];
        if (member.required && !seen_[i]) return "It is required.";
        if (!members[i]) return {};
        const std::optional<std::string_view> wrong = member.find_fault(*members[i]);
        return wrong ? std::optional<std::string>{*wrong} : std::nullopt;
    }

    bool fault(std::string pointer, std::string detail) {
        faults.push_back({std::move(pointer), std::move(detail)});
        return faults.size() < limits_.faults;
    }

    /// A value that the schema has no use for.
    bool other_value() {
        if (depth_ == 0) return fault("", "The body must be a JSON object.");
        if (depth_ > 1 || !current_) return true;
        const std::size_t member = *std::exchange(current_, std::nullopt);
        return fault(pointer_to(schema_.members[member].name), "It must be a string.");
    }

    bool open() {
        if (!other_value()) return false;
        if (++depth_ <= limits_.depth) return true;
        fault("", "The body is nested too deeply.");
        return false;
    }

    bool close() {
        --depth_;
        return true;
    }

    const ObjectSchema& schema_;
    JsonLimits limits_;
    std::vector<bool> seen_;
    std::size_t depth_ = 0;
    bool is_object_ = false;
    std::optional<std::size_t> current_;  ///< The member whose value comes next.
};

}  // namespace

std::expected<Members, http::Problem> read_object(std::string_view body, const ObjectSchema& schema,
                                                  JsonLimits limits) {
    Reader reader(schema, limits);
    const bool whole = Json::sax_parse(body, &reader);
    if (whole) reader.check_members();
    if (reader.faults.empty()) return std::move(reader.members);
    return std::unexpected(http::Problem{.type = http::problems::invalid_request,
                                         .detail = "The body does not fit the schema.",
                                         .errors = std::move(reader.faults)});
}

}  // namespace atlas::api
