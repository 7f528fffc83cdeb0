#include "worker/delivery/allow_list.h"

#include <boost/test/unit_test.hpp>

#include "lib/json/json_text.h"

namespace o365 {
namespace {

Url url(const std::string& text) { return parse_url(text).value(); }

const AllowList& hosts() {
    static const AllowList list(database_json(R"([
        {"dialect": "connector", "host": "far.example", "subdomains": true, "port": 443, "far_end": "*.far.example"},
        {"dialect": "workflow", "host": "flows.far.example", "subdomains": true, "port": 443, "far_end": null},
        {"dialect": "connector", "host": "one.example", "subdomains": false, "port": 8443,
         "far_end": "one.example"}])"));
    return list;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(allow_list_tests)

BOOST_AUTO_TEST_CASE(subdomains_are_hosts_below_label_by_label_and_never_the_host_itself) {
    BOOST_TEST(hosts().find(url("https://a.far.example/1"))->dialect == "connector");
    BOOST_TEST(hosts().find(url("https://a.b.far.example/1"))->dialect == "connector");
    BOOST_TEST(hosts().find(url("https://far.example/1")) == nullptr);
    BOOST_TEST(hosts().find(url("https://afar.example/1")) == nullptr);
    BOOST_TEST(hosts().find(url("https://a.far.example:444/1")) == nullptr);
    BOOST_TEST(hosts().find(url("https://one.example:8443/1")) != nullptr);
    BOOST_TEST(hosts().find(url("https://sub.one.example:8443/1")) == nullptr);
}

BOOST_AUTO_TEST_CASE(the_longest_entry_counts) {
    BOOST_TEST(hosts().find(url("https://x.flows.far.example/1"))->dialect == "workflow");
    BOOST_TEST(hosts().find(url("https://flows.far.example/1"))->dialect == "connector");
}

BOOST_AUTO_TEST_CASE(a_far_end_is_that_of_the_entry_or_the_host_itself) {
    BOOST_TEST(hosts().far_end(url("https://a.far.example/1")) == "*.far.example");
    BOOST_TEST(hosts().far_end(url("https://x.flows.far.example/1")) == "x.flows.far.example");
    BOOST_TEST(hosts().far_end(url("https://unknown.example/1")) == "unknown.example");
}

BOOST_AUTO_TEST_CASE(what_is_not_allowed_says_what_would_allow_it) {
    BOOST_TEST(hosts().problem(url("https://a.far.example/1"), "connector").empty());
    BOOST_TEST(hosts().problem(url("https://a.far.example/1"), "workflow") ==
               "webhooks on host a.far.example port 443 are not allowed: select "
               "o365.allow_webhook_host('workflow', 'a.far.example', 443)");
    BOOST_TEST(AllowList().problem(url("https://a.far.example/1"), "connector").find("are not allowed") !=
               std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace o365
