#pragma once
// Is a response one that the API's own description allows for its request? Status, media type, the
// headers that are required, and headers and body by their schemas.

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "system/http/message.hpp"

namespace atlas::properties {

class ApiDescription {
  public:
    /// The text of /openapi.json.
    explicit ApiDescription(std::string_view openapi);

    /// Whether there is such a path with that method.
    bool has(std::string_view method, std::string_view target) const {
        return operation(method, target) != nullptr;
    }

    /// What is wrong with the response, each as a clause; nothing when it is as described.
    std::vector<std::string> faults_in(std::string_view method, std::string_view target,
                                       const http::Response& response) const;

  private:
    /// Null when there is no such path or method.
    const nlohmann::json* operation(std::string_view method, std::string_view target) const;

    nlohmann::json document_;
};

}  // namespace atlas::properties
