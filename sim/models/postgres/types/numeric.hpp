#pragma once
// numeric: decimal numbers of any size, each with the number of digits it shows behind the point.
// NaN and infinity are not covered.

#include <boost/multiprecision/cpp_int.hpp>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sim/models/postgres/failure.hpp"

namespace atlas::sim::models::postgres {

class Numeric {
  public:
    using Integer = boost::multiprecision::cpp_int;

    Numeric() = default;
    explicit Numeric(std::int64_t number) : digits_(number) {}
    /// digits / 10^scale.
    Numeric(Integer digits, int scale) : digits_(std::move(digits)), scale_(scale) {}

    /// Errors: 22P02, 22003; 0A000 for NaN and infinity.
    static Checked<Numeric> parse(std::string_view text);
    std::string text() const;

    int scale() const { return scale_; }
    const Integer& digits() const { return digits_; }
    bool is_zero() const { return digits_ == 0; }
    int sign() const { return digits_.sign(); }

    /// With that many digits behind the point (before it, if negative): rounded half away from
    /// zero, or cut.
    Numeric rounded(int scale) const;
    Numeric truncated(int scale) const;
    Numeric floor() const;
    Numeric ceiling() const;

    /// Rounded. nullopt if it does not fit.
    std::optional<std::int64_t> to_integer() const;

    /// Fits numeric(precision, scale) once rounded. Errors: 22003.
    Checked<Numeric> with_modifier(std::int32_t modifier) const;

    friend Numeric operator+(const Numeric& left, const Numeric& right);
    friend Numeric operator-(const Numeric& left, const Numeric& right);
    friend Numeric operator*(const Numeric& left, const Numeric& right);
    Numeric operator-() const { return {-digits_, scale_}; }
    /// With as many digits as PostgreSQL gives. Errors: 22012.
    static Checked<Numeric> divide(const Numeric& left, const Numeric& right);
    static Checked<Numeric> divide_whole(const Numeric& left, const Numeric& right);
    static Checked<Numeric> remainder(const Numeric& left, const Numeric& right);

    /// By value: 1.0 is 1.00.
    friend std::strong_ordering operator<=>(const Numeric& left, const Numeric& right);
    friend bool operator==(const Numeric& left, const Numeric& right) {
        return (left <=> right) == std::strong_ordering::equal;
    }

  private:
    Integer digits_ = 0;
    int scale_ = 0;
};

}  // namespace atlas::sim::models::postgres
