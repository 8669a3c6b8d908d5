// Queries: joins, subqueries, grouping, set operations, WITH, windows, and changes of rows by what
// queries find. What is expected is what PostgreSQL 15.20 answered.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sim/cluster/calm.hpp"
#include "sim/models/postgres/testing/client.hpp"

namespace atlas::sim::models::postgres {
namespace {

using host::Task;

struct Case {
    std::string statement;
    std::string expected;
};

const std::vector<std::string> setup{
    "CREATE TABLE a (id int PRIMARY KEY, x int, s text)",
    "CREATE TABLE b (id int PRIMARY KEY, a_id int, y bigint, s text)",
    "CREATE TABLE c (k int, v text)",
    "INSERT INTO a VALUES (1, 10, 'one'), (2, 20, 'two'), (3, NULL, 'three'), (4, 10, NULL)",
    "INSERT INTO b VALUES (1, 1, 100, 'p'), (2, 1, 200, 'q'), (3, 2, 300, NULL), (4, NULL, 400, "
    "'r'), (5, 9, 500, 's')",
    "INSERT INTO c VALUES (1, 'u'), (1, 'v'), (2, 'w'), (NULL, 'z')",
};

Task<> check_all(host::Host& host, const std::vector<Case>& cases, bool& finished) {
    auto server = co_await Server::open(host, {}, "postgres");
    if (!server) co_return;
    {
        testing::Client client(**server);
        for (const std::string& statement : setup)
            co_await client.query(statement);
        for (const Case& each : cases) {
            const std::string answer = co_await client.query(each.statement);
            EXPECT_EQ(answer, each.expected) << each.statement;
        }
    }
    co_await (*server)->shutdown();
    finished = true;
}

void expect_answers(const std::vector<Case>& cases) {
    bool finished = false;
    cluster::run_calmly([&](host::Host& host) { return check_all(host, cases, finished); });
    EXPECT_TRUE(finished);
}

TEST(Queries, joins) {
    expect_answers({
        {"SELECT a.id, b.id FROM a JOIN b ON b.a_id = a.id ORDER BY 1, 2",
         "(1,1)(1,2)(2,3) SELECT 3"},
        {"SELECT a.id, b.id FROM a, b WHERE b.a_id = a.id AND b.y > 100 ORDER BY 1, 2",
         "(1,2)(2,3) SELECT 2"},
        {"SELECT a.id, b.id FROM a LEFT JOIN b ON b.a_id = a.id ORDER BY 1, 2",
         "(1,1)(1,2)(2,3)(3,~)(4,~) SELECT 5"},
        {"SELECT a.id, b.id FROM a RIGHT JOIN b ON b.a_id = a.id ORDER BY 1, 2",
         "(1,1)(1,2)(2,3)(~,4)(~,5) SELECT 5"},
        {"SELECT a.id, b.id FROM a FULL JOIN b ON b.a_id = a.id ORDER BY 1, 2",
         "(1,1)(1,2)(2,3)(3,~)(4,~)(~,4)(~,5) SELECT 7"},
        {"SELECT a.id, b.id FROM a FULL JOIN b ON b.a_id = a.id AND b.y > 150 WHERE a.id IS NULL "
         "OR b.id IS NULL ORDER BY 1, 2",
         "(3,~)(4,~)(~,1)(~,4)(~,5) SELECT 5"},
        {"SELECT a.id, b.id FROM a LEFT JOIN b ON b.a_id = a.id WHERE b.id IS NULL ORDER BY 1",
         "(3,~)(4,~) SELECT 2"},
        {"SELECT * FROM a CROSS JOIN c ORDER BY a.id, v",
         "(1,10,one,1,u)(1,10,one,1,v)(1,10,one,2,w)(1,10,one,~,z)(2,20,two,1,u)(2,20,two,1,v)(2,"
         "20,two,2,w)(2,20,two,~,z)(3,~,three,1,u)(3,~,three,1,v)(3,~,three,2,w)(3,~,three,~,z)(4,"
         "10,~,1,u)(4,10,~,1,v)(4,10,~,2,w)(4,10,~,~,z) SELECT 16"},
        {"SELECT * FROM a JOIN b USING (id) ORDER BY id",
         "(1,10,one,1,100,p)(2,20,two,1,200,q)(3,~,three,2,300,~)(4,10,~,~,400,r) SELECT 4"},
        {"SELECT id, a.s, b.s FROM a FULL JOIN b USING (id) ORDER BY id",
         "(1,one,p)(2,two,q)(3,three,~)(4,~,r)(5,~,s) SELECT 5"},
        {"SELECT * FROM a NATURAL JOIN b", "SELECT 0"},
        {"SELECT * FROM a NATURAL LEFT JOIN c ORDER BY id, k, v",
         "(1,10,one,1,u)(1,10,one,1,v)(1,10,one,2,w)(1,10,one,~,z)(2,20,two,1,u)(2,20,two,1,v)(2,"
         "20,two,2,w)(2,20,two,~,z)(3,~,three,1,u)(3,~,three,1,v)(3,~,three,2,w)(3,~,three,~,z)(4,"
         "10,~,1,u)(4,10,~,1,v)(4,10,~,2,w)(4,10,~,~,z) SELECT 16"},
        {"SELECT j.* FROM (a JOIN b USING (id)) AS j ORDER BY id",
         "(1,10,one,1,100,p)(2,20,two,1,200,q)(3,~,three,2,300,~)(4,10,~,~,400,r) SELECT 4"},
        {"SELECT * FROM a JOIN b ON a.id = b.a_id JOIN c ON c.k = b.id ORDER BY a.id, b.id, c.v",
         "(1,10,one,1,1,100,p,1,u)(1,10,one,1,1,100,p,1,v)(1,10,one,2,1,200,q,2,w) SELECT 3"},
        {"SELECT * FROM a LEFT JOIN (b JOIN c ON c.k = b.id) ON b.a_id = a.id ORDER BY a.id, b.id, "
         "c.v",
         "(1,10,one,1,1,100,p,1,u)(1,10,one,1,1,100,p,1,v)(1,10,one,2,1,200,q,2,w)(2,20,two,~,~,~,~"
         ",~,~)(3,~,three,~,~,~,~,~,~)(4,10,~,~,~,~,~,~,~) SELECT 6"},
        {"SELECT b.id FROM a LEFT JOIN b ON b.a_id = a.id AND a.x = 1 ORDER BY 1",
         "(~)(~)(~)(~) SELECT 4"},
        {"SELECT * FROM a FULL JOIN b ON a.id < b.id",
         "0A000 FULL JOIN is only supported with merge-joinable or hash-joinable join conditions"},
    });
}

TEST(Queries, names_that_mean_nothing_or_too_much) {
    expect_answers({
        {"SELECT a.id FROM (a JOIN b USING (id)) AS j ORDER BY id",
         "42P01 invalid reference to FROM-clause entry for table \"a\""},
        {"SELECT id FROM a, b", "42702 column reference \"id\" is ambiguous"},
        {"SELECT zz FROM a", "42703 column \"zz\" does not exist"},
        {"SELECT a.zz FROM a", "42703 column a.zz does not exist"},
        {"SELECT nope.id FROM a", "42P01 missing FROM-clause entry for table \"nope\""},
        {"SELECT a.id FROM a AS q", "42P01 invalid reference to FROM-clause entry for table \"a\""},
        {"SELECT ix FROM a", "42703 column \"ix\" does not exist"},
        {"SELECT a.idd FROM a", "42703 column a.idd does not exist"},
        {"SELECT * FROM a, a", "42712 table name \"a\" specified more than once"},
        {"SELECT * FROM a x, b x", "42712 table name \"x\" specified more than once"},
        {"SELECT * FROM nope", "42P01 relation \"nope\" does not exist"},
        {"SELECT a.id FROM a JOIN b ON b.a_id = zed.id",
         "42P01 missing FROM-clause entry for table \"zed\""},
    });
}

TEST(Queries, subqueries) {
    expect_answers({
        {"SELECT x FROM a ORDER BY (SELECT max(y) FROM b WHERE b.a_id = a.id) NULLS LAST, id",
         "(10)(20)(~)(10) SELECT 4"},
        {"SELECT id, (SELECT count(*) FROM b WHERE b.a_id = a.id) FROM a ORDER BY id",
         "(1,2)(2,1)(3,0)(4,0) SELECT 4"},
        {"SELECT id, (SELECT b.y FROM b WHERE b.a_id = a.id) FROM a ORDER BY id",
         "21000 more than one row returned by a subquery used as an expression"},
        {"SELECT id FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.a_id = a.id) ORDER BY id",
         "(1)(2) SELECT 2"},
        {"SELECT id FROM a WHERE NOT EXISTS (SELECT FROM b WHERE b.a_id = a.id) ORDER BY id",
         "(3)(4) SELECT 2"},
        {"SELECT id FROM a WHERE id IN (SELECT a_id FROM b) ORDER BY id", "(1)(2) SELECT 2"},
        {"SELECT id FROM a WHERE id NOT IN (SELECT a_id FROM b) ORDER BY id", "SELECT 0"},
        {"SELECT id FROM a WHERE id NOT IN (SELECT a_id FROM b WHERE a_id IS NOT NULL) ORDER BY id",
         "(3)(4) SELECT 2"},
        {"SELECT id FROM a WHERE (id, x) IN (SELECT a_id, 10 FROM b) ORDER BY id", "(1) SELECT 1"},
        {"SELECT id FROM a WHERE x > ALL (SELECT 5 + b.id FROM b WHERE b.a_id = a.id) ORDER BY id",
         "(1)(2)(3)(4) SELECT 4"},
        {"SELECT id FROM a WHERE x = ANY (SELECT y / 10 FROM b) ORDER BY id", "(1)(2)(4) SELECT 3"},
        {"SELECT ARRAY(SELECT id FROM b WHERE b.a_id = a.id ORDER BY id DESC) FROM a ORDER BY id",
         "({2,1})({3})({})({}) SELECT 4"},
        {"SELECT (SELECT 1, 2)", "42601 subquery must return only one column"},
        {"SELECT 1 IN (SELECT 1, 2)", "42601 subquery has too many columns"},
        {"SELECT (1, 2) IN (SELECT 1)", "42601 subquery has too few columns"},
        {"SELECT (1, 2) = (1, 2), (1, 2) < (1, 3), (1, NULL) = (1, 2), (1, NULL) < (2, 1), (2, 1) "
         ">= (2, 1)",
         "(t,t,~,t,t) SELECT 1"},
        {"SELECT (1, 2) IN ((1, 2), (3, 4)), (1, 5) NOT IN ((1, 2), (3, 4))", "(t,t) SELECT 1"},
        {"SELECT (1, 2) = (1, 2, 3)", "42601 unequal number of entries in row expressions"},
        {"SELECT (1, 2) = (SELECT 1, 2), (1, 3) < (SELECT 1, 2)", "(t,f) SELECT 1"},
        {"SELECT a.id, q.y FROM a LEFT JOIN LATERAL (SELECT y FROM b WHERE b.a_id = a.id ORDER BY "
         "y DESC LIMIT 1) q ON true ORDER BY 1",
         "(1,200)(2,300)(3,~)(4,~) SELECT 4"},
        {"SELECT a.id, q.y FROM a, (SELECT y FROM b WHERE b.a_id = a.id) q",
         "42P01 invalid reference to FROM-clause entry for table \"a\""},
        {"SELECT a.id FROM a WHERE a.id = (SELECT min(a_id) FROM b WHERE b.y > (SELECT x FROM c "
         "WHERE c.k = a.id LIMIT 1)) ORDER BY 1",
         "(1) SELECT 1"},
        {"SELECT (SELECT a.id) FROM a ORDER BY 1", "(1)(2)(3)(4) SELECT 4"},
        {"SELECT x, (SELECT a.id) FROM a GROUP BY x",
         "42803 subquery uses ungrouped column \"a.id\" from outer query"},
        {"SELECT count(*), (SELECT count(*) FROM b WHERE b.a_id = a.x) FROM a GROUP BY x ORDER BY "
         "1, 2",
         "(1,0)(1,0)(2,0) SELECT 3"},
    });
}

TEST(Queries, grouping) {
    expect_answers({
        {"SELECT x, count(*) FROM a GROUP BY x ORDER BY x", "(10,2)(20,1)(~,1) SELECT 3"},
        {"SELECT x, count(*), sum(id), min(s), max(s) FROM a GROUP BY x HAVING count(*) > 1",
         "(10,2,5,one,one) SELECT 1"},
        {"SELECT x + 1, count(*) FROM a GROUP BY x + 1 ORDER BY 1", "(11,2)(21,1)(~,1) SELECT 3"},
        {"SELECT x + 1 AS z, count(*) FROM a GROUP BY z ORDER BY z", "(11,2)(21,1)(~,1) SELECT 3"},
        {"SELECT x, id FROM a GROUP BY x",
         "42803 column \"a.id\" must appear in the GROUP BY clause or be used in an aggregate "
         "function"},
        {"SELECT id, x, s FROM a GROUP BY id ORDER BY id",
         "(1,10,one)(2,20,two)(3,~,three)(4,10,~) SELECT 4"},
        {"SELECT count(*) FROM a WHERE count(*) > 1",
         "42803 aggregate functions are not allowed in WHERE"},
        {"SELECT x FROM a HAVING count(*) > 1",
         "42803 column \"a.x\" must appear in the GROUP BY clause or be used in an aggregate "
         "function"},
        {"SELECT count(*) FROM a HAVING count(*) > 10", "SELECT 0"},
        {"SELECT 1 FROM a HAVING true", "(1) SELECT 1"},
        {"SELECT a.s FROM a GROUP BY 2", "42P10 GROUP BY position 2 is not in select list"},
        {"SELECT a.s FROM a GROUP BY 'x'", "42601 non-integer constant in GROUP BY"},
        {"SELECT count(*) FROM a GROUP BY 1",
         "42803 aggregate functions are not allowed in GROUP BY"},
        {"SELECT string_agg(s, ',' ORDER BY s DESC), array_agg(id ORDER BY id), array_agg(DISTINCT "
         "x) FROM a",
         "(two,three,one,{1,2,3,4},{10,20,NULL}) SELECT 1"},
        {"SELECT count(DISTINCT a_id), count(*) FILTER (WHERE y > 200), sum(y) FILTER (WHERE "
         "false) FROM b",
         "(3,3,~) SELECT 1"},
        {"SELECT sum(count(*)) FROM a", "42803 aggregate function calls cannot be nested"},
        {"SELECT count(*) FROM a JOIN b ON count(*) > 1",
         "42803 aggregate functions are not allowed in JOIN conditions"},
    });
}

TEST(Queries, distinct) {
    expect_answers({
        {"SELECT DISTINCT x FROM a ORDER BY x", "(10)(20)(~) SELECT 3"},
        {"SELECT DISTINCT x FROM a ORDER BY id",
         "42P10 for SELECT DISTINCT, ORDER BY expressions must appear in select list"},
        {"SELECT DISTINCT ON (x) x, id FROM a ORDER BY x, id DESC", "(10,4)(20,2)(~,3) SELECT 3"},
        {"SELECT DISTINCT ON (x) x, id FROM a ORDER BY id",
         "42P10 SELECT DISTINCT ON expressions must match initial ORDER BY expressions"},
        {"SELECT DISTINCT x, s FROM a ORDER BY 1, 2", "(10,one)(10,~)(20,two)(~,three) SELECT 4"},
    });
}

TEST(Queries, set_operations) {
    expect_answers({
        {"SELECT id FROM a UNION SELECT id FROM b ORDER BY id", "(1)(2)(3)(4)(5) SELECT 5"},
        {"SELECT id FROM a UNION ALL SELECT id FROM b ORDER BY id",
         "(1)(1)(2)(2)(3)(3)(4)(4)(5) SELECT 9"},
        {"SELECT id FROM b EXCEPT SELECT id FROM a", "(5) SELECT 1"},
        {"SELECT id FROM b INTERSECT SELECT id FROM a ORDER BY 1", "(1)(2)(3)(4) SELECT 4"},
        {"SELECT k FROM c INTERSECT ALL SELECT k FROM c ORDER BY 1", "(1)(1)(2)(~) SELECT 4"},
        {"SELECT k FROM c EXCEPT ALL (VALUES (1)) ORDER BY 1", "(1)(2)(~) SELECT 3"},
        {"SELECT id FROM a UNION SELECT s FROM b",
         "42804 UNION types integer and text cannot be matched"},
        {"SELECT id FROM a UNION SELECT id, s FROM b",
         "42601 each UNION query must have the same number of columns"},
        {"SELECT 1 UNION SELECT 'x'", "22P02 invalid input syntax for type integer: \"x\""},
        {"SELECT 1 UNION SELECT '2' ORDER BY 1", "(1)(2) SELECT 2"},
        {"SELECT '1' UNION SELECT '2' UNION SELECT 3",
         "42804 UNION types text and integer cannot be matched"},
        {"SELECT 1 AS q UNION SELECT 2 ORDER BY q + 1",
         "0A000 invalid UNION/INTERSECT/EXCEPT ORDER BY clause"},
        {"SELECT 1 AS q UNION SELECT 2 ORDER BY nope", "42703 column \"nope\" does not exist"},
        {"SELECT id FROM a UNION SELECT y FROM b ORDER BY 1",
         "(1)(2)(3)(4)(100)(200)(300)(400)(500) SELECT 9"},
        {"(SELECT id FROM a ORDER BY id DESC LIMIT 1) UNION ALL (SELECT id FROM b ORDER BY id "
         "LIMIT 2) ORDER BY 1",
         "(1)(2)(4) SELECT 3"},
    });
}

TEST(Queries, functions_and_values_in_from) {
    expect_answers({
        {"VALUES (1, 'a'), (2, NULL) ORDER BY 1 DESC", "(2,~)(1,a) SELECT 2"},
        {"SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS v (n, t) ORDER BY n", "(1,a)(2,b) SELECT 2"},
        {"SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS v (n, t, u)",
         "42P10 table \"v\" has 2 columns available but 3 columns specified"},
        {"VALUES (1), (2, 3)", "42601 VALUES lists must all be the same length"},
        {"VALUES (1), ('x')", "22P02 invalid input syntax for type integer: \"x\""},
        {"SELECT * FROM generate_series(1, 3)", "(1)(2)(3) SELECT 3"},
        {"SELECT g, g * 2 FROM generate_series(1, 10, 4) AS g", "(1,2)(5,10)(9,18) SELECT 3"},
        {"SELECT * FROM generate_series(3, 1, -1) WITH ORDINALITY", "(3,1)(2,2)(1,3) SELECT 3"},
        {"SELECT * FROM unnest(ARRAY[3, 1, NULL]) AS u", "(3)(1)(~) SELECT 3"},
        {"SELECT * FROM unnest(ARRAY['a', 'b']) WITH ORDINALITY AS t (e, n)",
         "(a,1)(b,2) SELECT 2"},
        {"SELECT a.id, g FROM a, generate_series(1, a.id) g WHERE a.id < 3 ORDER BY 1, 2",
         "(1,1)(2,1)(2,2) SELECT 3"},
    });
}

TEST(Queries, with) {
    expect_answers({
        {"WITH w AS (SELECT id FROM a WHERE x = 10) SELECT count(*) FROM w", "(2) SELECT 1"},
        {"WITH w AS (SELECT id FROM a WHERE x = 10), v AS (SELECT id + 1 AS n FROM w) SELECT n "
         "FROM v, w ORDER BY n",
         "(2)(2)(5)(5) SELECT 4"},
        {"WITH w (q) AS (SELECT id FROM a) SELECT q FROM w w1 WHERE q = (SELECT max(q) FROM w w2)",
         "(4) SELECT 1"},
        {"WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT n "
         "FROM r",
         "(1)(2)(3)(4)(5) SELECT 5"},
        {"WITH RECURSIVE r (n) AS (SELECT 1 UNION SELECT (n * 2) % 7 FROM r) SELECT n FROM r ORDER "
         "BY n",
         "(1)(2)(4) SELECT 3"},
        {"WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT n FROM r LIMIT "
         "4",
         "(1)(2)(3)(4) SELECT 4"},
        {"WITH t AS (INSERT INTO c VALUES (7, 'x'), (8, 'y') RETURNING *) SELECT * FROM t ORDER BY "
         "k",
         "(7,x)(8,y) SELECT 2"},
        {"WITH t AS (UPDATE c SET v = v || '!' WHERE k = 7 RETURNING v), u AS (DELETE FROM c WHERE "
         "k = 8 RETURNING k) SELECT v, k FROM t, u",
         "(x!,8) SELECT 1"},
        {"SELECT * FROM c ORDER BY k, v", "(1,u)(1,v)(2,w)(7,x!)(~,z) SELECT 5"},
        {"WITH t AS (DELETE FROM c WHERE k = 7 RETURNING k, v) INSERT INTO c SELECT k + 1, v FROM "
         "t RETURNING *",
         "(8,x!) INSERT 0 1"},
        {"WITH t AS (INSERT INTO c VALUES (20, 'n')) SELECT count(*) FROM c", "(5) SELECT 1"},
        {"SELECT count(*) FROM c", "(6) SELECT 1"},
        {"WITH t AS (INSERT INTO c VALUES (20, 'n')) SELECT count(*) FROM t",
         "0A000 WITH query \"t\" does not have a RETURNING clause"},
        {"SELECT * FROM (WITH t AS (INSERT INTO c VALUES (20, 'n') RETURNING k) SELECT k FROM t) q",
         "0A000 WITH clause containing a data-modifying statement must be at the top level"},
    });
}

TEST(Queries, changes_from_queries) {
    expect_answers({
        {"UPDATE a SET x = b.y FROM b WHERE b.a_id = a.id AND b.id > 1 RETURNING a.id, a.x, b.id",
         "(1,200,2)(2,300,3) UPDATE 2"},
        {"UPDATE a SET x = (SELECT count(*) FROM b WHERE b.a_id = a.id) RETURNING id, x",
         "(3,0)(4,0)(1,2)(2,1) UPDATE 4"},
        {"UPDATE a AS t SET x = t.x + o.id FROM a o WHERE o.id = t.id RETURNING t.id, t.x",
         "(3,3)(4,4)(1,3)(2,3) UPDATE 4"},
        {"UPDATE a SET x = a2.x FROM a WHERE true",
         "42712 table name \"a\" specified more than once"},
        {"DELETE FROM c USING a WHERE a.id = c.k AND a.id = 1 RETURNING c.v, a.s",
         "(u,one)(v,one) DELETE 2"},
        {"INSERT INTO c SELECT id, s FROM a WHERE id < 3 RETURNING *", "(1,one)(2,two) INSERT 0 2"},
        {"INSERT INTO c (v, k) SELECT 'm', max(id) FROM b GROUP BY a_id ORDER BY max(id) RETURNING "
         "k",
         "(2)(3)(4)(5) INSERT 0 4"},
        {"INSERT INTO c SELECT 1, 2, 3", "42601 INSERT has more expressions than target columns"},
        {"INSERT INTO c VALUES ((SELECT max(id) FROM a), 'sub') RETURNING k, (SELECT count(*) FROM "
         "a)",
         "(4,4) INSERT 0 1"},
    });
}

TEST(Queries, constants_in_an_aggregates_order_are_no_positions) {
    expect_answers({
        {"SELECT string_agg('b', ',' ORDER BY 'b'), array_agg(id ORDER BY 5, id) FROM a",
         "(b,b,b,b,{1,2,3,4}) SELECT 1"},
        {"SELECT count(*) OVER (PARTITION BY 1 ORDER BY 'x') FROM a", "(4)(4)(4)(4) SELECT 4"},
    });
}

TEST(Queries, windows) {
    expect_answers({
        {"SELECT id, row_number() OVER (ORDER BY id DESC), rank() OVER (ORDER BY x), dense_rank() "
         "OVER (ORDER BY x), sum(id) OVER (ORDER BY id), count(*) OVER () FROM a ORDER BY id",
         "(1,4,1,1,1,4)(2,3,3,2,3,4)(3,2,4,3,6,4)(4,1,1,1,10,4) SELECT 4"},
        {"SELECT id, lag(id) OVER w, lead(id, 2, -1) OVER w, first_value(id) OVER w, "
         "last_value(id) OVER w FROM a WINDOW w AS (PARTITION BY x ORDER BY id) ORDER BY id",
         "(1,~,-1,1,1)(2,~,-1,2,2)(3,~,-1,3,3)(4,1,-1,1,4) SELECT 4"},
        {"SELECT x, sum(count(*)) OVER (ORDER BY x) FROM a GROUP BY x ORDER BY x",
         "(10,2)(20,3)(~,4) SELECT 3"},
        {"SELECT id FROM a WHERE row_number() OVER () = 1",
         "42P20 window functions are not allowed in WHERE"},
        {"SELECT sum(id) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM a ORDER "
         "BY id",
         "(3)(6)(9)(7) SELECT 4"},
    });
}

TEST(Queries, queries_in_from_are_part_of_the_one_around) {
    expect_answers({
        {"SELECT y FROM (SELECT id, 100 / (id - 1) AS y FROM a) q WHERE id = 3", "(50) SELECT 1"},
        {"WITH q AS (SELECT id, 100 / (id - 1) AS y FROM a) SELECT y FROM q WHERE id = 3",
         "(50) SELECT 1"},
        {"WITH q AS MATERIALIZED (SELECT id, 100 / (id - 1) AS y FROM a) SELECT y FROM q WHERE id "
         "= 3",
         "22012 division by zero"},
        {"SELECT a.id, q.one, q.y FROM a LEFT JOIN (SELECT 1 AS one, a_id, y FROM b WHERE y > 150) "
         "q ON q.a_id = a.id ORDER BY 1",
         "(1,1,200)(2,1,300)(3,~,~)(4,~,~) SELECT 4"},
        {"SELECT q.s FROM (SELECT * FROM a) q GROUP BY q.id",
         "42803 column \"q.s\" must appear in the GROUP BY clause or be used in an aggregate "
         "function"},
        {"SELECT id FROM (SELECT id, x FROM a) q WHERE EXISTS (SELECT 1 FROM b WHERE b.a_id = q.id "
         "AND b.y > q.x) ORDER BY id",
         "(1)(2) SELECT 2"},
    });
}

TEST(Queries, lateral_beside_an_outer_join) {
    expect_answers({
        {"SELECT s.x, g.z FROM (VALUES (1), (2)) s (x), (VALUES (0)) k (y) LEFT JOIN LATERAL "
         "(SELECT s.x AS z) g ON true ORDER BY 1",
         "(1,1)(2,2) SELECT 2"},
        {"SELECT s.x, g FROM (VALUES (1), (2)) s (x), (VALUES (0)) k (y) LEFT JOIN "
         "generate_series(1, s.x) g ON true ORDER BY 1, 2",
         "(1,1)(2,1)(2,2) SELECT 3"},
    });
}

TEST(Queries, changes_in_with_are_done_unread) {
    expect_answers({
        {"WITH w AS (INSERT INTO c VALUES (7, 'n')) SELECT 1 UNION ALL SELECT 2",
         "(1)(2) SELECT 2"},
        {"WITH w AS (UPDATE c SET v = 'm' WHERE k = 7 RETURNING v) UPDATE c SET v = 'o' WHERE k = "
         "2 RETURNING (SELECT v FROM w)",
         "(m) UPDATE 1"},
        {"SELECT v FROM c WHERE k = 7", "(m) SELECT 1"},
    });
}

TEST(Queries, views_whose_names_could_come_to_mean_something_else_are_refused) {
    expect_answers({
        {"CREATE VIEW w AS WITH a AS (SELECT 1 AS y, 2 AS id) SELECT * FROM a",
         "0A000 the PostgreSQL model does not cover a view with a WITH query that has a table's "
         "name"},
        {"CREATE VIEW w AS SELECT a.id FROM a NATURAL JOIN b",
         "0A000 the PostgreSQL model does not cover a view with NATURAL JOIN"},
        {"CREATE VIEW w AS SELECT EXISTS (SELECT * FROM b) AS e FROM a",
         "0A000 the PostgreSQL model does not cover a view with * over other than one table"},
        {"CREATE VIEW w AS SELECT a.* FROM a", "CREATE VIEW"},
        {"DROP VIEW w", "DROP VIEW"},
    });
}

TEST(Queries, subqueries_that_may_wait_are_refused_where_they_cannot) {
    expect_answers({
        {"SELECT sum((SELECT y FROM b WHERE b.id = a.id FOR UPDATE)) FROM a",
         "0A000 the PostgreSQL model does not cover a subquery that may wait in an aggregate"},
        {"SELECT 1 FROM a GROUP BY (SELECT y FROM b WHERE b.id = a.id FOR UPDATE)",
         "0A000 the PostgreSQL model does not cover a subquery that may wait in GROUP BY"},
        {"SELECT rank() OVER (ORDER BY (SELECT y FROM b WHERE b.id = a.id FOR UPDATE)) FROM a",
         "0A000 the PostgreSQL model does not cover a subquery that may wait in a window"},
    });
}

TEST(Queries, one_without_end_hears_of_its_timeout) {
    const std::string canceled = "57014 canceling statement due to statement timeout";
    expect_answers({
        {"SET statement_timeout = 50", "SET"},
        {"SELECT count(*) FROM generate_series(1, 1000000000000)", canceled},
        {"WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT 1 FROM r) SELECT count(*) FROM r",
         canceled},
        {"SELECT count(*) FROM generate_series(1, 1000) a, generate_series(1, 1000) b, "
         "generate_series(1, 1000) c WHERE a + b + c < 0",
         canceled},
    });
}

TEST(Queries, locking_clauses) {
    expect_answers({
        {"SELECT id FROM a FOR UPDATE OF b",
         "42P01 relation \"b\" in FOR UPDATE clause not found in FROM clause"},
        {"SELECT a.id FROM a JOIN b ON b.a_id = a.id FOR UPDATE OF b", "(1)(1)(2) SELECT 3"},
        {"SELECT x FROM a GROUP BY x FOR UPDATE",
         "0A000 FOR UPDATE is not allowed with GROUP BY clause"},
        {"SELECT DISTINCT x FROM a FOR SHARE",
         "0A000 FOR SHARE is not allowed with DISTINCT clause"},
        {"SELECT id FROM a UNION SELECT 1 FOR UPDATE",
         "0A000 FOR UPDATE is not allowed with UNION/INTERSECT/EXCEPT"},
        {"SELECT * FROM (SELECT id FROM a WHERE x < 100) q ORDER BY id LIMIT 2 FOR UPDATE",
         "(1)(2) SELECT 2"},
    });
}

TEST(Queries, corners) {
    expect_answers({
        {"SELECT count(*) FROM a x, a y, a z WHERE x.id = y.id AND y.id = z.id", "(4) SELECT 1"},
        {"SELECT a.* , b.y FROM a LEFT JOIN b ON b.a_id = a.id AND b.y = 100 ORDER BY a.id",
         "(1,10,one,100)(2,20,two,~)(3,~,three,~)(4,10,~,~) SELECT 4"},
        {"SELECT max(y), min(s) FROM b GROUP BY a_id ORDER BY a_id",
         "(200,p)(300,~)(500,s)(400,r) SELECT 4"},
        {"SELECT sum(DISTINCT x), count(x), count(DISTINCT x) FROM a", "(30,3,2) SELECT 1"},
        {"SELECT id FROM a ORDER BY x DESC NULLS LAST, id DESC LIMIT 2 OFFSET 1",
         "(4)(1) SELECT 2"},
        {"SELECT id FROM a LIMIT (SELECT 2)", "(1)(2) SELECT 2"},
        {"SELECT id FROM a LIMIT id", "42P10 argument of LIMIT must not contain variables"},
        {"SELECT id FROM a ORDER BY 3", "42P10 ORDER BY position 3 is not in select list"},
        {"SELECT s AS id FROM a ORDER BY id", "(one)(three)(two)(~) SELECT 4"},
        {"SELECT DISTINCT s AS q FROM a ORDER BY upper(q)", "42703 column \"q\" does not exist"},
        {"SELECT x FROM a GROUP BY a.id ORDER BY a.s", "(10)(~)(20)(10) SELECT 4"},
        {"SELECT coalesce(x, 0) FROM a GROUP BY x ORDER BY coalesce(x, 0)", "(0)(10)(20) SELECT 3"},
        {"SELECT coalesce(x, 0) FROM a GROUP BY coalesce(x, 0) ORDER BY 1", "(0)(10)(20) SELECT 3"},
        {"SELECT x + id FROM a GROUP BY x",
         "42803 column \"a.id\" must appear in the GROUP BY clause or be used in an aggregate "
         "function"},
        {"SELECT CASE WHEN EXISTS (SELECT 1 FROM b WHERE b.a_id = a.id) THEN 'y' ELSE 'n' END FROM "
         "a ORDER BY id",
         "(y)(y)(n)(n) SELECT 4"},
        {"SELECT * FROM a WHERE id = ANY (ARRAY(SELECT a_id FROM b)) ORDER BY id",
         "(1,10,one)(2,20,two) SELECT 2"},
        {"SELECT * FROM a WHERE (SELECT true)", "(1,10,one)(2,20,two)(3,~,three)(4,10,~) SELECT 4"},
        {"SELECT * FROM a WHERE (SELECT 1)",
         "42804 argument of WHERE must be type boolean, not type integer"},
        {"SELECT * FROM a WHERE x IN (SELECT s FROM b)",
         "42883 operator does not exist: integer = text"},
        {"SELECT * FROM a WHERE id > ANY (SELECT 1, 2)", "42601 subquery has too many columns"},
        {"SELECT 1 WHERE 1 = ALL (SELECT 1 WHERE false)", "(1) SELECT 1"},
        {"SELECT NULL IN (SELECT 1 WHERE false), NULL NOT IN (SELECT 1), 2 NOT IN (SELECT "
         "NULL::int)",
         "(f,~,~) SELECT 1"},
        {"SELECT (SELECT x FROM a WHERE id = 99)", "(~) SELECT 1"},
        {"SELECT 1 + (SELECT max(id) FROM a) AS n", "(5) SELECT 1"},
        {"SELECT * FROM (SELECT 1 AS one, 'x' AS t) q", "(1,x) SELECT 1"},
        {"SELECT q.one FROM (SELECT 1 AS one, 2 AS one) q",
         "42702 column reference \"one\" is ambiguous"},
        {"SELECT * FROM (SELECT 1) q (w)", "(1) SELECT 1"},
        {"SELECT q.* FROM (SELECT id, x FROM a) q WHERE q.x = 10 ORDER BY 1",
         "(1,10)(4,10) SELECT 2"},
        {"SELECT id FROM a WHERE id IN (SELECT id FROM b WHERE b.y = a.x * 10)", "(1)(2) SELECT 2"},
        {"SELECT * FROM a NATURAL JOIN c",
         "(1,10,one,1,u)(1,10,one,1,v)(1,10,one,2,w)(1,10,one,~,z)(2,20,two,1,u)(2,20,two,1,v)(2,"
         "20,two,2,w)(2,20,two,~,z)(3,~,three,1,u)(3,~,three,1,v)(3,~,three,2,w)(3,~,three,~,z)(4,"
         "10,~,1,u)(4,10,~,1,v)(4,10,~,2,w)(4,10,~,~,z) SELECT 16"},
        {"SELECT * FROM a JOIN b USING (x)",
         "42703 column \"x\" specified in USING clause does not exist in right table"},
        {"SELECT * FROM a JOIN b USING (nope)",
         "42703 column \"nope\" specified in USING clause does not exist in left table"},
        {"SELECT a.id FROM a JOIN b ON a.s",
         "42804 argument of JOIN/ON must be type boolean, not type text"},
        {"SELECT * FROM a JOIN b ON a.id = b.id JOIN c USING (id)",
         "42702 common column name \"id\" appears more than once in left table"},
        {"SELECT * FROM (a JOIN b USING (id)) JOIN c ON c.k = id ORDER BY v",
         "(1,10,one,1,100,p,1,u)(1,10,one,1,100,p,1,v)(2,20,two,1,200,q,2,w) SELECT 3"},
        {"SELECT s FROM a JOIN b USING (id)", "42702 column reference \"s\" is ambiguous"},
        {"SELECT * FROM a LEFT JOIN b USING (id) RIGHT JOIN c ON c.k = b.id ORDER BY v",
         "(1,10,one,1,100,p,1,u)(1,10,one,1,100,p,1,v)(2,20,two,1,200,q,2,w)(~,~,~,~,~,~,~,z) "
         "SELECT 4"},
        {"SELECT a.id, c.v FROM a LEFT JOIN (b LEFT JOIN c ON c.k = b.id) ON a.id = b.a_id WHERE "
         "c.v IS NULL ORDER BY 1",
         "(2,~)(3,~)(4,~) SELECT 3"},
        {"SELECT x1.id FROM a x1 WHERE NOT EXISTS (SELECT 1 FROM a x2 WHERE x2.x = x1.x AND x2.id "
         "<> x1.id) ORDER BY 1",
         "(2)(3) SELECT 2"},
        {"WITH x AS (SELECT 1 AS n), y AS (SELECT n FROM x UNION ALL SELECT n + 1 FROM x) SELECT "
         "sum(n) FROM y",
         "(3) SELECT 1"},
        {"WITH x AS (SELECT 1), x AS (SELECT 2) SELECT 1",
         "42712 WITH query name \"x\" specified more than once"},
        {"WITH x AS (SELECT * FROM x) SELECT * FROM x", "42P01 relation \"x\" does not exist"},
        {"WITH RECURSIVE x AS (SELECT * FROM x) SELECT * FROM x",
         "42P19 recursive query \"x\" does not have the form non-recursive-term UNION [ALL] "
         "recursive-term"},
        {"WITH RECURSIVE x (n) AS (SELECT 1 UNION ALL SELECT 'a' FROM x) SELECT * FROM x",
         "22P02 invalid input syntax for type integer: \"a\""},
        {"WITH RECURSIVE t (id, path) AS (SELECT id, s FROM a WHERE id = 1 UNION ALL SELECT a.id, "
         "t.path || a.s FROM a JOIN t ON a.id = t.id + 1) SELECT * FROM t ORDER BY id",
         "(1,one)(2,onetwo)(3,onetwothree)(4,~) SELECT 4"},
        {"WITH a AS (SELECT 5 AS id) SELECT id FROM a", "(5) SELECT 1"},
        {"WITH q AS MATERIALIZED (SELECT id FROM a) SELECT count(*) FROM q", "(4) SELECT 1"},
        {"WITH u AS (UPDATE a SET x = x + 1 WHERE id = 1 RETURNING id, x) UPDATE a SET x = 0 FROM "
         "u WHERE a.id = u.id RETURNING a.id",
         "UPDATE 0"},
        {"WITH u AS (DELETE FROM c WHERE k = 1 RETURNING v) SELECT string_agg(v, '' ORDER BY v) "
         "FROM u",
         "(uv) SELECT 1"},
        {"WITH w AS (INSERT INTO c VALUES (30, 'abcdefg') RETURNING k) SELECT * FROM w",
         "(30) SELECT 1"},
        {"INSERT INTO c (k) SELECT id FROM a UNION SELECT 50 RETURNING k",
         "(2)(3)(4)(1)(50) INSERT 0 5"},
        {"INSERT INTO c WITH z AS (SELECT 60 AS k) SELECT k, 'z' FROM z RETURNING *",
         "(60,z) INSERT 0 1"},
        {"WITH z AS (SELECT 61 AS k) INSERT INTO c SELECT k, 'q' FROM z RETURNING *, (SELECT "
         "count(*) FROM z)",
         "(61,q,1) INSERT 0 1"},
        {"INSERT INTO c (k, v) SELECT id FROM a",
         "42601 INSERT has more target columns than expressions"},
        {"INSERT INTO c VALUES ((SELECT 1, 2))", "42601 subquery must return only one column"},
        {"UPDATE a SET nope = 1", "42703 column \"nope\" of relation \"a\" does not exist"},
        {"UPDATE a SET x = nope FROM b", "42703 column \"nope\" does not exist"},
        {"UPDATE a SET x = b.y FROM b, c WHERE b.id = c.nope",
         "42703 column c.nope does not exist"},
        {"UPDATE a SET id = 1, id = 2", "42601 multiple assignments to same column \"id\""},
        {"UPDATE a SET (x, s) = (SELECT 1, 'a')", "UPDATE 4"},
        {"UPDATE a SET x = 1 WHERE count(*) > 1",
         "42803 aggregate functions are not allowed in WHERE"},
        {"UPDATE a SET x = sum(id)", "42803 aggregate functions are not allowed in UPDATE"},
        {"DELETE FROM a USING a WHERE true", "42712 table name \"a\" specified more than once"},
        {"DELETE FROM a USING b x WHERE x.id = a.id AND x.y > 200 RETURNING a.*, x.y",
         "(3,1,a,300)(4,1,a,400) DELETE 2"},
        {"SELECT rank() OVER (ORDER BY id) + 1, sum(x) OVER (PARTITION BY x) FROM a ORDER BY id",
         "(2,2)(3,2) SELECT 2"},
        {"SELECT id, count(*) OVER (PARTITION BY x ORDER BY id ROWS UNBOUNDED PRECEDING) FROM a "
         "ORDER BY id",
         "(1,1)(2,2) SELECT 2"},
        {"SELECT id, sum(id) OVER (ORDER BY id ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) "
         "FROM a ORDER BY id",
         "(1,3)(2,2) SELECT 2"},
        {"SELECT sum(rank() OVER ()) FROM a",
         "42803 aggregate function calls cannot contain window function calls"},
        {"SELECT rank() OVER (ORDER BY rank() OVER ()) FROM a",
         "42P20 window functions are not allowed in window definitions"},
        {"SELECT rank() FROM a", "42809 window function rank requires an OVER clause"},
        {"SELECT count(*) OVER nope FROM a", "42704 window \"nope\" does not exist"},
        {"SELECT x, rank() OVER (ORDER BY sum(id)) FROM a GROUP BY x ORDER BY 2, 1",
         "(1,1) SELECT 1"},
        {"SELECT first_value(s) OVER (ORDER BY id DESC) FROM a", "(a)(a) SELECT 2"},
        {"SELECT x FROM a GROUP BY x HAVING rank() OVER () > 1",
         "42P20 window functions are not allowed in HAVING"},
        {"SELECT * FROM generate_series(1, 3) a, generate_series(a, 3) b ORDER BY 1, 2",
         "(1,1)(1,2)(1,3)(2,2)(2,3)(3,3) SELECT 6"},
        {"SELECT * FROM generate_series(1, 2) WITH ORDINALITY AS q (a, b)", "(1,1)(2,2) SELECT 2"},
        {"SELECT * FROM ROWS FROM (generate_series(1, 2), generate_series(1, 3)) AS q (a, b)",
         "(1,1)(2,2)(~,3) SELECT 3"},
        {"SELECT * FROM generate_series(1, 3, 0)", "22023 step size cannot equal zero"},
        {"SELECT * FROM generate_series('2020-01-01'::timestamp, '2020-01-03', '1 day') g",
         "(2020-01-01 00:00:00)(2020-01-02 00:00:00)(2020-01-03 00:00:00) SELECT 3"},
        {"SELECT * FROM unnest('{1,2}'::int[], '{a,b,c}'::text[]) q (n, t)",
         "(1,a)(2,b)(~,c) SELECT 3"},
        {"SELECT * FROM now() n WHERE n IS NULL", "SELECT 0"},
        {"SELECT * FROM abs(-3)", "(3) SELECT 1"},
        {"SELECT abs FROM abs(-3)", "(3) SELECT 1"},
        {"SELECT generate_series FROM generate_series(1, 2)", "(1)(2) SELECT 2"},
        {"SELECT id FROM a FOR UPDATE NOWAIT", "(2)(1) SELECT 2"},
        {"SELECT * FROM generate_series(1, 2) g FOR UPDATE OF g",
         "0A000 FOR UPDATE cannot be applied to a function"},
        {"SELECT * FROM (VALUES (1)) v FOR UPDATE", "(1) SELECT 1"},
        {"SELECT count(*) FROM a FOR UPDATE",
         "0A000 FOR UPDATE is not allowed with aggregate functions"},
        {"WITH q AS (SELECT id FROM a) SELECT * FROM q FOR UPDATE", "(2)(1) SELECT 2"},
        {"WITH q AS (SELECT id FROM a) SELECT * FROM q FOR UPDATE OF q",
         "0A000 FOR UPDATE cannot be applied to a WITH query"},
        {"SELECT * FROM a JOIN b USING (id) FOR UPDATE OF j",
         "42P01 relation \"j\" in FOR UPDATE clause not found in FROM clause"},
        {"SELECT a.id FROM a LEFT JOIN b ON b.a_id = a.id ORDER BY 1 FOR UPDATE",
         "0A000 FOR UPDATE cannot be applied to the nullable side of an outer join"},
        {"SELECT a.id FROM a LEFT JOIN b ON b.a_id = a.id ORDER BY 1 FOR UPDATE OF a",
         "(1)(1)(2) SELECT 3"},
        {"SELECT id FROM a INTERSECT SELECT y FROM b UNION SELECT 7 ORDER BY 1", "(7) SELECT 1"},
        {"SELECT NULL UNION SELECT 1 ORDER BY 1", "(1)(~) SELECT 2"},
        {"SELECT NULL UNION SELECT NULL", "(~) SELECT 1"},
        {"SELECT 'a' UNION ALL SELECT 'b' ORDER BY 1 DESC", "(b)(a) SELECT 2"},
        {"SELECT s FROM a UNION SELECT v FROM c ORDER BY 1", "(a)(abcdefg)(q)(w)(z)(~) SELECT 6"},
        {"SELECT 1 UNION SELECT true", "42804 UNION types integer and boolean cannot be matched"},
        {"(SELECT 1) UNION (SELECT 2 UNION ALL SELECT 2) ORDER BY 1", "(1)(2) SELECT 2"},
        {"SELECT id FROM a UNION SELECT id FROM b ORDER BY a.id",
         "42P01 missing FROM-clause entry for table \"a\""},
        {"SELECT * FROM a UNION SELECT * FROM b",
         "42601 each UNION query must have the same number of columns"},
        {"SELECT array_agg(id ORDER BY x DESC, id) FROM a", "({1,2}) SELECT 1"},
        {"SELECT array_agg(x) FROM a WHERE false", "(~) SELECT 1"},
        {"SELECT string_agg(s, id::text ORDER BY id) FROM a", "(a2a) SELECT 1"},
        {"SELECT string_agg(DISTINCT s, ',' ORDER BY s) FROM a", "(a) SELECT 1"},
        {"SELECT string_agg(DISTINCT s, ',' ORDER BY id) FROM a",
         "42P10 in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list"},
        {"SELECT count(DISTINCT s ORDER BY s) FROM a", "(1) SELECT 1"},
        {"SELECT max(id) FILTER (WHERE max(id) > 1) FROM a",
         "42803 aggregate functions are not allowed in FILTER"},
        {"SELECT count(*) FILTER (WHERE x) FROM a",
         "42804 argument of FILTER must be type boolean, not type integer"},
        {"SELECT min(b.s) FROM a LEFT JOIN b ON false", "(~) SELECT 1"},
        {"SELECT a.id IN (SELECT b.a_id FROM b WHERE b.a_id = a.id) FROM a ORDER BY a.id",
         "(t)(t) SELECT 2"},
        {"SELECT a.id FROM a, LATERAL (SELECT max(y) AS m FROM b WHERE b.a_id = a.id) q WHERE q.m "
         "> 100 ORDER BY 1",
         "(1)(2) SELECT 2"},
        {"SELECT * FROM a, LATERAL (VALUES (a.id), (a.x)) v (w) ORDER BY a.id, w",
         "(1,1,a,1)(1,1,a,1)(2,1,a,1)(2,1,a,2) SELECT 4"},
        {"SELECT * FROM a RIGHT JOIN LATERAL (SELECT a.id) q ON true",
         "42P10 invalid reference to FROM-clause entry for table \"a\""},
        {"SELECT (SELECT y FROM b WHERE id = 1) = ALL (SELECT 100), (1, 'x') IN (SELECT 1, 'x')",
         "(t,t) SELECT 1"},
        {"SELECT exists(SELECT 1), ARRAY(SELECT 1), (SELECT 2 AS two)", "(t,{1},2) SELECT 1"},
        {"TABLE c", "(2,w)(~,z)(30,abcdefg)(2,~)(3,~)(4,~)(1,~)(50,~)(60,z)(61,q) SELECT 10"},
    });
}

}  // namespace
}  // namespace atlas::sim::models::postgres
