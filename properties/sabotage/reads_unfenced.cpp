#include "properties/sabotage/reads_unfenced.hpp"

#include <string_view>

#include "system/host/check.hpp"

namespace atlas::properties {

namespace {

constexpr std::string_view fence_name = "read_fence";
constexpr std::string_view its_commit = ", pg_catalog.setval('read_fence', 1)";

class UnfencedConnection final : public DecoratedConnection {
  public:
    UnfencedConnection(std::unique_ptr<sql::Connection> inner, SabotageLedger& ledger)
        : DecoratedConnection(std::move(inner)), ledger_(ledger) {}

    host::Task<sql::Result<void>> prepare(host::Context context, std::string name,
                                          std::string text) override {
        if (name == fence_name) {
            const std::size_t at = text.find(its_commit);
            ATLAS_CHECK(at != std::string::npos, "the sabotage follows the statement");
            text.erase(at, its_commit.size());
            ++ledger_.acted;
        }
        return DecoratedConnection::prepare(context, std::move(name), std::move(text));
    }

  private:
    SabotageLedger& ledger_;
};

}  // namespace

DriverDecoration reads_unfenced(SabotageLedger& ledger) {
    return {.connection = [&ledger](std::unique_ptr<sql::Connection> inner) {
        return std::make_unique<UnfencedConnection>(std::move(inner), ledger);
    }};
}

}  // namespace atlas::properties
