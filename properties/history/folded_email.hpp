#pragma once
// The rule by which two e-mail addresses are one: ASCII letters alone are folded. Written here a
// second time on purpose: a checker that asked the system what is right would agree with its bugs.

#include <string>
#include <string_view>

namespace atlas::properties {

inline std::string folded_email(std::string_view email) {
    std::string folded(email);
    for (char& c : folded) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return folded;
}

}  // namespace atlas::properties
