// Histories of transactions as text: both formats say the same, and what is wrong is told.

#include "properties/checkers/isolation/transaction_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "properties/checkers/isolation/prose.hpp"

namespace atlas::properties::isolation {
namespace {

using testing::HasSubstr;

constexpr std::string_view ours = R"(
{"time":1,"process":0,"type":"invoke","f":"transaction","value":[["append","x",1],["r","y",null]]}
{"time":2,"process":1,"type":"invoke","f":"transaction","value":[["r","x",null]]}
{"time":3,"process":0,"type":"ok","f":"transaction","value":[["append","x",1],["r","y",[]]]}
{"time":4,"process":1,"type":"ok","f":"transaction","value":[["r","x",[1]]]}
{"time":5,"process":1,"type":"invoke","f":"get_user","value":{"id":"1"}}
)";

constexpr std::string_view elles = R"(
{:process 0, :type :invoke, :f :txn, :value [[:append x 1] [:r :y nil]], :time 1}
#jepsen.history.Op{:index 1, :process 1, :type :invoke, :f :txn, :value [[:r :x nil]]}
{:process :nemesis, :type :info, :f :kill, :value {:nodes ["n1" "n2"], :grudge #{1 2}}}
{:process 0, :type :ok, :f :txn, :value [[:append :x 1] [:r :y []]]}
{:process 1, :type :ok, :f :txn, :value [[:r :x [1]]], :error [:none]}
)";

std::string read(std::string_view text, std::optional<DataModel> model = std::nullopt) {
    const auto history = read_transactions(text, model);
    if (!history) return properties::describe(history.error());
    std::string told;
    for (TransactionNumber number = 0; number < history->transactions.size(); ++number)
        told += describe(*history, number) + "\n";
    return told;
}

TEST(TransactionFile, ReadsOurs) {
    const std::string_view lines = ours.substr(1, ours.rfind("\n{\"time\":5"));
    EXPECT_EQ(read(lines),
              "the transaction on lines 1 to 3 (process 0: append x 1, read y as [])\n"
              "the transaction on lines 2 to 4 (process 1: read x as [1])\n");
}

TEST(TransactionFile, ReadsElles) {
    std::string text(elles);
    // A bare symbol is no key.
    EXPECT_THAT(read(text), HasSubstr("\"x\" is no keyword"));
    text.replace(text.find("append x"), 8, "append :x");
    EXPECT_EQ(read(text),
              "the transaction on lines 2 to 5 (process 0: append x 1, read y as [])\n"
              "the transaction on lines 3 to 6 (process 1: read x as [1])\n");
}

std::string read_registers(std::string_view accesses, std::string_view answers,
                           std::optional<DataModel> model = std::nullopt) {
    std::string text = "{:process 0, :type :invoke, :value [";
    text += accesses;
    text += "]}\n{:process 0, :type :ok, :value [";
    text += answers;
    text += "]}\n";
    return read(text, model);
}

TEST(TransactionFile, ReadsRegisters) {
    EXPECT_THAT(read_registers("[:w 3 1] [:r 3 nil] [:r 4 nil]", "[:w 3 1] [:r 3 1] [:r 4 nil]"),
                HasSubstr("write 3 1, read 3 as 1, read 4 as nil"));
}

TEST(TransactionFile, SaysWhatIsWrong) {
    EXPECT_THAT(read(""), HasSubstr("it has no transactions"));
    EXPECT_THAT(read_registers("[:w 3]", ""), HasSubstr("line 1: access 1 cannot be read"));
    EXPECT_THAT(read_registers("[:w 3 nil]", ""), HasSubstr("access 1 cannot be read"));
    EXPECT_THAT(read_registers("[:w 3 1]", "[:w 3 2]"),
                HasSubstr("line 2: it ends another transaction than the one process 0 began on "
                          "line 1"));
    EXPECT_THAT(read_registers("[:w 3 1] [:append 4 1]", "[:w 3 1] [:append 4 1]"),
                HasSubstr("writes registers on line 1 and appends to lists on line 1"));
    EXPECT_THAT(read_registers("[:w 3 1] [:w 3 1]", "[:w 3 1] [:w 3 1]"),
                HasSubstr("it sets 3 to 1, as line 1 does"));
    EXPECT_THAT(read_registers("[:append 3 1] [:r 3 nil]", "[:append 3 1] [:r 3 1]"),
                HasSubstr("a read of a list has one value for an answer"));
    EXPECT_THAT(read_registers("[:w 3 1] [:r 3 nil]", "[:w 3 1] [:r 3 [1]]"),
                HasSubstr("a read of a register has a list for an answer"));
    EXPECT_THAT(read_registers("[:w 3 1]", "[:w 3 1]", DataModel::list_append),
                HasSubstr("the history is rw-register, not list-append"));
    EXPECT_THAT(read("{:process 0, :type :ok, :value []}"),
                HasSubstr("process 0 ends a transaction it never began"));
    EXPECT_THAT(read("{:process 0, :type :invoke, :value []}\n"
                     "{:process 0, :type :invoke, :value []}"),
                HasSubstr("while its one of line 1 has not ended"));
    EXPECT_THAT(read("{:process 0, :type :begin, :value []}"), HasSubstr(":type is missing"));
    EXPECT_THAT(read("{:process 0, :type :invoke, :value [[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]}"),
                HasSubstr("nested too deeply"));
}

}  // namespace
}  // namespace atlas::properties::isolation
