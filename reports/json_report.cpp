// A run's report as one line of JSON: what workers hand to their parent, and what scripts read.

#include <nlohmann/json.hpp>

#include "reports/run_report.hpp"

namespace atlas::reports {
namespace {

using Json = nlohmann::ordered_json;

Json from_named_values(const std::vector<NamedValue>& values) {
    Json object = Json::object();
    for (const NamedValue& each : values)
        object[each.name] = each.value;
    return object;
}

std::vector<NamedValue> to_named_values(const Json& object) {
    std::vector<NamedValue> values;
    for (const auto& [name, value] : object.items())
        values.push_back({name, value});
    return values;
}

properties::Verdict verdict_named(const std::string& text) {
    for (const properties::Verdict verdict :
         {properties::Verdict::valid, properties::Verdict::unknown}) {
        if (properties::name(verdict) == text) return verdict;
    }
    return properties::Verdict::invalid;
}

}  // namespace

std::string to_json(const RunReport& report, const std::optional<Effort>& effort) {
    Json json{
        {"seed", report.seed},
        {"scenario", report.scenario},
        {"configuration_hash", report.configuration_hash},
        {"build", report.build},
        {"exit_code", report.exit_code},
        {"trace_hash", report.trace_hash},
        {"events", report.events},
        {"virtual_milliseconds", report.virtual_milliseconds},
        {"options", from_named_values(report.options)},
        {"sabotages", from_named_values(report.sabotages)},
        {"timeline", report.timeline},
        {"expected_deaths", report.expected_deaths},
        {"no_progress", report.no_progress},
        {"unmet_expectation", report.unmet_expectation},
        {"replay", report.replay},
    };
    json["operations"] = Json::array();
    for (const OperationCount& count : report.operations) {
        json["operations"].push_back(
            {{"name", count.name}, {"ok", count.ok}, {"fail", count.fail}, {"info", count.info}});
    }
    json["faults"] = Json::array();
    for (const FaultCount& fault : report.faults) {
        json["faults"].push_back({{"kind", fault.kind},
                                  {"armed", fault.armed},
                                  {"fired", fault.fired},
                                  {"effective", fault.effective}});
    }
    json["properties"] = Json::array();
    for (const PropertyResult& property : report.properties) {
        json["properties"].push_back({{"name", property.name},
                                      {"verdict", properties::name(property.verdict)},
                                      {"explanation", property.explanation}});
    }
    if (effort) {
        json["effort"] = {{"wall_milliseconds", effort->wall_milliseconds},
                          {"peak_memory_bytes", effort->peak_memory_bytes}};
    }
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<RunReport> from_json(const std::string& text) {
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) return std::nullopt;
    try {
        RunReport report;
        report.seed = json.at("seed");
        report.scenario = json.at("scenario");
        report.configuration_hash = json.at("configuration_hash");
        report.build = json.at("build");
        report.exit_code = json.at("exit_code");
        report.trace_hash = json.at("trace_hash");
        report.events = json.at("events");
        report.virtual_milliseconds = json.at("virtual_milliseconds");
        report.options = to_named_values(json.at("options"));
        report.sabotages = to_named_values(json.at("sabotages"));
        report.timeline = json.at("timeline").get<std::vector<std::string>>();
        report.expected_deaths = json.at("expected_deaths").get<std::vector<std::string>>();
        report.no_progress = json.at("no_progress");
        report.unmet_expectation = json.at("unmet_expectation");
        report.replay = json.at("replay");
        for (const Json& each : json.at("operations")) {
            report.operations.push_back(
                {each.at("name"), each.at("ok"), each.at("fail"), each.at("info")});
        }
        for (const Json& each : json.at("faults")) {
            report.faults.push_back(
                {each.at("kind"), each.at("armed"), each.at("fired"), each.at("effective")});
        }
        for (const Json& each : json.at("properties")) {
            report.properties.push_back(
                {each.at("name"), verdict_named(each.at("verdict")), each.at("explanation")});
        }
        return report;
    } catch (const Json::exception&) {
        return std::nullopt;
    }
}

}  // namespace atlas::reports
