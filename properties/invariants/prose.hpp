#pragma once
// Words that several properties use.

#include <string>
#include <string_view>
#include <vector>

#include "properties/history/user_operations.hpp"
#include "properties/verdict.hpp"

namespace atlas::properties {

/// "client 3's patch_user on lines 7 to 9".
std::string describe(const UserOperation& operation);

/// "1.204000 s".
std::string describe(host::Duration time);

/// Valid with `held` when nothing was found wrong; else invalid, one line for each finding, those
/// past the tenth counted only.
Judgement judge(const std::vector<std::string>& wrong, std::string_view held);

}  // namespace atlas::properties
