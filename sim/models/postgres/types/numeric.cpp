#include "sim/models/postgres/types/numeric.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "sim/models/postgres/types/text_format.hpp"

namespace atlas::sim::models::postgres {
namespace {

using Integer = Numeric::Integer;

/// PostgreSQL's limits: digits before the point, digits behind it, and those a division shows.
constexpr int most_digits = 131'072;
constexpr int most_scale = 16'383;
constexpr int most_division_scale = 1'000;
constexpr int least_significant_digits = 16;
/// PostgreSQL computes in groups of four decimal digits, and a quotient's length follows from that.
constexpr int group_digits = 4;

Integer power_of_ten(int exponent) {
    return boost::multiprecision::pow(Integer(10), static_cast<unsigned>(exponent));
}

Integer scaled(const Numeric& number, int scale) {
    return number.digits() * power_of_ten(scale - number.scale());
}

// Half away from zero.
Integer divided_rounding(const Integer& dividend, const Integer& divisor) {
    Integer quotient;
    Integer rest;
    boost::multiprecision::divide_qr(dividend, divisor, quotient, rest);
    if (abs(rest) * 2 >= abs(divisor)) quotient += dividend.sign() * divisor.sign();
    return quotient;
}

// The place (in groups from the point) and the value of the first group that is not zero.
struct FirstGroup {
    int weight = 0;
    int value = 0;
};

FirstGroup first_group(const Numeric& number) {
    if (number.is_zero()) return {};
    // So many digits behind the point that they are whole groups.
    const int scale = (number.scale() + group_digits - 1) / group_digits * group_digits;
    const std::string digits = Integer(abs(scaled(number, scale))).str();
    const int size = static_cast<int>(digits.size());
    const int in_first = (size - 1) % group_digits + 1;
    FirstGroup first{.weight = (size - in_first) / group_digits - scale / group_digits};
    std::from_chars(digits.data(), digits.data() + in_first, first.value);
    return first;
}

int division_scale(const Numeric& left, const Numeric& right) {
    const FirstGroup of_left = first_group(left);
    const FirstGroup of_right = first_group(right);
    int weight = of_left.weight - of_right.weight;
    if (of_left.value <= of_right.value) --weight;
    const int scale = std::max(
        {least_significant_digits - weight * group_digits, left.scale(), right.scale(), 0});
    return std::min(scale, most_division_scale);
}

std::unexpected<Failure> invalid(std::string_view text) {
    return sql_error("22P02", fmt::format("invalid input syntax for type numeric: \"{}\"", text));
}

std::unexpected<Failure> overflow() {
    return sql_error("22003", "value overflows numeric format");
}

std::unexpected<Failure> division_by_zero() {
    return sql_error("22012", "division by zero");
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_named_value(std::string_view body) {
    std::string lower;
    for (const char c : body)
        lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (lower == "nan") return true;
    if (lower.starts_with('+') || lower.starts_with('-')) lower.erase(0, 1);
    return lower == "infinity" || lower == "inf";
}

}  // namespace

Checked<Numeric> Numeric::parse(std::string_view text) {
    std::string_view body = trimmed(text);
    if (is_named_value(body)) return not_covered("NaN and infinity as numeric");
    const bool negative = body.starts_with('-');
    if (negative || body.starts_with('+')) body.remove_prefix(1);
    std::string digits;
    int scale = 0;
    bool point = false;
    std::size_t i = 0;
    for (; i < body.size() && (is_digit(body[i]) || (body[i] == '.' && !point)); ++i) {
        if (body[i] == '.') {
            point = true;
            continue;
        }
        digits += body[i];
        if (point) ++scale;
    }
    if (digits.empty()) return invalid(text);
    if (i < body.size() && (body[i] == 'e' || body[i] == 'E')) {
        std::string_view rest = body.substr(i + 1);
        if (rest.starts_with('+')) rest.remove_prefix(1);
        int exponent = 0;
        const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), exponent);
        if (error == std::errc::invalid_argument || end != rest.data() + rest.size())
            return invalid(text);
        if (error != std::errc{} || exponent > most_digits || exponent < -most_digits)
            return overflow();
        scale -= exponent;
        i = body.size();
    }
    if (i != body.size()) return invalid(text);
    if (scale > most_scale) return not_covered("numeric with so many digits");
    // A leading zero would make it octal.
    digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
    if (static_cast<int>(digits.size()) - scale > most_digits) return overflow();
    Integer number(digits);
    if (negative) number = -number;
    if (scale < 0) {
        number *= power_of_ten(-scale);
        scale = 0;
    }
    return Numeric(std::move(number), scale);
}

std::string Numeric::text() const {
    std::string shown = Integer(abs(digits_)).str();
    if (scale_ > 0) {
        const auto scale = static_cast<std::size_t>(scale_);
        if (shown.size() <= scale) shown.insert(0, scale + 1 - shown.size(), '0');
        shown.insert(shown.size() - scale, 1, '.');
    }
    return digits_ < 0 ? "-" + shown : shown;
}

Numeric Numeric::rounded(int scale) const {
    if (scale >= scale_) return {scaled(*this, scale), scale};
    const Integer cut = divided_rounding(digits_, power_of_ten(scale_ - scale));
    if (scale >= 0) return {cut, scale};
    return {cut * power_of_ten(-scale), 0};
}

Numeric Numeric::truncated(int scale) const {
    if (scale >= scale_) return {scaled(*this, scale), scale};
    const Integer cut = digits_ / power_of_ten(scale_ - scale);
    if (scale >= 0) return {cut, scale};
    return {cut * power_of_ten(-scale), 0};
}

Numeric Numeric::floor() const {
    const Numeric whole = truncated(0);
    return *this < whole ? whole - Numeric(1) : whole;
}

Numeric Numeric::ceiling() const {
    const Numeric whole = truncated(0);
    return *this > whole ? whole + Numeric(1) : whole;
}

std::optional<std::int64_t> Numeric::to_integer() const {
    const Integer whole = rounded(0).digits_;
    if (whole < std::numeric_limits<std::int64_t>::min() ||
        whole > std::numeric_limits<std::int64_t>::max())
        return std::nullopt;
    return static_cast<std::int64_t>(whole);
}

Checked<Numeric> Numeric::with_modifier(std::int32_t modifier) const {
    if (modifier < 0) return *this;
    const int precision = ((modifier - 4) >> 16) & 0xFFFF;
    // Eleven bits with a sign.
    const int scale = (((modifier - 4) & 0x7FF) ^ 1024) - 1024;
    Numeric result = rounded(scale);
    if (abs(result.digits_) < power_of_ten(precision - scale + std::max(scale, 0))) return result;
    auto error = sql_error("22003", "numeric field overflow");
    error.error()->detail = fmt::format(
        "A field with precision {}, scale {} must round to an absolute value less than "
        "{}{}.",
        precision, scale, precision == scale ? "" : "10^",
        precision == scale ? 1 : precision - scale);
    return error;
}

Numeric operator+(const Numeric& left, const Numeric& right) {
    const int scale = std::max(left.scale_, right.scale_);
    return {scaled(left, scale) + scaled(right, scale), scale};
}

Numeric operator-(const Numeric& left, const Numeric& right) {
    return left + -right;
}

Numeric operator*(const Numeric& left, const Numeric& right) {
    const Numeric exact(left.digits_ * right.digits_, left.scale_ + right.scale_);
    return exact.scale_ > most_scale ? exact.rounded(most_scale) : exact;
}

Checked<Numeric> Numeric::divide(const Numeric& left, const Numeric& right) {
    if (right.is_zero()) return division_by_zero();
    const int scale = division_scale(left, right);
    // left / right = (digits 10^(scale + right.scale)) / (digits 10^left.scale) 10^-scale.
    return Numeric(divided_rounding(left.digits_ * power_of_ten(scale + right.scale_),
                                    right.digits_ * power_of_ten(left.scale_)),
                   scale);
}

Checked<Numeric> Numeric::divide_whole(const Numeric& left, const Numeric& right) {
    if (right.is_zero()) return division_by_zero();
    const int scale = std::max(left.scale_, right.scale_);
    return Numeric(scaled(left, scale) / scaled(right, scale), 0);
}

Checked<Numeric> Numeric::remainder(const Numeric& left, const Numeric& right) {
    if (right.is_zero()) return division_by_zero();
    const int scale = std::max(left.scale_, right.scale_);
    return Numeric(scaled(left, scale) % scaled(right, scale), scale);
}

std::strong_ordering operator<=>(const Numeric& left, const Numeric& right) {
    const int scale = std::max(left.scale_, right.scale_);
    const int order = scaled(left, scale).compare(scaled(right, scale));
    return order <=> 0;
}

}  // namespace atlas::sim::models::postgres
