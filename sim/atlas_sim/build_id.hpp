#pragma once
// Which build this is: what a replay needs besides seed and scenario.

#include <string_view>

namespace atlas::sim::atlas_sim {

/// The commit that was configured, with "+changes" when the tree differed from it; "unknown"
/// outside a checkout.
std::string_view build_id();

}  // namespace atlas::sim::atlas_sim
