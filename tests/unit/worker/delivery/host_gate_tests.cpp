#include "worker/delivery/host_gate.h"

#include <boost/test/unit_test.hpp>

namespace o365 {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Gate = HostGate<std::string>;

const Gate::Clock::time_point kBegin{seconds(1000)};

void add(Gate& gate, const std::string& host, int count, Gate::Clock::time_point now = kBegin) {
    for (int i = 0; i < count; ++i) gate.add(host, host, host + std::to_string(i), now);
}

// How many may begin.
int begin_all(Gate& gate) {
    int count = 0;
    while (gate.next()) ++count;
    return count;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(host_gate_tests)

BOOST_AUTO_TEST_CASE(items_of_a_host_begin_in_the_order_they_came) {
    Gate gate(10, seconds(1));
    add(gate, "a", 3);
    BOOST_TEST(*gate.next() == "a0");
    BOOST_TEST(*gate.next() == "a1");
    BOOST_TEST(gate.waiting() == 1);
    BOOST_TEST(gate.running() == 2);
    BOOST_TEST(*gate.next() == "a2");
    BOOST_TEST(!gate.next().has_value());
}

BOOST_AUTO_TEST_CASE(hosts_take_turns) {
    Gate gate(100, seconds(1));
    add(gate, "a", 3);
    add(gate, "b", 2);
    add(gate, "c", 1);
    std::string order;
    while (auto item = gate.next()) order += *item + " ";
    BOOST_TEST(order == "a0 b0 c0 a1 b1 a2 ");
}

BOOST_AUTO_TEST_CASE(one_host_leaves_a_fifth_of_the_transfers_to_others) {
    Gate gate(256, seconds(1));
    add(gate, "slow", 500);
    BOOST_TEST(begin_all(gate) == 205);
    add(gate, "other", 30);
    add(gate, "third", 1);
    BOOST_TEST(begin_all(gate) == 31);
    // And a second slow one leaves some as well.
    add(gate, "slow too", 500);
    begin_all(gate);
    add(gate, "last", 1);
    BOOST_TEST(begin_all(gate) == 1);
}

// `hosts` of one far end, each with `count` items.
void add_tenants(Gate& gate, int hosts, int count) {
    for (int i = 0; i < hosts * count; ++i) {
        const std::string host = "t" + std::to_string(i % hosts) + ".tenants";
        gate.add("*.tenants", host, host + "/" + std::to_string(i / hosts), kBegin);
    }
}

BOOST_AUTO_TEST_CASE(many_hosts_of_one_far_end_leave_a_fifth_of_the_transfers_to_others) {
    Gate gate(256, seconds(1));
    add_tenants(gate, 500, 1);
    BOOST_TEST(begin_all(gate) == 205);
    add(gate, "other", 30);
    BOOST_TEST(begin_all(gate) == 30);
    // All but a few go back when their time has passed, so that they keep no place from other lanes.
    BOOST_TEST(gate.late(kBegin + seconds(1)).size() == 295U - 256U / 8U);
    BOOST_TEST(gate.late(kBegin + seconds(10)).size() == 256U / 8U);
    for (int i = 0; i < 205; ++i) gate.ended("*.tenants", "t" + std::to_string(i) + ".tenants");
    for (int i = 0; i < 30; ++i) gate.ended("other", "other");
    BOOST_TEST(gate.running() == 0);
}

BOOST_AUTO_TEST_CASE(a_host_leaves_some_of_its_far_end_s_share_to_the_other_hosts) {
    Gate gate(256, seconds(1));
    add_tenants(gate, 1, 500);
    BOOST_TEST(begin_all(gate) == 196);
    gate.add("*.tenants", "beside.tenants", "one", kBegin);
    gate.add("*.tenants", "beside.tenants", "two", kBegin);
    BOOST_TEST(*gate.next() == "one");
    BOOST_TEST(*gate.next() == "two");
    // And all of them together some to other far ends.
    for (int i = 0; i < 100; ++i) gate.add("*.tenants", "beside.tenants", "more", kBegin);
    BOOST_TEST(begin_all(gate) == 205 - 198);
    add(gate, "other", 30);
    BOOST_TEST(begin_all(gate) == 30);
}

BOOST_AUTO_TEST_CASE(hosts_of_one_far_end_take_turns_and_far_ends_as_well) {
    Gate gate(100, seconds(1));
    add_tenants(gate, 2, 2);
    add(gate, "a", 3);
    std::string order;
    while (auto item = gate.next()) order += *item + " ";
    BOOST_TEST(order == "t0.tenants/0 a0 t1.tenants/0 a1 t0.tenants/1 a2 t1.tenants/1 ");
}

BOOST_AUTO_TEST_CASE(a_host_that_answers_finds_a_transfer_among_others_that_hang) {
    Gate gate(256, seconds(1));
    gate.add("*.tenants", "quick.tenants", "first", kBegin);
    BOOST_TEST(*gate.next() == "first");
    gate.learn("*.tenants", "quick.tenants", true, milliseconds(30), kBegin);
    gate.ended("*.tenants", "quick.tenants");
    add_tenants(gate, 500, 1);
    BOOST_TEST(begin_all(gate) == 205);
    gate.add("*.tenants", "new.tenants", "one", kBegin);
    BOOST_TEST(begin_all(gate) == 0);
    for (int i = 0; i < 30; ++i) gate.add("*.tenants", "quick.tenants", "quick", kBegin);
    BOOST_TEST(*gate.next() == "quick");
    // And those that answer leave a tenth to other far ends, of which one host does not get all.
    BOOST_TEST(begin_all(gate) == 24);
    add(gate, "other", 20);
    BOOST_TEST(begin_all(gate) == 20);
}

BOOST_AUTO_TEST_CASE(a_new_host_finds_a_transfer_once_those_that_wait_have_waited_in_vain) {
    Gate gate(256, seconds(1));
    add_tenants(gate, 500, 1);
    BOOST_TEST(begin_all(gate) == 205);
    gate.add("*.tenants", "new.tenants", "new", kBegin + milliseconds(500));
    BOOST_TEST(begin_all(gate) == 0);  // one of 296 of which nothing is known
    BOOST_TEST(gate.late(kBegin + seconds(1)).size() >= 200U);
    gate.late(kBegin + milliseconds(1500));
    gate.add("*.tenants", "newer.tenants", "newer", kBegin + seconds(2));
    BOOST_TEST(*gate.next() == "newer");
    // What waited in vain comes back, and waits for the share of all.
    gate.add("*.tenants", "t400.tenants", "again", kBegin + seconds(4));
    BOOST_TEST(begin_all(gate) == 0);
    gate.learn("*.tenants", "t400.tenants", true, milliseconds(30), kBegin + seconds(4));
    BOOST_TEST(*gate.next() == "again");
}

BOOST_AUTO_TEST_CASE(hosts_that_hang_get_an_eighth_of_the_transfers_until_they_answer) {
    Gate gate(256, seconds(1));
    const auto host = [](int i) { return "t" + std::to_string(i) + ".tenants"; };
    add_tenants(gate, 100, 1);
    BOOST_TEST(begin_all(gate) == 100);
    for (int i = 0; i < 100; ++i) {
        gate.learn("*.tenants", host(i), false, seconds(20), kBegin);
        gate.ended("*.tenants", host(i));
    }
    add_tenants(gate, 100, 1);
    BOOST_TEST(begin_all(gate) == 32);
    // As many wait; the others are left alone at once, and keep no lane from being claimed.
    const auto late = gate.late(kBegin);
    BOOST_TEST(late.size() == 100U - 32U - 32U);
    for (const auto& one : late) BOOST_TEST((one.hold >= seconds(2)));
    // Others have what is free.
    gate.add("*.tenants", "new.tenants", "new", kBegin);
    BOOST_TEST(*gate.next() == "new");
    // One that answers is like the others, with what waits for it.
    gate.learn("*.tenants", host(0), true, milliseconds(30), kBegin);
    gate.add("*.tenants", host(0), "more", kBegin);
    gate.add("*.tenants", host(0), "more", kBegin);
    BOOST_TEST(begin_all(gate) >= 3);
    // What was learned is forgotten.
    gate.take_all();
    for (int i = 0; i < 100; ++i) gate.add("*.tenants", host(i), "later", kBegin + std::chrono::minutes(11));
    BOOST_TEST(begin_all(gate) > 32);
}

BOOST_AUTO_TEST_CASE(what_is_learned_of_a_host_moves_what_waits_for_it) {
    Gate gate(8, seconds(1));
    gate.add("*.tenants", "a.tenants", "a0", kBegin);
    gate.add("*.tenants", "a.tenants", "a1", kBegin);
    BOOST_TEST(*gate.next() == "a0");
    gate.learn("*.tenants", "a.tenants", false, seconds(5), kBegin);
    BOOST_TEST(!gate.next().has_value());  // one of eight is all that hosts that hang get
    gate.learn("*.tenants", "a.tenants", true, seconds(3), kBegin);
    BOOST_TEST(*gate.next() == "a1");
    gate.ended("*.tenants", "a.tenants");
    gate.ended("*.tenants", "a.tenants");
    BOOST_TEST(gate.running() == 0);
}

BOOST_AUTO_TEST_CASE(a_share_comes_back_as_transfers_end) {
    Gate gate(10, seconds(1));
    add(gate, "a", 20);
    BOOST_TEST(begin_all(gate) == 8);
    gate.ended("a", "a");
    BOOST_TEST(begin_all(gate) == 1);
    for (int i = 0; i < 8; ++i) gate.ended("a", "a");
    BOOST_TEST(begin_all(gate) == 8);
    BOOST_TEST(gate.waiting() == 3);
}

BOOST_AUTO_TEST_CASE(the_smallest_number_of_transfers_serves_everybody) {
    Gate gate(1, seconds(1));
    add(gate, "a", 2);
    add(gate, "b", 1);
    std::string order;
    while (auto item = gate.next()) {
        order += *item + " ";
        gate.ended(item->substr(0, 1), item->substr(0, 1));
    }
    BOOST_TEST(order == "a0 b0 a1 ");
}

BOOST_AUTO_TEST_CASE(what_waits_too_long_for_its_host_is_held_longer_each_time) {
    Gate gate(10, seconds(1));
    add(gate, "a", 11);
    BOOST_TEST(begin_all(gate) == 8);
    BOOST_TEST(gate.late(kBegin + milliseconds(999)).empty());
    auto now = kBegin + seconds(1);
    auto late = gate.late(now);
    BOOST_REQUIRE(late.size() == 2U);
    BOOST_TEST(late[0].item == "a9");
    for (const auto& one : late) BOOST_TEST((one.hold >= seconds(2) && one.hold < seconds(4)));
    for (const int least : {4, 8, 16, 32, 32}) {
        now += seconds(64);
        add(gate, "a", 1, now - seconds(10));
        late = gate.late(now);
        BOOST_TEST(!late.empty());
        for (const auto& one : late) BOOST_TEST((one.hold >= seconds(least) && one.hold < seconds(2 * least)));
        BOOST_TEST(gate.waiting() == 0);
    }
    // Within a round the time does not grow.
    add(gate, "a", 100, now - seconds(10));
    for (const auto& one : gate.late(now + seconds(1))) BOOST_TEST((one.hold >= seconds(32) && one.hold < seconds(64)));
    // As soon as the host keeps up, the next time is short again.
    gate.ended("a", "a");
    add(gate, "a", 1, now);
    BOOST_TEST(begin_all(gate) == 1);
    add(gate, "a", 1, now);
    late = gate.late(now + seconds(100));
    BOOST_REQUIRE(late.size() == 1U);
    BOOST_TEST((late[0].hold < seconds(4)));
}

BOOST_AUTO_TEST_CASE(a_far_end_that_kept_up_again_within_its_hold_holds_anew) {
    Gate gate(10, seconds(1));
    add(gate, "a", 9);
    BOOST_TEST(begin_all(gate) == 8);
    add(gate, "a", 1, kBegin - seconds(1));
    BOOST_TEST(!gate.late(kBegin + seconds(10)).empty());
    gate.ended("a", "a");
    add(gate, "a", 1, kBegin);
    BOOST_TEST(begin_all(gate) == 1);
    add(gate, "a", 2, kBegin);
    const auto late = gate.late(kBegin + seconds(11));
    BOOST_REQUIRE(!late.empty());
    BOOST_TEST((late[0].hold >= seconds(2) && late[0].hold < seconds(4)));
}

BOOST_AUTO_TEST_CASE(a_few_items_stay_so_that_a_transfer_that_ends_finds_one) {
    Gate gate(80, seconds(1));
    add(gate, "a", 100);
    BOOST_TEST(begin_all(gate) == 64);
    BOOST_TEST(gate.late(kBegin + seconds(9)).size() == 26U);
    gate.ended("a", "a");
    BOOST_TEST(*gate.next() == "a64");
    BOOST_TEST(gate.waiting() == 9);
    BOOST_TEST(gate.late(kBegin + seconds(10)).size() == 9U);
}

BOOST_AUTO_TEST_CASE(what_finds_no_transfer_at_all_is_not_held) {
    Gate gate(1, seconds(1));
    add(gate, "a", 1);
    BOOST_TEST(begin_all(gate) == 1);
    add(gate, "b", 1);
    const auto late = gate.late(kBegin + seconds(1));
    BOOST_REQUIRE(late.size() == 1U);
    BOOST_TEST(late[0].hold.count() == 0);
    BOOST_TEST(gate.waiting() == 0);
    gate.ended("a", "a");
    BOOST_TEST(gate.running() == 0);
}

BOOST_AUTO_TEST_CASE(all_that_wait_can_be_taken_out) {
    Gate gate(2, seconds(1));
    add(gate, "a", 3);
    add(gate, "b", 2);
    BOOST_TEST(begin_all(gate) == 2);
    BOOST_TEST(gate.take_all().size() == 3U);
    BOOST_TEST(gate.waiting() == 0);
    gate.ended("a", "a");
    gate.ended("b", "b");
    add(gate, "b", 1);
    BOOST_TEST(begin_all(gate) == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace o365
