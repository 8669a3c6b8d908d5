#pragma once
// Reads the log lines of Jepsen's etcd test, the first of Porcupine's two test formats:
//
//   INFO  jepsen.util - 3 :invoke :cas [1 2]
//
// process, type, function and value, set apart by tabs or blanks. One register, nil at first.
//   :invoke  :read nil | :write N | :cas [A B]
//   :ok      :read nil | :read N | :write N | :cas [A B]
//   :fail    :cas [A B]            the value was not A
//            anything :timed-out   it did not happen
//   :info    anything :timed-out   it may have happened, or happen later
// An operation whose end is missing is as one with :info. Lines of :nemesis are passed over.

#include <expected>
#include <string_view>

#include "properties/checkers/model.hpp"
#include "properties/checkers/register_model.hpp"
#include "properties/history/unreadable.hpp"

namespace atlas::properties {

std::expected<Partition<RegisterModel>, Unreadable> read_etcd_log(std::string_view text);

}  // namespace atlas::properties
