#include "system/api/openapi.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace atlas::api {
namespace {

using Json = nlohmann::json;

Json description() {
    return Json::parse(describe_api(routes()));
}

/// Every $ref below, as it is written.
void collect_references(const Json& json, std::vector<std::string>& found) {
    if (json.is_object() && json.contains("$ref")) found.push_back(json["$ref"]);
    if (!json.is_structured()) return;
    for (const Json& element : json)
        collect_references(element, found);
}

TEST(OpenApi, HasEveryRouteAndNoOther) {
    const Json api = description();
    EXPECT_EQ(api["openapi"], "3.1.0");
    std::size_t operations = 0;
    for (const Json& path : api["paths"])
        operations += path.size();
    EXPECT_EQ(operations, routes().size());
    const Json& patch = api["paths"]["/v1/users/{id}"]["patch"];
    EXPECT_TRUE(patch["requestBody"]["content"].contains("application/merge-patch+json"));
    EXPECT_EQ(patch["parameters"][0]["name"], "id");
    EXPECT_EQ(patch["parameters"][1]["name"], "If-Match");
    for (const char* status : {"200", "404", "409", "412", "428", "503"})
        EXPECT_TRUE(patch["responses"].contains(status)) << status;
    EXPECT_FALSE(api["paths"]["/v1/users/{id}"]["delete"]["responses"]["204"].contains("content"));
}

TEST(OpenApi, EveryReferenceLeadsSomewhere) {
    const Json api = description();
    std::vector<std::string> references;
    collect_references(api, references);
    EXPECT_GT(references.size(), routes().size());
    for (const std::string& reference : references)
        EXPECT_TRUE(api.contains(Json::json_pointer(reference.substr(1)))) << reference;
}

TEST(OpenApi, RoutesOfTheDatabaseHaveASession) {
    const Json paths = description()["paths"];
    const Json& get = paths["/v1/users/{id}"]["get"];
    EXPECT_EQ(get["parameters"][1]["name"], "Atlas-Consistency");
    EXPECT_EQ(get["parameters"][1]["schema"]["enum"], Json({"strong", "session", "eventual"}));
    EXPECT_EQ(get["parameters"][2]["name"], "Atlas-Session");
    EXPECT_EQ(get["responses"]["200"]["headers"]["Atlas-Session"]["required"], true);
    EXPECT_FALSE(paths["/livez"]["get"]["responses"]["200"].contains("headers"));
}

TEST(OpenApi, RequestBodiesAreDescribedByWhatValidatesThem) {
    const Json registration = description()["components"]["schemas"]["Registration"];
    EXPECT_EQ(registration["required"], Json({"email", "display_name", "password"}));
    EXPECT_EQ(registration["properties"]["password"]["minLength"], 8);
    EXPECT_EQ(registration["properties"]["password"]["maxLength"], 128);
}

TEST(OpenApi, EveryStatusHasAReason) {
    for (const Json& path : description()["paths"]) {
        for (const Json& operation : path) {
            for (const Json& response : operation["responses"])
                EXPECT_NE(response["description"], "");
        }
    }
}

}  // namespace
}  // namespace atlas::api
