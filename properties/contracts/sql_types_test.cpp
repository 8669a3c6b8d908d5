// Types: numeric, date and char(n), their operators and functions.

#include "properties/contracts/sql_script_fixture.hpp"

namespace atlas::properties {
namespace {

class SqlTypes : public SqlScripts {};

TEST_P(SqlTypes, NumericIsExact) {
    expect_same(
        "1: select 1.5, -0.50, 1e3, 1.5e-3, .5, 12345678901234567890, 9223372036854775808, "
        "-9223372036854775808\n"
        "1: select 1.5+1, 2-1.25, 1.5*1.25, 10/4.0, 1/3.0, 2.0/3, 100000000000/3.0, 1.0/30000000, "
        "7%2.5, -7.5%2, 5.0%0.3\n"
        "1: select 1/0.0\n"
        "1: select 1.5%0\n"
        "1: select round(2.5), round(-2.5), round(1.2345,2), round(1234.5,-2), trunc(1.99), "
        "trunc(-1.99,1), trunc(1299,-2), ceil(1.1), floor(-1.1), ceil(-1.5), sign(-2.5), "
        "abs(-1.50), scale(1.50), div(7,2), mod(7.5,2), div(-7.5,2)\n"
        "1: select 1.5::int, 2.5::int, -1.5::int, 1e10::int\n"
        "1: select 99999999999.5::int8, 40000.1::int2\n"
        "1: select 123.456::numeric(5,2), 123.456::numeric(5), 0.005::numeric(3,3), "
        "1::numeric(3,3)\n"
        "1: select 1000.0::numeric(5,2)\n"
        "1: select '1.50'::numeric = 1.5, 1.5 > 1, 1.5 in (1,2), 1.50::text, '  1.5 '::numeric, "
        "'1.5x'::numeric\n"
        "1: select ''::numeric\n"
        "1: select '1e5'::numeric, '1.5e2'::numeric, '0e0'::numeric, '-0.0'::numeric, "
        "'.'::numeric\n"
        "1: select 'e5'::numeric\n"
        "1: select '1e'::numeric\n"
        "1: select numeric '1' / 3, 1::numeric/7, 22.0/7.0, 1e-10/3, 1e20/3, 0.0001/3, 9999/3.0, "
        "10000/3.0, 10001/3.0, 0/3.0, 1/99999999.0\n"
        "1: create table n(id int primary key, a numeric(10,2), b numeric)\n"
        "1: insert into n values (1, 1.005, 1.005), (2, '2', 3), (3, 5, null), (4, -1.5, 1e3)\n"
        "1: insert into n values (5, 123456789.5, 1)\n"
        "1: insert into n values (5, 1, 'x')\n"
        "1: select * from n order by a\n"
        "1: select * from n where a = 5\n"
        "1: select * from n where b > 1\n"
        "1: update n set a = a * 1.1 returning a\n"
        "1: update n set id = 2.6 where id = 4 returning id\n"
        "1: create unique index on n(b)\n"
        "1: insert into n values (9, 1, 3.00)\n"
        "1: create table f(x numeric references n(b), y int references n(b))\n"
        "1: create unique index on n(a)\n"
        "1: insert into f values (3.0, 3)\n"
        "1: insert into f values (4, 3)\n"
        "1: insert into f values (3, 4)\n"
        "1: select 1::numeric::int8, true::numeric\n"
        "1: select 1.5::bool\n"
        "1: select greatest(1, 2.5), least(1.5, 2), coalesce(null, 1.5, 2), nullif(1.0, 1), case "
        "when true then 1 else 1.5 end\n"
        "1: select 10 between 1.5 and 10.0, 1.0 is distinct from 1.00\n"
        "1: select 1 + 1.5::text\n"
        "1: select 'a' + 1.5\n"
        "1: select 1.5 + date '2020-01-01'\n"
        "1: select 1.5 || 'x', 'x' || 2.50\n"
        "1: select 0.1 + 0.2, 1.10 - 1.1, 1e-20 * 1e-20, 123456789.123456789 * "
        "987654321.987654321, 3.00 / 1.5, 1e5 / 1e-5, 12.3400::numeric(10,1), 5.55::numeric(3,1), "
        "-5.55::numeric(3,1), 5::numeric(2,-1), 12345::numeric(3,-2)\n"
        "1: select current_date = now()::date\n"
        "1: select date(timestamp '2020-01-01 10:00')\n");
}

TEST_P(SqlTypes, DatesAreDays) {
    expect_same(
        "1: select '2020-02-29'::date, date '2021-01-01' - date '2020-01-01', date '2020-01-31' + "
        "1, date '2020-03-01' - 1, date '2020-01-31' + interval '1 month', date '2020-01-01' - "
        "interval '1 day'\n"
        "1: select '2020-02-30'::date\n"
        "1: select '2020-13-01'::date\n"
        "1: select 'x'::date\n"
        "1: select '2020-01-01 10:20:30'::date, '0001-01-01'::date\n"
        "1: select date '2020-01-01' = timestamp '2020-01-01', date '2020-01-01' < timestamptz "
        "'2020-01-01 00:00:01+00', timestamp '2020-01-02' > date '2020-01-01'\n"
        "1: select timestamp '2020-05-05 10:00:00'::date, date '2020-05-05'::timestamp, date "
        "'2020-05-05'::timestamptz, '2020-05-05'::date::text\n"
        "1: select make_date(2020,2,29), make_date(-1,1,1)\n"
        "1: select make_date(2021,2,29)\n"
        "1: select make_date(0,2,29)\n"
        "1: select date_trunc('month', timestamp '2020-05-17 10:20:30.123456'), date_trunc('week', "
        "timestamp '2020-05-17 10:20:30'), date_trunc('hour', timestamptz '2020-05-17 "
        "10:20:30+00'), date_trunc('quarter', timestamp '2020-05-17'), date_trunc('milliseconds', "
        "timestamp '2020-05-17 10:20:30.123456')\n"
        "1: select date_trunc('nope', timestamp '2020-05-17')\n"
        "1: select date_trunc('month', date '2020-05-17')\n"
        "1: select extract(year from timestamp '2020-05-17 10:20:30.123456'), extract(month from "
        "date '2020-05-17'), extract(second from timestamp '2020-05-17 10:20:30.123456'), "
        "extract(epoch from timestamp '2020-05-17 10:20:30.5'), extract(dow from date "
        "'2020-05-17'), extract(isodow from date '2020-05-17'), extract(doy from date "
        "'2020-05-17'), extract(week from date '2021-01-03'), extract(isoyear from date "
        "'2021-01-03'), extract(quarter from date '2020-05-17'), extract(epoch from date "
        "'2020-05-17'), extract(milliseconds from timestamp '2020-05-17 "
        "10:20:30.123456'),extract(microseconds from timestamp '2020-05-17 10:20:30.123456')\n"
        "1: select extract(hour from date '2020-05-17')\n"
        "1: select extract(nope from date '2020-05-17')\n"
        "1: select extract(day from timestamptz '1999-12-31 23:59:59.999+00'), extract(epoch from "
        "timestamptz '1969-12-31 23:59:59.999+00')\n"
        "1: select date '2020-01-01' - date 'infinity'\n"
        "1: select 'infinity'::date, '-infinity'::date, 'infinity'::date + 1\n"
        "1: create table dt(d date primary key, x int)\n"
        "1: insert into dt values ('2020-01-02', 1), ('2020-01-01', 2), ('infinity', 3)\n"
        "1: select * from dt order by d\n"
        "1: select * from dt where d = '2020-01-01'\n"
        "1: select * from dt where d between '2020-01-01' and date '2020-01-02'\n"
        "1: insert into dt values ('2020-01-01', 5)\n"
        "1: insert into dt values (5,5)\n"
        "1: insert into dt values ('x',5)\n"
        "1: insert into dt values (timestamp '2021-01-01 10:10:10', 5)\n"
        "1: select max(x) from dt\n");
}

TEST_P(SqlTypes, CharactersFillTheirLength) {
    expect_same(
        "1: select 'ab'::char(5), 'ab'::char(5) = 'ab', 'ab'::char(5) || 'x', length('ab "
        "'::char(5)), octet_length('ab'::char(5)), 'abcdef'::char(3), 'ab'::char(5)::text || '|', "
        "'a'::char, 'ab  '::char(5) = 'ab'::text, 'ab'::char(3) = 'ab '::char(10), "
        "upper('ab'::char(4))\n"
        "1: create table ch(c char(4) primary key, v varchar(3))\n"
        "1: insert into ch values ('ab','x'),('abcd','y')\n"
        "1: insert into ch values ('abcde','z')\n"
        "1: insert into ch values ('ab   ', 'q')\n"
        "1: insert into ch values ('zz   ', 'q')\n"
        "1: select c, length(c), c||'|', v from ch order by c\n"
        "1: select * from ch where c = 'ab'\n"
        "1: select * from ch where c = 'ab  '::char(9)\n"
        "1: select * from ch where c like 'ab'\n"
        "1: select * from ch where c in ('ab','zz')\n"
        "1: update ch set v = c where c = 'ab'\n"
        "1: select coalesce('ab'::char(4), 'x'), case when true then 'ab'::char(4) else 'x' end\n");
}

// Found by random expressions.
TEST_P(SqlTypes, OddCornersComeOutTheSame) {
    expect_same(
        "1: SELECT '\"a\"'::jsonb -> 0, '1.00'::jsonb -> -1, '1'::jsonb -> 1, 'null'::jsonb ->> 0\n"
        "1: SELECT NULL::int IN (1 / 0, NULL)\n"
        "1: SELECT 1 IN (1, 1 / 0)\n"
        "1: CREATE TABLE t (a int)\n"
        "1: INSERT INTO t VALUES (1), (0), (NULL)\n"
        "1: SELECT a IN (2, 3), a NOT IN (2, NULL), 1 IN (a, 2, 3), 1 NOT IN (5, a) FROM t\n"
        "1: SELECT 1 IN (1, 2 / a) FROM t\n"
        "1: SELECT 1 IN (2 / a, 1, 1) FROM t\n"
        "1: SELECT '2147483647'::date\n"
        "1: SELECT '20200131'::date, '991231'::date, '200102'::date, '1200101'::date\n"
        "1: SELECT '1234'::date\n"
        "1: SELECT '12345678'::timestamp\n"
        "1: SELECT '20200101 10:11:12'::timestamp\n");
}

ATLAS_ON_EACH_SQL_CLIENT(SqlTypes);

}  // namespace
}  // namespace atlas::properties
