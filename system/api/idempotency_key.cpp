#include "system/api/idempotency_key.hpp"

#include <algorithm>

namespace atlas::api {
namespace {

constexpr std::size_t longest_key = 255;

bool is_printable(char c) {
    return c >= 0x20 && c <= 0x7e;
}

/// What stands between the quotes, unescaped; nothing when they do not enclose all of it.
std::optional<std::string> unquote(std::string_view text) {
    if (text.size() < 2 || !text.ends_with('"')) return {};
    text = text.substr(1, text.size() - 2);
    std::string key;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '"' || !is_printable(text[i])) return {};
        if (text[i] == '\\') {
            ++i;
            if (i == text.size() || (text[i] != '"' && text[i] != '\\')) return {};
        }
        key += text[i];
    }
    return key;
}

bool is_bare(std::string_view text) {
    return std::ranges::all_of(
        text, [](char c) { return is_printable(c) && c != ' ' && c != '"' && c != '\\'; });
}

}  // namespace

std::optional<std::string> parse_idempotency_key(std::string_view field) {
    std::optional<std::string> key;
    if (field.starts_with('"')) {
        key = unquote(field);
    } else if (is_bare(field)) {
        key = std::string{field};
    }
    if (!key || key->empty() || key->size() > longest_key) return {};
    return key;
}

}  // namespace atlas::api
