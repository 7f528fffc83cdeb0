// The promises of docs/delivery.md, kept by the product's own Delivery, Sender and WebhookStore in thousands of
// simulated installations: tests/simulation. A seed that fails is printed with what happened last in it; to look at it
// alone: O365_SIMULATION_SEED=<seed>. How many: O365_SIMULATION_SEEDS.
#include "tests/simulation/simulation.h"

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <map>

namespace o365::simulation {
namespace {

Keys& keys() {
    static Keys made;
    return made;
}

std::uint64_t number_in(const char* variable, std::uint64_t otherwise) {
    const char* const text = std::getenv(variable);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

void print_trace(std::uint64_t seed, Plant plant) {
    Simulation again(seed, plant, keys(), true);
    again.run();
    for (const std::string& line : again.trace()) BOOST_TEST_MESSAGE(line);
}

// How many of the first seeds have a verdict of each kind.
std::map<std::string, int> kinds_found(Plant plant, std::uint64_t seeds) {
    std::map<std::string, int> kinds;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        Simulation simulation(seed, plant, keys());
        for (const auto& [kind, what] : simulation.run()) ++kinds[kind];
    }
    for (const auto& [kind, count] : kinds) BOOST_TEST_MESSAGE(kind << ": " << count << " of " << seeds);
    return kinds;
}

constexpr std::uint64_t kPlantedSeeds = 300;

}  // namespace

BOOST_AUTO_TEST_SUITE(simulation_tests)

BOOST_AUTO_TEST_CASE(no_card_is_lost_doubled_or_out_of_order_nor_leaves_after_a_pause_or_past_its_lease) {
    const std::uint64_t first = number_in("O365_SIMULATION_SEED", 1);
    const std::uint64_t count =
        std::getenv("O365_SIMULATION_SEED") != nullptr ? 1 : number_in("O365_SIMULATION_SEEDS", 2000);
    std::size_t posts = 0;
    int wrong = 0;
    for (std::uint64_t seed = first; seed < first + count && wrong < 3; ++seed) {
        Simulation simulation(seed, Plant::none, keys());
        const auto wrongs = simulation.run();
        posts += simulation.posts();
        if (wrongs.empty()) continue;
        ++wrong;
        for (const auto& [kind, what] : wrongs) BOOST_ERROR("O365_SIMULATION_SEED=" << seed << ": " << what);
        print_trace(seed, Plant::none);
    }
    BOOST_TEST_MESSAGE(count << " seeds, " << posts << " POSTs");
    BOOST_TEST(posts > count * 20);
}

BOOST_AUTO_TEST_CASE(a_seed_always_runs_the_same_way) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Simulation one(seed, Plant::none, keys(), true);
        Simulation two(seed, Plant::none, keys(), true);
        one.run();
        two.run();
        BOOST_TEST((one.trace() == two.trace()));
    }
}

// Each planted fault is found, by the name that it has in the contract.

BOOST_AUTO_TEST_CASE(a_post_that_never_left_is_found_as_lost) {
    BOOST_TEST(kinds_found(Plant::loses_posts, kPlantedSeeds)["lost"] > 0);
}

BOOST_AUTO_TEST_CASE(a_report_without_its_results_is_found_as_doubled) {
    BOOST_TEST(kinds_found(Plant::loses_results, kPlantedSeeds)["doubled"] > 0);
}

BOOST_AUTO_TEST_CASE(cards_in_the_wrong_order_are_found) {
    BOOST_TEST(kinds_found(Plant::reverses_cards, kPlantedSeeds)["out of order"] > 0);
}

BOOST_AUTO_TEST_CASE(a_worker_that_does_not_look_again_is_found_to_send_after_a_pause) {
    BOOST_TEST(kinds_found(Plant::never_rechecks, kPlantedSeeds)["after pause"] > 0);
}

BOOST_AUTO_TEST_CASE(a_clock_that_stands_still_with_its_worker_is_found_to_send_past_a_lease) {
    BOOST_TEST(kinds_found(Plant::clock_stands_still, kPlantedSeeds)["past lease"] > 10);
}

BOOST_AUTO_TEST_CASE(a_worker_that_takes_leases_for_longer_than_they_are_is_found_to_send_past_a_lease) {
    BOOST_TEST(kinds_found(Plant::overstates_leases, kPlantedSeeds)["past lease"] > 0);
}

BOOST_AUTO_TEST_CASE(a_worker_that_does_not_look_again_is_found_to_send_to_a_closed_far_end) {
    // Seldom: most lanes are done before their far end closes, since the cards of few lanes come with the claim.
    BOOST_TEST(kinds_found(Plant::never_rechecks, 5 * kPlantedSeeds)["to a closed far end"] > 3);
}

BOOST_AUTO_TEST_CASE(lanes_of_a_closed_far_end_that_are_claimed_are_found) {
    BOOST_TEST(kinds_found(Plant::claims_closed_far_ends, kPlantedSeeds)["to a closed far end"] > 30);
}

BOOST_AUTO_TEST_CASE(lanes_that_are_claimed_before_their_time_are_found) {
    BOOST_TEST(kinds_found(Plant::claims_waiting_lanes, kPlantedSeeds)["early"] > 30);
}

BOOST_AUTO_TEST_CASE(a_connection_that_does_not_ask_before_the_first_byte_is_found) {
    const auto kinds = kinds_found(Plant::ignores_may_start, kPlantedSeeds);
    BOOST_TEST(kinds.contains("after stop"));
}

BOOST_AUTO_TEST_CASE(a_worker_that_does_not_look_at_the_time_of_a_card_is_found_to_send_too_late) {
    BOOST_TEST(kinds_found(Plant::loses_expiry, kPlantedSeeds)["too late"] > 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace o365::simulation
