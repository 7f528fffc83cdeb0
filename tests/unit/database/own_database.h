// Calls of a server that belongs to these tests alone.
#pragma once

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include "lib/database/database.h"

namespace o365::test {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// tests/with-postgres runs these tests and says by PGHOST where its server is.
inline Database connect() { return Database("dbname=postgres", "", "database_tests"); }

inline Fault fault_of(Database& database, std::string_view statement) {
    try {
        database.call(statement);
    } catch (const DatabaseError& error) {
        return error.fault();
    }
    BOOST_FAIL("the statement was expected to fail");
    return Fault::bug;
}

struct CopyTable {
    CopyTable() : database(connect()) {
        database.call("create schema if not exists o365");
        database.call("drop table if exists o365.inbox");
        database.call("create table o365.inbox (a text, b bytea, c text)");
    }
    Database database;
};

inline DatabaseError error_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const DatabaseError& error) {
        return error;
    }
    BOOST_FAIL("a DatabaseError was expected");
    std::abort();
}

inline bool comes_true(const std::function<bool()>& condition) {
    for (const auto end = Clock::now() + 20s; Clock::now() < end; std::this_thread::sleep_for(5ms)) {
        if (condition()) return true;
    }
    return false;
}

inline std::string backend_of(Database& database) {
    return std::string(database.call("select pg_backend_pid()").text(0, 0));
}

}  // namespace o365::test
