#include "sim/models/postgres/replication/synchronous_standbys.hpp"

#include <algorithm>
#include <charconv>

namespace atlas::sim::models::postgres {
namespace {

bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

std::string lowered(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return lower;
}

std::unexpected<Failure> invalid(std::string_view text, std::string detail) {
    auto error = sql_error(
        "42601",
        fmt::format("invalid value for parameter \"synchronous_standby_names\": \"{}\"", text));
    error.error()->detail = std::move(detail);
    return error;
}

// Words, names in double quotes, and the signs ( ) , *.
class Tokens {
  public:
    explicit Tokens(std::string_view text) : rest_(text) {}

    struct Token {
        std::string text;
        bool is_name = false;  ///< A name, a word or a number.
        bool quoted = false;
    };

    /// Empty text at the end; nullopt for what can be no token.
    std::optional<Token> next() {
        while (!rest_.empty() && is_space(rest_.front()))
            rest_.remove_prefix(1);
        if (rest_.empty()) return Token{};
        const char first = rest_.front();
        if (first == '"') return quoted_name();
        if (first == '(' || first == ')' || first == ',' || first == '*') {
            rest_.remove_prefix(1);
            return Token{.text = std::string(1, first), .is_name = first == '*'};
        }
        std::size_t size = 0;
        while (size < rest_.size() && is_word(rest_[size]))
            ++size;
        if (size == 0) return std::nullopt;
        Token token{.text = std::string(rest_.substr(0, size)), .is_name = true};
        rest_.remove_prefix(size);
        return token;
    }

  private:
    static bool is_word(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '$' || static_cast<unsigned char>(c) >= 0x80;
    }

    std::optional<Token> quoted_name() {
        rest_.remove_prefix(1);
        Token token{.text = {}, .is_name = true, .quoted = true};
        while (!rest_.empty()) {
            const bool doubled = rest_.starts_with("\"\"");
            if (rest_.front() == '"' && !doubled) {
                rest_.remove_prefix(1);
                return token;
            }
            token.text += rest_.front();
            rest_.remove_prefix(doubled ? 2 : 1);
        }
        return std::nullopt;
    }

    std::string_view rest_;
};

bool matches(std::string_view listed, std::string_view application_name) {
    return listed == "*" || lowered(listed) == lowered(application_name);
}

// The places, in the list of followers, of those that count: for FIRST the `count` of the best
// priority, for ANY all that are listed.
std::vector<std::size_t> candidates(const SynchronousStandbys& standbys,
                                    std::span<const StandbyProgress> followers) {
    std::vector<std::pair<std::uint32_t, std::size_t>> listed;
    for (std::size_t i = 0; i < followers.size(); ++i) {
        // One that has not said yet how far it is pushes nobody aside.
        if (!followers[i].streams || followers[i].flushed == 0) continue;
        const std::uint32_t priority = standbys.priority(followers[i].application_name);
        if (priority > 0) listed.emplace_back(priority, i);
    }
    std::ranges::sort(listed);
    if (!standbys.any && listed.size() > standbys.count) listed.resize(standbys.count);
    std::vector<std::size_t> places;
    for (const auto& [priority, place] : listed)
        places.push_back(place);
    return places;
}

}  // namespace

std::uint32_t SynchronousStandbys::priority(std::string_view application_name) const {
    if (count == 0 || application_name.empty()) return 0;
    const auto found = std::ranges::find_if(
        names, [&](const std::string& listed) { return matches(listed, application_name); });
    if (found == names.end()) return 0;
    return any ? 1 : static_cast<std::uint32_t>(found - names.begin()) + 1;
}

Checked<SynchronousStandbys> parse_synchronous_standbys(std::string_view text) {
    Tokens tokens(text);
    std::vector<Tokens::Token> found;
    while (true) {
        std::optional<Tokens::Token> token = tokens.next();
        if (!token) return invalid(text, "syntax error");
        if (token->text.empty() && !token->quoted) break;
        found.push_back(*std::move(token));
    }
    SynchronousStandbys standbys;
    if (found.empty()) return standbys;
    std::size_t at = 0;
    const auto word = [&](std::size_t i) {
        return i < found.size() && !found[i].quoted ? lowered(found[i].text) : std::string();
    };
    const bool has_list = std::ranges::any_of(
        found, [](const Tokens::Token& token) { return !token.quoted && token.text == "("; });
    standbys.count = 1;
    if (has_list) {
        standbys.any = word(0) == "any";
        if (standbys.any || word(0) == "first") ++at;
        const std::string number = word(at);
        const char* const end = number.data() + number.size();
        const auto [stopped, error] = std::from_chars(number.data(), end, standbys.count);
        if (error != std::errc{} || stopped != end || word(at + 1) != "(")
            return invalid(text, "syntax error");
        at += 2;
        if (word(found.size() - 1) != ")") return invalid(text, "syntax error at end of input");
        found.pop_back();
    }
    for (bool name_expected = true; at < found.size() || name_expected; ++at) {
        if (at >= found.size()) return invalid(text, "syntax error at end of input");
        const Tokens::Token& token = found[at];
        if (name_expected != token.is_name || (!name_expected && token.text != ","))
            return invalid(text, fmt::format("syntax error at or near \"{}\"", token.text));
        if (name_expected) standbys.names.push_back(token.text);
        name_expected = !name_expected;
    }
    if (standbys.count == 0) {
        return sql_error("22023", "number of synchronous standbys (0) must be greater than zero");
    }
    return standbys;
}

std::optional<SynchronousPositions> synchronous_positions(
    const SynchronousStandbys& standbys, std::span<const StandbyProgress> followers) {
    const std::vector<std::size_t> places = candidates(standbys, followers);
    if (standbys.is_empty() || places.size() < standbys.count) return std::nullopt;
    const auto position = [&](std::uint64_t StandbyProgress::* field) {
        std::vector<std::uint64_t> reached;
        for (const std::size_t place : places)
            reached.push_back(followers[place].*field);
        // With FIRST there are exactly `count`, so that it is the least of them.
        std::ranges::sort(reached, std::greater{});
        return reached[standbys.count - 1];
    };
    return SynchronousPositions{.written = position(&StandbyProgress::written),
                                .flushed = position(&StandbyProgress::flushed),
                                .applied = position(&StandbyProgress::applied)};
}

std::string_view synchronous_state(const SynchronousStandbys& standbys,
                                   std::span<const StandbyProgress> followers, std::size_t which) {
    if (standbys.priority(followers[which].application_name) == 0) return "async";
    const std::vector<std::size_t> places = candidates(standbys, followers);
    if (std::ranges::find(places, which) == places.end()) return "potential";
    return standbys.any ? "quorum" : "sync";
}

}  // namespace atlas::sim::models::postgres
