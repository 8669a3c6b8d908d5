#pragma once
// Reads the key-value lines of Porcupine's second test format, one EDN map a line:
//
//   {:process 3, :type :invoke, :f :append, :key "0", :value "x 3 0 y"}
//   {:process 3, :type :ok, :f :append, :key "0", :value "x 3 0 y"}
//
// :f is :get, :put or :append; a get is invoked with nil and answers a text. A key never put holds
// the empty text. Those files have :invoke and :ok alone; :fail (it did not happen) and :info (it
// may have) are understood too, and an operation whose end is missing is as one with :info.

#include <expected>
#include <string_view>
#include <vector>

#include "properties/checkers/key_value_model.hpp"
#include "properties/checkers/model.hpp"
#include "properties/history/unreadable.hpp"

namespace atlas::properties {

/// A partition for each key, in order of the keys.
std::expected<std::vector<Partition<KeyValueModel>>, Unreadable> read_key_value_log(
    std::string_view text);

}  // namespace atlas::properties
