#pragma once
// docs/faults.md, written from the registries, so that it cannot say anything else than the code.

#include <string>

namespace atlas::sim::faults {

/// The whole page, in Markdown.
std::string fault_document();

}  // namespace atlas::sim::faults
