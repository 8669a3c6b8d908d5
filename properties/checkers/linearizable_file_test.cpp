// `atlas-sim check linearizable`: the three formats, good and bad, generated and by hand.

#include "properties/checkers/linearizable_file.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "properties/checkers/exhaustive_check.hpp"
#include "properties/checkers/generated_history.hpp"

namespace atlas::properties {
namespace {

using ::testing::HasSubstr;

Verdict verdict_of(const std::string& text) {
    const auto report = check_linearizable_file(text);
    EXPECT_TRUE(report.has_value()) << describe(report.error()) << "\n" << text;
    return report ? report->report.judgement.verdict : Verdict::unknown;
}

Unreadable refused(const std::string& text) {
    const auto report = check_linearizable_file(text);
    EXPECT_FALSE(report.has_value()) << text;
    return report ? Unreadable{} : report.error();
}

std::string etcd(std::string_view rest) {
    return fmt::format("INFO  jepsen.util - {}\n", rest);
}

// --- Jepsen's etcd log ---

TEST(EtcdLog, SkipsWhatTimedOutAndKeepsWhatMayHaveHappened) {
    const std::string write = etcd("0\t:invoke\t:write\t1") + etcd("0\t:info\t:write\t:timed-out");
    // A write that may have happened explains both.
    EXPECT_EQ(verdict_of(write + etcd("1 :invoke :read nil") + etcd("1 :ok :read 1")),
              Verdict::valid);
    EXPECT_EQ(verdict_of(write + etcd("1 :invoke :read nil") + etcd("1 :ok :read nil")),
              Verdict::valid);
    EXPECT_EQ(verdict_of(write + etcd("1 :invoke :read nil") + etcd("1 :ok :read 2")),
              Verdict::invalid);
    // A read that timed out says nothing; a write that never ended may have happened.
    EXPECT_EQ(verdict_of(etcd("1 :invoke :read   nil") + etcd("1 :fail :read   :timed-out") +
                         etcd("2 :invoke :write 5") + etcd("3 :invoke :read nil") +
                         etcd("3 :ok :read 5")),
              Verdict::valid);
}

TEST(EtcdLog, JudgesCompareAndSet) {
    const std::string one = etcd("0 :invoke :write 1") + etcd("0 :ok :write 1");
    const std::string invoked = one + etcd("1 :invoke :cas [1 2]");
    const std::string read_two = etcd("2 :invoke :read nil") + etcd("2 :ok :read 2");
    EXPECT_EQ(verdict_of(invoked + etcd("1 :ok :cas [1 2]") + read_two), Verdict::valid);
    EXPECT_EQ(verdict_of(invoked + etcd("1 :info :cas :timed-out") + read_two), Verdict::valid);
    // Refused although nothing else was ever written: and definite, so nobody can read 2.
    EXPECT_EQ(verdict_of(invoked + etcd("1 :fail :cas [1 2]")), Verdict::invalid);
    EXPECT_EQ(verdict_of(one + etcd("1 :invoke :cas [3 2]") + etcd("1 :fail :cas [3 2]")),
              Verdict::valid);
    EXPECT_EQ(verdict_of(one + etcd("1 :invoke :cas [3 2]") + etcd("1 :ok :cas [3 2]")),
              Verdict::invalid);
}

TEST(EtcdLog, NamesWhatItCannotRead) {
    const std::string good = etcd("0 :invoke :read nil") + etcd(":nemesis :info :start nil");
    EXPECT_EQ(refused(good + "INFO jepsen.core - x\n").line, 3U);
    EXPECT_THAT(refused(good + etcd("x :invoke :read nil")).reason, HasSubstr("process number"));
    EXPECT_THAT(refused(good + etcd("1 :begin :read nil")).reason, HasSubstr("\":begin\""));
    EXPECT_THAT(refused(good + etcd("1 :invoke :pop nil")).reason, HasSubstr("\":pop\""));
    EXPECT_THAT(refused(good + etcd("1 :invoke :cas [1]")).reason, HasSubstr("\"[1]\""));
    EXPECT_THAT(refused(good + etcd("1 :invoke :write nil")).reason, HasSubstr("\"nil\""));
    EXPECT_THAT(refused(good + etcd("0 :invoke :read nil")).reason, HasSubstr("line 1"));
    EXPECT_THAT(refused(good + etcd("1 :ok :read 1")).reason, HasSubstr("never invoked"));
    EXPECT_THAT(refused(good + etcd("0 :ok :write 1")).reason, HasSubstr("line 1 invoked :read"));
    EXPECT_THAT(refused(good + etcd("1 :invoke :write 1") + etcd("1 :ok :write 2")).reason,
                HasSubstr("line 3 invoked it with 1"));
}

/// Lines of a partition's operations, in order of their lines.
template <SequentialModel Model, typename Render>
std::string rendered(const Partition<Model>& partition, Render render) {
    std::map<std::uint64_t, std::string> lines;
    for (const auto& timed : partition.operations) {
        lines[timed.interval.call] = render(timed, false);
        if (!timed.interval.is_open()) lines[timed.interval.end] = render(timed, true);
    }
    std::string text;
    for (const auto& [number, line] : lines)
        text += line + "\n";
    return text;
}

/// The model's own words give the values: "wrote 3", "found 1 and set 2", ...
std::string etcd_line(const RegisterModel& model, const TimedOperation<RegisterOperation>& timed,
                      bool is_end) {
    using Action = RegisterOperation::Action;
    const RegisterOperation& operation = timed.operation;
    const std::string text =
        model.describe({Action::write, operation.value, 0}).substr(sizeof "wrote");
    if (operation.action == Action::read) {
        return fmt::format("INFO  jepsen.util - {}\t{}\t:read\t{}", timed.client,
                           is_end ? ":ok" : ":invoke", is_end ? text : "nil");
    }
    if (operation.action == Action::write) {
        return fmt::format("INFO  jepsen.util - {}   {}   :write   {}", timed.client,
                           is_end ? ":ok" : ":invoke", text);
    }
    const std::string expected =
        model.describe({Action::write, operation.expected, 0}).substr(sizeof "wrote");
    const bool is_refused = operation.action == Action::refused_set;
    return fmt::format("INFO  jepsen.util - {}\t{}\t:cas\t[{} {}]", timed.client,
                       !is_end      ? ":invoke"
                       : is_refused ? ":fail"
                                    : ":ok",
                       expected, text);
}

RC_GTEST_PROP(EtcdLog, JudgesGeneratedHistoriesByTheDefinition, ()) {
    host::RandomSource random(*rc::gen::arbitrary<std::uint64_t>());
    for (int i = 0; i < 20; ++i) {
        auto partition = make_register_history(random, {8, 3, 100}, 3);
        // Swapping two reads' answers often, but not always, makes a lie of them.
        if (random.chance(1, 2)) {
            auto& a = partition.operations[random.below(partition.operations.size())];
            auto& b = partition.operations[random.below(partition.operations.size())];
            if (!a.interval.is_open() && !b.interval.is_open()) {
                std::swap(a.operation, b.operation);
            }
        }
        const std::string text = rendered(partition, [&](const auto& timed, bool is_end) {
            return etcd_line(partition.model, timed, is_end);
        });
        RC_ASSERT(verdict_of(text) ==
                  (is_linearizable_by_definition(partition) ? Verdict::valid : Verdict::invalid));
    }
}

// --- Key-value EDN ---

std::string edn(int process, std::string_view type, std::string_view f, std::string_view key,
                std::string_view value) {
    return fmt::format("{{:process {}, :type :{}, :f :{}, :key \"{}\", :value {}}}\n", process,
                       type, f, key, value);
}

TEST(KeyValueLog, JudgesEachKeyAlone) {
    const std::string history =
        edn(0, "invoke", "append", "1", "\"x\"") + edn(1, "invoke", "get", "2", "nil") +
        edn(1, "ok", "get", "2", "\"\"") + edn(0, "ok", "append", "1", "\"x\"") +
        edn(1, "invoke", "append", "1", "\"y\"") + edn(1, "ok", "append", "1", "\"y\"") +
        edn(0, "invoke", "get", "1", "nil");
    EXPECT_EQ(verdict_of(history + edn(0, "ok", "get", "1", "\"xy\"")), Verdict::valid);
    EXPECT_EQ(verdict_of(history + edn(0, "ok", "get", "1", "\"yx\"")), Verdict::invalid);
    EXPECT_EQ(verdict_of(history + edn(0, "ok", "get", "1", "\"x\"")), Verdict::invalid);
    const auto report = check_linearizable_file(history + edn(0, "ok", "get", "1", "\"yx\""));
    EXPECT_THAT(report->report.judgement.prose, HasSubstr("key \"1\" is not linearizable"));
    EXPECT_THAT(report->report.judgement.prose, HasSubstr("the value was \"xy\""));
}

TEST(KeyValueLog, UnderstandsPutsAndUnknownOutcomes) {
    const std::string put = edn(0, "invoke", "put", "1", "\"a\\\"b\"");
    const std::string get = edn(1, "invoke", "get", "1", "nil");
    const std::string got = edn(1, "ok", "get", "1", "\"a\\\"b\"");
    const std::string info = edn(0, "info", "put", "1", "\"a\\\"b\"");
    const std::string fail = edn(0, "fail", "put", "1", "\"a\\\"b\"");
    EXPECT_EQ(verdict_of(put + get + got), Verdict::valid);
    EXPECT_EQ(verdict_of(put + info + get + got), Verdict::valid);
    EXPECT_EQ(verdict_of(put + fail + get + got), Verdict::invalid);
}

TEST(KeyValueLog, NamesWhatItCannotRead) {
    const std::string good = edn(0, "invoke", "get", "1", "nil");
    EXPECT_EQ(refused(good + "{:process 0").line, 2U);
    EXPECT_THAT(refused(good + "{:process x}").reason, HasSubstr("\"x\""));
    EXPECT_THAT(refused(good + "{:process 1}").reason, HasSubstr(":type"));
    EXPECT_THAT(refused(good + edn(1, "invoke", "cas", "1", "nil")).reason, HasSubstr(":f"));
    EXPECT_THAT(refused(good + edn(1, "invoke", "put", "1", "nil")).reason, HasSubstr(":value"));
    EXPECT_THAT(refused(good + edn(1, "ok", "get", "1", "\"\"")).reason,
                HasSubstr("never invoked"));
    EXPECT_THAT(refused(good + good).reason, HasSubstr("line 1 has not ended"));
    EXPECT_THAT(refused(good + edn(0, "ok", "get", "2", "\"\"")).reason,
                HasSubstr("another operation"));
    EXPECT_THAT(refused("{:process 1, :process 2}").reason, HasSubstr("twice"));
    EXPECT_THAT(refused("{:process 1} x").reason, HasSubstr("follows"));
    EXPECT_THAT(refused("{:value \"\\q\"}").reason, HasSubstr("escape"));
    EXPECT_THAT(refused("{:value \"x").reason, HasSubstr("quote"));
    EXPECT_THAT(refused("{:value }").reason, HasSubstr("value is missing"));
}

// --- Our own lines ---

/// Lines with times 1, 2, ... added.
std::string lines(const std::vector<std::string>& bodies) {
    std::string text;
    int time = 0;
    for (const std::string& body : bodies) {
        text += fmt::format("{{\"time\":{},{}}}\n", ++time, body);
    }
    return text;
}

const std::vector<std::string> registered = {
    R"("process":0,"type":"invoke","f":"register_user","value":{"email":"a@b.c","display_name":"A"})",
    R"("process":0,"type":"ok","f":"register_user","value":{"id":"u","display_name":"A","version":1})"};

std::string patched(std::string_view end) {
    auto all = registered;
    all.push_back(
        R"("process":1,"type":"invoke","f":"patch_user","value":{"id":"u","display_name":"B","if_match":1})");
    if (!end.empty()) all.push_back(std::string(end));
    all.push_back(R"("process":2,"type":"invoke","f":"get_user","value":{"id":"u"})");
    all.push_back(
        R"("process":2,"type":"ok","f":"get_user","value":{"display_name":"A","version":1})");
    return lines(all);
}

TEST(HistoryLines, JudgesUsers) {
    // The last read finds the old record: right unless the update was acknowledged before it.
    EXPECT_EQ(verdict_of(patched("")), Verdict::valid);
    EXPECT_EQ(verdict_of(patched(
                  R"("process":1,"type":"info","f":"patch_user","value":null,"error":"lost")")),
              Verdict::valid);
    const std::string stale = patched(
        R"("process":1,"type":"ok","f":"patch_user","value":{"display_name":"B","version":2})");
    EXPECT_EQ(verdict_of(stale), Verdict::invalid);
    const auto report = check_linearizable_file(stale);
    EXPECT_THAT(report->report.judgement.prose, HasSubstr("user u is not linearizable"));
    EXPECT_THAT(report->report.judgement.prose, HasSubstr("the user was version 2, \"B\""));
    EXPECT_THAT(report->report.judgement.prose,
                HasSubstr("client 2 read version 1, \"A\" (lines 5 to 6"));
    // Told that the version was not 1, when it was nothing else.
    EXPECT_EQ(
        verdict_of(patched(R"("process":1,"type":"fail","f":"patch_user","value":{"status":412})")),
        Verdict::invalid);
    // Told that it did not happen at all: nothing follows from that.
    EXPECT_EQ(
        verdict_of(patched(R"("process":1,"type":"fail","f":"patch_user","value":{"status":503})")),
        Verdict::valid);
    EXPECT_EQ(
        verdict_of(patched(R"("process":1,"type":"fail","f":"patch_user","value":{"status":404})")),
        Verdict::invalid);
}

TEST(HistoryLines, AReadMayRevealARegistrationWithoutAnswer) {
    const std::string attempt =
        R"("process":0,"type":"invoke","f":"register_user","value":{"email":"A@b.c","display_name":"A"})";
    const std::string invoke = R"("process":1,"type":"invoke","f":"get_user","value":{"id":"u"})";
    const auto read = [](std::string_view email) {
        return fmt::format(
            R"("process":1,"type":"ok","f":"get_user","value":{{"email":"{}","display_name":"A","version":1}})",
            email);
    };
    EXPECT_EQ(verdict_of(lines({attempt, invoke, read("a@b.c")})), Verdict::valid);
    EXPECT_EQ(verdict_of(lines({attempt, invoke, read("z@b.c")})), Verdict::invalid);
}

TEST(HistoryLines, APageMayShowAUserTwice) {
    // A page is for another checker to judge; a client that answered so must not stop this one.
    const std::string attempt =
        R"("process":0,"type":"invoke","f":"register_user","value":{"email":"a@b.c","display_name":"A"})";
    const std::string invoke =
        R"("process":1,"type":"invoke","f":"list_users","value":{"limit":2})";
    const std::string user = R"({"id":"u","email":"a@b.c","display_name":"A","version":1})";
    const std::string page = fmt::format(
        R"("process":1,"type":"ok","f":"list_users","value":{{"users":[{},{}]}})", user, user);
    EXPECT_EQ(verdict_of(lines({attempt, invoke, page})), Verdict::valid);
}

TEST(LinearizableFile, RefusesWhatIsInNoFormat) {
    EXPECT_EQ(refused("").line, 0U);
    EXPECT_EQ(refused(" \n\n").line, 0U);
    EXPECT_EQ(refused("\nhello\n").line, 2U);
    // Lines of the right form, of which none says anything.
    EXPECT_THAT(refused(etcd("0 :invoke :read nil")).reason, HasSubstr("no operation"));
    EXPECT_THAT(refused(R"({:process 0, :type :invoke, :f :get, :key "0", :value nil})").reason,
                HasSubstr("no operation"));
    EXPECT_THAT(refused("hello").expected, HasSubstr("Jepsen etcd log"));
    EXPECT_THAT(refused(lines({R"("process":0,"type":"invoke","f":"fly")"})).reason,
                HasSubstr("\"fly\""));
}

}  // namespace
}  // namespace atlas::properties
