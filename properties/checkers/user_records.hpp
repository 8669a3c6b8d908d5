#pragma once
// Turns the operations on users of a history into one partition for each user.

#include <vector>

#include "properties/checkers/model.hpp"
#include "properties/checkers/user_record_model.hpp"
#include "properties/history/user_operations.hpp"

namespace atlas::properties {

/// In order of the users' ids. Left out are operations that say nothing about a record: those that
/// definitely did not happen, and reads without an answer.
///
/// A registration whose outcome is unknown has no id. It may have made a user of that e-mail
/// (folded as ASCII) whose id became known otherwise: it belongs to each user who was read with
/// that e-mail and whom no acknowledged registration made.
std::vector<Partition<UserRecordModel>> user_record_partitions(
    const std::vector<UserOperation>& operations);

}  // namespace atlas::properties
