#include "system/domain/user.hpp"

#include <algorithm>

namespace atlas::domain {
namespace {

bool is_control(std::string_view text, std::size_t i) {
    const auto byte = static_cast<std::uint8_t>(text[i]);
    if (byte < 0x20 || byte == 0x7f) return true;
    // U+0080 to U+009F, the second set of controls.
    return byte == 0xc2 && i + 1 < text.size() && static_cast<std::uint8_t>(text[i + 1]) < 0xa0;
}

bool has_control(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (is_control(text, i)) return true;
    }
    return false;
}

/// A letter, a digit, or part of a character beyond ASCII (an internationalised label).
bool is_label_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           static_cast<std::uint8_t>(c) >= 0x80;
}

bool is_label(std::string_view label) {
    if (label.empty() || label.size() > 63) return false;
    if (label.front() == '-' || label.back() == '-') return false;
    return std::all_of(label.begin(), label.end(),
                       [](char c) { return c == '-' || is_label_character(c); });
}

bool is_domain_name(std::string_view name) {
    std::size_t labels = 0;
    for (;;) {
        const std::size_t dot = name.find('.');
        if (!is_label(name.substr(0, dot))) return false;
        ++labels;
        if (dot == std::string_view::npos) return labels >= 2;
        name.remove_prefix(dot + 1);
    }
}

bool is_local_part(std::string_view local) {
    if (local.empty() || local.size() > 64) return false;
    return local.find_first_of(" \"(),:;<>@[\\]") == std::string_view::npos;
}

}  // namespace

std::size_t length_in_code_points(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<std::uint8_t>(c) & 0xc0) != 0x80;
    }));
}

std::optional<std::string_view> find_fault_in_email(std::string_view email) {
    if (length_in_code_points(email) > email_max_length) {
        return "An e-mail address has at most 254 characters.";
    }
    const std::size_t at = email.rfind('@');
    if (at == std::string_view::npos || has_control(email) || !is_local_part(email.substr(0, at)) ||
        !is_domain_name(email.substr(at + 1))) {
        return "This is not an e-mail address (local-part@domain).";
    }
    return {};
}

std::optional<std::string_view> find_fault_in_display_name(std::string_view display_name) {
    if (length_in_code_points(display_name) > display_name_max_length) {
        return "A display name has at most 100 characters.";
    }
    if (display_name.find_first_not_of(' ') == std::string_view::npos) {
        return "A display name must not be blank.";
    }
    if (has_control(display_name)) return "A display name has no control characters.";
    return {};
}

std::optional<std::string_view> find_fault_in_password(std::string_view password) {
    const std::size_t length = length_in_code_points(password);
    if (length < password_min_length) return "A password has at least 8 characters.";
    if (length > password_max_length) return "A password has at most 128 characters.";
    return {};
}

std::string fold_email(std::string_view email) {
    std::string folded{email};
    for (char& c : folded) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return folded;
}

}  // namespace atlas::domain
