#include "lib/base/lru_cache.h"

#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>
#include <string_view>

namespace o365 {

BOOST_AUTO_TEST_SUITE(lru_cache_tests)

BOOST_AUTO_TEST_CASE(what_was_used_least_recently_makes_room) {
    LruCache<std::string, int> cache(3);
    cache.put("a", 1);
    cache.put("b", 2);
    cache.put("c", 3);
    BOOST_TEST(*cache.find(std::string_view("a")) == 1);
    cache.put("b", 4);  // used as well
    cache.put("d", 5);
    BOOST_TEST(cache.size() == 3U);
    BOOST_TEST(!cache.find("c"));
    BOOST_TEST(*cache.find("a") == 1);
    BOOST_TEST(*cache.find("b") == 4);
    BOOST_TEST(*cache.find("d") == 5);
}

BOOST_AUTO_TEST_CASE(it_never_holds_more_than_its_bound) {
    LruCache<int, std::shared_ptr<int>> cache(1000);
    const auto value = std::make_shared<int>(0);
    for (int i = 0; i < 100000; ++i) cache.put(i, value);
    BOOST_TEST(cache.size() == 1000U);
    BOOST_TEST(value.use_count() == 1001);
    BOOST_TEST(!cache.find(98999));
    BOOST_TEST(cache.find(99000));
}

BOOST_AUTO_TEST_CASE(what_is_erased_or_old_is_gone) {
    LruCache<int, int> cache(10);
    for (int i = 0; i < 10; ++i) cache.put(i, i);
    cache.erase(0);
    cache.erase(0);
    cache.find(1);
    cache.forget_while([](int value) { return value < 5 && value != 1; });
    BOOST_TEST(cache.size() == 6U);
    BOOST_TEST(!cache.find(4));
    BOOST_TEST(*cache.find(1) == 1);
    cache.forget_while([](int) { return true; });
    BOOST_TEST(cache.size() == 0U);
    cache.put(7, 8);
    BOOST_TEST(*cache.find(7) == 8);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace o365
