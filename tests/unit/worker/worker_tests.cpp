#include "worker/worker.h"

#include <boost/test/unit_test.hpp>

#include "lib/keys/key_ring.h"

namespace o365 {
namespace {

// Nobody is there: whatever asked the database would throw.
Settings without_database() {
    Settings settings;
    settings.database = "host=/nowhere dbname=nowhere connect_timeout=1";
    return settings;
}

const Secret& key_file() {
    static const Secret text = new_key_file();
    return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(worker_tests)

BOOST_AUTO_TEST_CASE(once_that_is_stopped_before_it_begins_waits_and_asks_no_database) {
    Worker worker(without_database(), KeyRing(key_file(), "keys"));
    worker.stop();
    BOOST_TEST((worker.run_once(std::chrono::seconds(50)) == Outlook::waiting));
}

BOOST_AUTO_TEST_CASE(a_worker_that_is_stopped_before_it_begins_ends_and_asks_no_database) {
    Worker worker(without_database(), KeyRing(key_file(), "keys"));
    worker.stop();
    worker.run();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace o365
