#include "sandbox/tenant/flows.h"

#include <boost/test/unit_test.hpp>
#include <string>

#include "lib/http/url.h"

using namespace o365;

namespace {

FlowForm read(std::string_view form) { return read_flow_form(Parameters::parse(form)); }
std::string kind(std::string_view form) { return json_text(read(form).kind); }

}  // namespace

BOOST_AUTO_TEST_SUITE(sandbox_flows_tests)

BOOST_AUTO_TEST_CASE(a_form_says_what_kind_of_workflow_it_wants) {
    BOOST_TEST(kind("payload=card&trigger=tenant") == R"({"callers":"tenant","payload":"card"})");
    BOOST_TEST(kind("post_as=flow-bot&fails=private-channel") == R"({"fails":"private-channel","post_as":"flow-bot"})");
    BOOST_TEST(kind("response=0&response_body=%7B%7D") == R"({"response_body":"{}","response_seconds":0})");
    BOOST_TEST(kind("response=60&flow_name=Mine") == R"({"name":"Mine","response_seconds":60})");
}

BOOST_AUTO_TEST_CASE(a_form_without_any_of_its_fields_wants_none) {
    for (const char* form : {"", "name=CI&dialect=workflow", "payload=&trigger=&fails=&response=&response_body="})
        BOOST_TEST((read(form).kind.isNull() && read(form).problem.empty()), form);
}

BOOST_AUTO_TEST_CASE(what_no_workflow_has_is_refused_by_the_name_of_its_field) {
    for (const char* wrong : {"payload=both", "trigger=nobody", "post_as=bot", "fails=yes", "response=61",
                              "response=-1", "response=x", "response=1.5", "response_body=x", "flow_name=+"}) {
        const std::string field(wrong, std::string_view(wrong).find('='));
        BOOST_TEST(read(wrong).problem.starts_with(field + " "), wrong << ": " << read(wrong).problem);
    }
    BOOST_TEST(!read("response=1&response_body=" + std::string(4097, 'x')).problem.empty());
    BOOST_TEST(read("response=1&response_body=" + std::string(4096, 'x')).problem.empty());
    BOOST_TEST(!read("flow_name=" + std::string(257, 'x')).problem.empty());
    BOOST_TEST(!read("fails=private-channel&post_as=user").problem.empty());
    BOOST_TEST(read("fails=connection&post_as=user").problem.empty());
}

BOOST_AUTO_TEST_CASE(what_came_is_told_in_words) {
    const std::string card = R"({"type": "AdaptiveCard", "version": "1.4", "body": []})";
    BOOST_TEST(body_in_words(card) == "A bare Adaptive Card");
    BOOST_TEST(body_in_words(R"({"type": "message", "attachments": [{"content": )" + card + "}]}") ==
               "An envelope with one Adaptive Card");
    BOOST_TEST(body_in_words(R"({"type": "message", "attachments": [{"content": )" + card + R"(}, {"content": )" +
                             card + "}]}") == "An envelope with 2 Adaptive Cards");
    BOOST_TEST(body_in_words(R"({"attachments": []})") == "An envelope without an Adaptive Card");
    BOOST_TEST(body_in_words(R"({"attachments": "x"})") == "JSON that is no card");
    BOOST_TEST(body_in_words(R"({"@type": "MessageCard", "text": "x"})") == "A MessageCard");
    BOOST_TEST(body_in_words(R"({"text": "x"})") == "JSON that is no card");
    BOOST_TEST(body_in_words("[1]") == "No JSON object");
    BOOST_TEST(body_in_words("x") == "No JSON object");
    BOOST_TEST(body_in_words("") == "Nothing that is kept");
}

BOOST_AUTO_TEST_CASE(what_became_of_a_run_is_told_in_words) {
    BOOST_TEST(run_in_words("ok", "", false).verdict == "Succeeded");
    BOOST_TEST(run_in_words("ok", "", false).words == "The trigger answered 202, then the card was posted.");
    BOOST_TEST(run_in_words("ok", "", true).words == "The card was posted, and the Response step answered 200.");
    const RunInWords failed = run_in_words("ok", "Request Entity too large", false);
    BOOST_TEST(failed.verdict == "Failed");
    BOOST_TEST(
        failed.words ==
        "The trigger answered 202, so the sender knows nothing of it. Nothing was posted. Request Entity too large");
    BOOST_TEST(run_in_words("502", "x", true).words ==
               "The run did not get as far as its Response step, so the sender got 502. Nothing was posted. x");
    BOOST_TEST(run_in_words("502", "x", true).verdict == "Failed");
    BOOST_TEST(run_in_words("workflow-not-enabled", "", false).verdict == "Not started");
    BOOST_TEST(run_in_words("workflow-not-enabled", "", false).words == "Answered 400. Workflow switched off.");
    BOOST_TEST(run_in_words("other-method", "", false).words == "Answered other-method.");
}

BOOST_AUTO_TEST_CASE(every_url_of_a_workflow_has_its_id_but_a_gateways) {
    const std::string id(32, 'a');
    for (const char* form : {"", "powerplatform", "cu", "slash", "logic"}) {
        const std::string path = workflow_path(id, form, false);
        BOOST_TEST(path.find("/workflows/" + id + "/triggers/manual/paths/invoke") != std::string::npos, path);
        BOOST_TEST(path.find("&sig=") != std::string::npos, path);
        BOOST_TEST(workflow_path(id, form, true).find("sig=") == std::string::npos, path);
        BOOST_TEST(workflow_path(id, form, true).find("api-version=") != std::string::npos, path);
    }
    BOOST_TEST(workflow_path(id, "gateway", false).find(id) == std::string::npos);
    BOOST_TEST(workflow_path(id, "gateway", true).find(id) != std::string::npos);
    BOOST_TEST(workflow_path(id, "cu", false) != workflow_path(id, "cu", false));
}

BOOST_AUTO_TEST_SUITE_END()
