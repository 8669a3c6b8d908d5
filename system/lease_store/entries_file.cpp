#include "system/lease_store/entries_file.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <nlohmann/json.hpp>

#include "system/host/check.hpp"
#include "system/lease_store/entry_json.hpp"
#include "system/lease_store/store_mark.hpp"

namespace atlas::lease_store {
namespace {

std::string sha256(std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    const int made =
        EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr);
    ATLAS_CHECK(made == 1 && length == 32, "SHA-256 is always there");
    std::string text;
    for (unsigned i = 0; i < length; ++i)
        text += fmt::format("{:02x}", digest[i]);
    return text;
}

}  // namespace

std::string encode_file(const std::string& identity, const Entries& entries) {
    nlohmann::json json = to_json(entries, "");
    json["store"] = identity;
    const std::string body = json.dump(1) + "\n";
    return sha256(body) + "\n" + body;
}

std::optional<StoredEntries> decode_file(std::string_view bytes) {
    const std::size_t line = bytes.find('\n');
    if (line == std::string_view::npos) return std::nullopt;
    const std::string_view body = bytes.substr(line + 1);
    if (sha256(body) != bytes.substr(0, line)) return std::nullopt;
    const nlohmann::json json = nlohmann::json::parse(body, nullptr, false);
    std::optional<Entries> entries = to_entries(json);
    if (!entries || !json.contains("store") || !json["store"].is_string()) return std::nullopt;
    StoredEntries stored{json["store"].get<std::string>(), *std::move(entries)};
    if (!is_identity(stored.identity)) return std::nullopt;
    return stored;
}

}  // namespace atlas::lease_store
