#include "system/api/entity_tag.hpp"

#include <charconv>

namespace atlas::api {
namespace {

constexpr std::size_t most_tags = 16;

void skip_white_space(std::string_view& text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
}

struct Tag {
    std::string_view opaque;
    bool weak = false;
};

std::optional<Tag> take_tag(std::string_view& text) {
    Tag tag;
    if (text.starts_with("W/")) {
        tag.weak = true;
        text.remove_prefix(2);
    }
    if (!text.starts_with('"')) return {};
    const std::size_t end = text.find('"', 1);
    if (end == std::string_view::npos) return {};
    tag.opaque = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    for (const char c : tag.opaque) {
        if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) return {};
    }
    return tag;
}

std::optional<std::int64_t> parse_version(std::string_view opaque) {
    std::int64_t version = 0;
    const char* const end = opaque.data() + opaque.size();
    const auto [rest, error] = std::from_chars(opaque.data(), end, version);
    // Tags are compared byte by byte: "01" is not the tag of version 1.
    if (error != std::errc{} || rest != end || std::to_string(version) != opaque) return {};
    return version;
}

}  // namespace

std::string format_entity_tag(std::int64_t version) {
    return '"' + std::to_string(version) + '"';
}

std::optional<IfMatch> parse_if_match(std::string_view field) {
    skip_white_space(field);
    if (field == "*") return IfMatch{};
    std::vector<std::int64_t> versions;
    for (std::size_t count = 0; count < most_tags; ++count) {
        const std::optional<Tag> tag = take_tag(field);
        if (!tag) return {};
        const auto version = tag->weak ? std::nullopt : parse_version(tag->opaque);
        if (version) versions.push_back(*version);
        skip_white_space(field);
        if (field.empty()) return IfMatch{std::move(versions)};
        if (!field.starts_with(',')) return {};
        field.remove_prefix(1);
        skip_white_space(field);
    }
    return {};
}

}  // namespace atlas::api
