#include "lib/database/gathered_copy.h"

#include <boost/test/unit_test.hpp>
#include <future>
#include <thread>

namespace o365 {
namespace {

using namespace std::chrono_literals;

// tests/with-postgres runs this file and says by PGHOST where its server is.
Database connect() { return Database("dbname=postgres", "", "gathered_copy_tests"); }

// A door as that of callbacks: views whose triggers do what `what` says, and keep the rows.
constexpr const char* kDoor[] = {
    "drop schema if exists gathered cascade",
    "create schema gathered",
    "create table gathered.kept (id text, transaction xid8 default pg_current_xact_id())",
    "create view gathered.door as select ''::text as id, ''::text as what where false",
    "create view gathered.doors as select null::text[] as id, null::text[] as what where false",
    "create function gathered.keep(id text, what text) returns void language plpgsql as $$ begin "
    "if what = 'refused' then raise exception 'no such thing'; end if; "
    "if what = 'locks' then perform pg_advisory_xact_lock(365); end if; "
    "if what = 'sleeps' then perform pg_sleep(300); end if; "
    "insert into gathered.kept (id) values (keep.id); end $$",
    "create function gathered.receive() returns trigger language plpgsql as $$ begin "
    "perform gathered.keep(new.id, new.what); return null; end $$",
    "create function gathered.receive_all() returns trigger language plpgsql as $$ begin "
    "for i in 1 .. cardinality(new.id) loop perform gathered.keep(new.id[i], new.what[i]); end loop; "
    "return null; end $$",
    "create trigger receive instead of insert on gathered.door for each row execute function gathered.receive()",
    "create trigger receive instead of insert on gathered.doors for each row execute function gathered.receive_all()",
    ("create function gathered.outcome(id text) returns text language sql volatile as "
     "$$ select 'kept ' || k.id from gathered.kept as k where k.id = outcome.id $$"),
    ("create function gathered.outcomes(ids text[]) returns setof text language sql volatile as "
     "$$ select gathered.outcome(u.id) from unnest(ids) with ordinality as u (id, n) order by u.n $$")};

CopyDoor door() { return {"gathered.door", "gathered.doors", "gathered.outcome", "gathered.outcomes"}; }

struct Door {
    Database other = connect();  // another session, which holds locks and looks
    DatabasePool pool{connect, 8};
    GatheredCopy gathered{pool, door(), 1};
    std::vector<std::future<std::string>> results{};

    Door() {
        for (const char* const statement : kDoor) other.call(statement);
    }
    ~Door() { other.call("select pg_advisory_unlock_all()"); }

    void bring(const std::string& id, const std::string& what) {
        results.push_back(std::async(std::launch::async, [this, id, what] {
            return gathered.copy_row("id, what", {id, what}, id);
        }));
    }
    void wait_for_rows(std::size_t count) const {
        while (gathered.waiting() != count) std::this_thread::sleep_for(1ms);
    }
    void wait_for_event(const char* event) {
        while (other.call("select 1 from pg_stat_activity where wait_event = $1 and pid <> pg_backend_pid()", {event})
                   .size() == 0)
            std::this_thread::sleep_for(1ms);
    }
    // The first row waits for a lock, and so the rows that come now go together.
    void hold() {
        other.call("select pg_advisory_lock(365)");
        bring("first", "locks");
        wait_for_event("advisory");
    }
    void let_go() { other.call("select pg_advisory_unlock(365)"); }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(gathered_copy_tests, Door)

BOOST_AUTO_TEST_CASE(a_row_that_comes_alone_goes_at_once) {
    BOOST_TEST(gathered.copy_row("id, what", {"one", ""}, "one") == "kept one");
}

BOOST_AUTO_TEST_CASE(rows_that_wait_go_together_and_each_hears_of_its_own) {
    hold();
    for (int i = 0; i < 7; ++i) bring("row-" + std::to_string(i), "");
    wait_for_rows(7);
    let_go();
    BOOST_TEST(results[0].get() == "kept first");
    for (int i = 0; i < 7; ++i)
        BOOST_TEST(results[static_cast<std::size_t>(i) + 1].get() == "kept row-" + std::to_string(i));
    BOOST_TEST(other.call("select count(distinct transaction) from gathered.kept").integer(0, 0) == 2);
    BOOST_TEST(gathered.waiting() == 0U);
}

BOOST_AUTO_TEST_CASE(no_copy_has_more_rows_than_its_bound) {
    hold();
    for (std::size_t i = 0; i < GatheredCopy::kMostRows + 3; ++i) bring("row-" + std::to_string(i), "");
    wait_for_rows(GatheredCopy::kMostRows + 3);
    let_go();
    for (auto& result : results) BOOST_TEST(result.get().starts_with("kept "));
    const Rows most = other.call("select count(*) from gathered.kept group by transaction order by 1 desc limit 1");
    BOOST_TEST(static_cast<std::size_t>(most.integer(0, 0)) == GatheredCopy::kMostRows);
}

BOOST_AUTO_TEST_CASE(a_row_that_is_refused_fails_alone) {
    hold();
    bring("good", "");
    bring("bad", "refused");
    bring("as-good", "");
    wait_for_rows(3);
    let_go();
    BOOST_TEST(results[1].get() == "kept good");
    BOOST_CHECK_EXCEPTION(results[2].get(), DatabaseError, [](const DatabaseError& error) {
        return error.fault() != Fault::in_doubt && std::string(error.what()).find("no such thing") != std::string::npos;
    });
    BOOST_TEST(results[3].get() == "kept as-good");
}

BOOST_AUTO_TEST_CASE(a_database_that_takes_no_rows_together_gets_each_alone) {
    other.call("drop view gathered.doors");
    hold();
    bring("second", "");
    bring("third", "");
    wait_for_rows(2);
    let_go();
    BOOST_TEST(results[1].get() == "kept second");
    BOOST_TEST(results[2].get() == "kept third");
    BOOST_TEST(other.call("select count(distinct transaction) from gathered.kept").integer(0, 0) == 3);
}

BOOST_AUTO_TEST_CASE(a_row_that_waits_for_a_lock_keeps_no_other_from_its_end) {
    hold();
    bring("second", "locks");
    bring("free", "");
    wait_for_rows(2);
    // The first gets the lock, and another session has it again before the second.
    Database third = connect();
    auto again = std::async(std::launch::async, [&] { third.call("select pg_advisory_lock(365)"); });
    while (other.call("select count(*) from pg_locks where locktype = 'advisory' and not granted").integer(0, 0) < 2)
        std::this_thread::sleep_for(1ms);
    let_go();
    again.get();
    BOOST_TEST(results[2].get() == "kept free");
    BOOST_TEST((results[1].wait_for(0s) == std::future_status::timeout));
    third.close();
    BOOST_TEST(results[1].get() == "kept second");
}

BOOST_AUTO_TEST_CASE(when_the_connection_is_lost_all_its_rows_are_in_doubt) {
    hold();
    bring("sleeps", "sleeps");
    bring("beside", "");
    wait_for_rows(2);
    let_go();
    wait_for_event("PgSleep");
    other.call("select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep'");
    for (const std::size_t i : {1U, 2U}) {
        BOOST_CHECK_EXCEPTION(results[i].get(), DatabaseError,
                              [](const DatabaseError& error) { return error.fault() == Fault::in_doubt; });
    }
    BOOST_TEST(other.call("select count(*) from gathered.kept").integer(0, 0) == 1);
}

BOOST_AUTO_TEST_CASE(as_many_go_at_once_after_a_rush_as_before) {
    constexpr int kThreads = 8;
    constexpr int kRows = 200;
    GatheredCopy two{pool, door(), 2};
    const auto copy = [&two](const std::string& id, const std::string& what) {
        return two.copy_row("id, what", {id, what}, id);
    };
    std::vector<std::future<void>> rush;
    for (int thread = 0; thread < kThreads; ++thread) {
        rush.push_back(std::async(std::launch::async, [&copy, thread] {
            for (int i = 0; i < kRows; ++i) copy(std::to_string(thread) + "-" + std::to_string(i), "");
        }));
    }
    for (auto& done : rush) done.get();
    other.call("select pg_advisory_lock(365)");
    auto held = std::async(std::launch::async, [&copy] { return copy("held", "locks"); });
    wait_for_event("advisory");
    // Where only one may go, this one waits for the lock too.
    auto beside = std::async(std::launch::async, [&copy] { return copy("beside", ""); });
    while (beside.wait_for(1ms) != std::future_status::ready && two.waiting() == 0) {
    }
    BOOST_TEST(two.waiting() == 0U);
    let_go();
    BOOST_TEST(beside.get() == "kept beside");
    BOOST_TEST(held.get() == "kept held");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace o365
