#pragma once
// The list of properties, for `atlas-sim list properties`, `--expect invalid:NAME` and the verdict
// of a run.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "properties/invariants/run_record.hpp"
#include "properties/verdict.hpp"

namespace atlas::properties {

struct Property {
    std::string_view name;      ///< "unique-emails"
    std::string_view sentence;  ///< What it says, for people.
    Judgement (*check)(const RunRecord&);
};

/// In the order in which a report shows them.
std::span<const Property> all_properties();
const Property* find_property(std::string_view name);

struct Finding {
    std::string_view property;
    Judgement judgement;
};

/// All properties of a run.
struct RunVerdict {
    Verdict verdict = Verdict::valid;  ///< Invalid beats unknown beats valid.
    std::vector<Finding> findings;

    bool violates(std::string_view property) const;
};

/// Without those about which nobody watched the run: RunFacts has nothing then.
RunVerdict judge_run(const RunRecord& run);

}  // namespace atlas::properties
