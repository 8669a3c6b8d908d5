#include "sim/kernel/seed.hpp"

#include <xxhash.h>

#include <algorithm>
#include <charconv>

namespace atlas::sim::kernel {

Seed::Seed(std::uint64_t number) : Seed(std::to_string(number)) {}

Seed::Seed(std::string text) : text_(std::move(text)) {
    const XXH128_hash_t hash = XXH3_128bits(text_.data(), text_.size());
    low_ = hash.low64;
    high_ = hash.high64;
}

std::optional<Seed> Seed::parse(std::string_view text) {
    const bool is_commit =
        text.size() == 40 && std::all_of(text.begin(), text.end(), [](char c) {
            return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        });
    if (is_commit) {
        std::string lower{text};
        for (char& c : lower) {
            if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
        }
        return Seed{std::move(lower)};
    }
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return Seed{number};
}

host::RandomSource Seed::derive(std::initializer_list<Part> parts) const {
    XXH128_hash_t hash{low_, high_};
    for (const Part& part : parts) {
        std::uint64_t words[4] = {hash.low64, hash.high64, part.index(), 0};
        if (const auto* text = std::get_if<std::string_view>(&part)) {
            words[3] = XXH3_64bits(text->data(), text->size());
        } else {
            words[3] = std::get<std::uint64_t>(part);
        }
        hash = XXH3_128bits(words, sizeof words);
    }
    return host::RandomSource{hash.low64, hash.high64};
}

}  // namespace atlas::sim::kernel
