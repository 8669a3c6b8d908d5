#pragma once
// Is a JSON value what a schema says? Knows the keywords of JSON Schema 2020-12 that Atlas's own
// description uses, and reports any other: a keyword that is passed over would check nothing.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace atlas::properties {

/// What is wrong with the value, each as a clause that begins with its JSON Pointer; nothing when
/// it is valid. References point into `document`.
std::vector<std::string> faults_by_schema(const nlohmann::json& document,
                                          const nlohmann::json& schema,
                                          const nlohmann::json& value);

}  // namespace atlas::properties
