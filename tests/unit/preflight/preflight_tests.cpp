#include "lib/preflight/preflight.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <set>
#include <stdexcept>

#include "lib/http/url.h"

using namespace o365;

namespace {

PostResult answer(int status, std::string body, std::string location = {}) {
    PostResult result;
    result.transport = TransportStatus::answered;
    result.status = status;
    result.body = std::move(body);
    result.headers = {{"content-type", "text/html"},
                      {"referrer-policy", "no-referrer"},
                      {"cache-control", "no-store"},
                      {"content-security-policy", "default-src 'none'"},
                      {"x-content-type-options", "nosniff"}};
    if (!location.empty()) result.headers.emplace_back("location", std::move(location));
    return result;
}

// An installation that is well, as far as a preflight asks it.
PostResult well(const std::string& url) {
    if (url.find("/callback?") != std::string::npos)
        return answer(302, "", "https://app.example.org/connect/desk/failed?reason=denied");
    if (url.ends_with("/callback")) return answer(200, "<p>If you ask, mention <code>r-0123456789ab</code>.</p>");
    if (url.ends_with("/logo")) {
        PostResult logo = answer(200, "\x89PNG");
        logo.headers.front().second = "image/png";
        return logo;
    }
    if (url.find("/action?token=1-1-preflight-") != std::string::npos) {
        PostResult refused = answer(401, "");
        refused.headers.emplace_back("card-action-status", "This button does not work here.");
        return refused;
    }
    if (url.find("/manage/") != std::string::npos)
        return answer(
            200, "<select name=\"every\"><button value=\"pause\"><a href=\"?ask=remove\"><button value=\"remove\">");
    return answer(200, "<h2>Desk</h2><form action=\"/connect/desk/workflow\">");
}

struct Installation {
    Json::Value site;
    std::function<PostResult(const std::string&)> answers = well;
    Json::Value outcomes{Json::arrayValue};
    bool is_connected = true;
    std::vector<std::string> asked;
    int planted = 0;
    int cleared = 0;
    std::vector<std::string> request_ids;

    Installation() {
        site["slug"] = "desk";
        site["name"] = "Desk";
        site["public_url"] = "https://app.example.org";
        site["environment"] = "production";
        site["callback_url"] = "https://app.example.org/connect/desk/callback";
        site["website"] = "https://contoso.com/";
        site["target_urls"] = Json::Value(Json::arrayValue);
        site["findings"] = Json::Value(Json::arrayValue);
        outcomes.append("denied");
        outcomes.append("refused_host");
    }

    std::vector<PreflightFinding> look() {
        return preflight(site,
                         {.plant =
                              [&](const PlantedSecrets&) {
                                  ++planted;
                                  return is_connected;
                              },
                          .clear =
                              [&](const PlantedSecrets&, const std::vector<std::string>& ids) {
                                  ++cleared;
                                  request_ids = ids;
                                  return outcomes;
                              }},
                         [&](HttpRequest request) {
                             asked.push_back(request.url.reveal());
                             return answers(request.url.reveal());
                         },
                         {});
    }
    // The findings of an item, as "fail: problem", a line each.
    std::string of(std::string_view item) {
        std::string lines;
        for (const PreflightFinding& one : look()) {
            if (one.item != item) continue;
            lines += (lines.empty() ? "" : "\n") + one.verdict + (one.problem.empty() ? "" : ": " + one.problem);
        }
        return lines;
    }
};

}  // namespace

BOOST_AUTO_TEST_CASE(every_item_has_a_finding_in_the_order_of_the_list) {
    Installation installation;
    std::vector<std::string> items;
    for (const PreflightFinding& one : installation.look()) {
        if (items.empty() || items.back() != one.item) items.push_back(one.item);
        BOOST_TEST(one.verdict != "fail", one.item << ": " << one.problem);
    }
    std::vector<std::string> all;
    for (const PreflightItem& item : preflight_items()) all.emplace_back(item.name);
    BOOST_TEST(items == all, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(without_public_url_nothing_is_asked_and_nothing_planted) {
    Installation installation;
    installation.site["public_url"] = "";
    BOOST_TEST(installation.look().size() >= preflight_items().size());
    BOOST_TEST(installation.asked.empty());
    BOOST_TEST(installation.planted == 0);
}

BOOST_AUTO_TEST_CASE(secrets_are_its_own_and_never_the_same) {
    std::set<std::string> all;
    for (int i = 0; i < 100; ++i) {
        const PlantedSecrets one = random_secrets();
        for (const std::string& secret : {one.denied_state, one.allowed_state, one.denied_cookie, one.allowed_cookie,
                                          one.object_id, one.ticket, one.manage_token, one.action_token}) {
            BOOST_TEST(secret.starts_with("preflight-"));
            BOOST_TEST(url_encode(secret) == secret);
            all.insert(secret);
        }
        all.insert(one.webhook);
        BOOST_TEST(one.webhook.starts_with("https://preflight.invalid/"));
        BOOST_TEST(one.manage_token.size() == 32U);
    }
    BOOST_TEST(all.size() == 900U);
}

BOOST_AUTO_TEST_CASE(what_was_planted_is_cleared_when_nothing_answers) {
    Installation installation;
    installation.answers = [](const std::string&) {
        PostResult silent;
        silent.problem = "connection refused";
        return silent;
    };
    const auto findings = installation.look();
    BOOST_TEST(installation.cleared == 1);
    for (const char* item : {"landing", "callback", "pause", "documentation", "logo", "website"}) {
        BOOST_TEST(std::any_of(findings.begin(), findings.end(),
                               [&](const PreflightFinding& one) {
                                   return one.item == item &&
                                          one.problem == "It could not be reached: connection refused.";
                               }),
                   item);
    }
}

BOOST_AUTO_TEST_CASE(what_was_planted_is_cleared_when_a_look_throws) {
    Installation installation;
    installation.answers = [](const std::string& url) {
        if (url.find("/manage/") != std::string::npos) throw std::runtime_error("no more memory");
        return well(url);
    };
    BOOST_CHECK_THROW(installation.look(), std::runtime_error);
    BOOST_TEST(installation.cleared == 1);
}

BOOST_AUTO_TEST_CASE(the_request_ids_of_callbacks_are_handed_on) {
    Installation installation;
    installation.look();
    BOOST_TEST(installation.request_ids == std::vector<std::string>{"r-0123456789ab"},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(outcomes_say_what_arrived) {
    Installation installation;
    installation.outcomes[0] = Json::Value();
    BOOST_TEST(installation.of("callback") == "fail: After Deny: its parameters did not arrive.");
    installation.outcomes[0] = "no_cookie";
    BOOST_TEST(installation.of("callback") == "fail: After Deny: the browser's cookie did not arrive.");
    installation.outcomes[0] = "denied";
    installation.outcomes[1] = "malformed";
    BOOST_TEST(installation.of("callback") == "fail: With a webhook: the attempt ended as malformed.");
    // An application's own callback knows no state of ours.
    installation.site["callback_url"] = "https://contoso.com/callback";
    BOOST_TEST(installation.of("callback") == "pass");
}

BOOST_AUTO_TEST_CASE(a_name_that_is_reserved_is_right_in_development_alone) {
    Installation installation;
    installation.site["website"] = "https://contoso.example";
    BOOST_TEST(installation.of("website").starts_with("fail: The website is at a name that is reserved"));
    installation.site["environment"] = "development";
    BOOST_TEST(installation.of("website").starts_with("look: "));
    installation.site["website"] = "http://contoso.com";
    BOOST_TEST(installation.of("website") == "look: The website has no https.");
}

BOOST_AUTO_TEST_CASE(at_most_twenty_targets_are_asked) {
    Installation installation;
    for (int i = 0; i < 25; ++i)
        installation.site["target_urls"].append("https://t" + std::to_string(i) + ".contoso.com");
    BOOST_TEST(installation.of("targets") == "look: Only the first 20 were asked.");
    BOOST_TEST(std::count_if(installation.asked.begin(), installation.asked.end(),
                             [](const std::string& url) { return url.starts_with("https://t"); }) == 20);
}

BOOST_AUTO_TEST_CASE(a_call_of_an_action_has_to_reach_the_responder) {
    Installation installation;
    installation.answers = [](const std::string& url) {
        return url.find("/action?") == std::string::npos ? well(url) : answer(404, "Not found");
    };
    BOOST_TEST(installation.of("actions") ==
               "fail: A POST is answered with 404, but not by the responder: no button with the target o365:action "
               "works.");
}

BOOST_AUTO_TEST_CASE(nobody_is_connected_is_for_a_person_to_mend) {
    Installation installation;
    installation.is_connected = false;
    BOOST_TEST(installation.of("pause") == "look: Nobody is connected, so there is no page of a connection to open.");
}

BOOST_AUTO_TEST_CASE(what_is_found_twice_is_said_once_and_failures_first) {
    Installation installation;
    Json::Value finding;
    finding["item"] = "https";
    finding["object"] = "connector desk";
    for (const char* verdict : {"look", "fail", "fail"}) {
        finding["verdict"] = verdict;
        finding["problem"] = std::string("It is ") + verdict;
        installation.site["findings"].append(finding);
    }
    BOOST_TEST(installation.of("https") == "fail: It is fail\nlook: It is look");
}
