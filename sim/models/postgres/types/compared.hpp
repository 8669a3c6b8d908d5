#pragma once
// The types whose equal values may be kept differently: char(n), with more or fewer spaces at its
// end, and jsonb, with more or fewer zeros at the end of a number.

#include "sim/models/postgres/types/type.hpp"
#include "sim/models/postgres/types/value.hpp"

namespace atlas::sim::models::postgres {

/// Whether compare() of values as they are kept is the comparison of the type.
inline bool is_compared_as_kept(TypeId type) {
    return type != TypeId::bpchar && type != TypeId::jsonb;
}

/// Whether values of the two types are equal when compare() of their compared forms says so.
bool are_compared_alike(TypeId left, TypeId right);

/// The value in a form whose compare() is the equality of its type, and its order where the model
/// has one: what is sorted, grouped and looked up by.
Value compared_form(TypeId type, Value value);

/// Equal and written alike: 1.0 and 1.00 are not, nor are a month and 30 days. What changes the
/// one into the other changes the key of a row.
bool is_same_image(const Value& left, const Value& right);

}  // namespace atlas::sim::models::postgres
