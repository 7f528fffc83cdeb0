#include "lib/http/pasted_webhook.h"

#include <boost/test/unit_test.hpp>
#include <string>
#include <utility>
#include <vector>

namespace o365 {
namespace {

const std::string kPath =
    "/workflows/0123/triggers/manual/paths/invoke?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun";
const std::string kWebhook = "https://prod-01.westeurope.logic.azure.com:443" + kPath + "&sv=1.0&sig=a-_b";

std::string encoded(std::string_view text) { return url_encode(text); }

std::string amp(std::string text) {
    for (auto at = text.find('&'); at != std::string::npos; at = text.find('&', at + 5)) text.replace(at, 1, "&amp;");
    return text;
}

void put_right(const std::string& pasted) {
    const PastedWebhook found = parse_pasted_webhook(pasted);
    BOOST_TEST(code_of(found.fault) == std::string(), pasted);
    BOOST_TEST(found.text == kWebhook, pasted);
}

void refused(const std::string& pasted, const std::string& code) {
    const PastedWebhook found = parse_pasted_webhook(pasted);
    BOOST_TEST(code_of(found.fault) == code, pasted << " is " << code_of(found.fault));
    BOOST_TEST(found.text == "");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pasted_webhook_tests)

BOOST_AUTO_TEST_CASE(every_form_of_a_workflows_webhook_is_taken_as_it_is) {
    // office365-connectors.md section 2, forms F to J but I, and each cloud's hosts.
    const std::string rest = "triggers/manual/paths/invoke?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=a-_b";
    const std::string direct = "/powerautomate/automations/direct/";
    const std::string environment = "https://default0123456789abcdef0123456789abcd.ef.environment.api.";
    for (const std::string& url :
         {kWebhook, environment + "powerplatform.com:443" + direct + "workflows/0/" + rest,
          environment + "powerplatform.com" + direct + "cu/25/workflows/0/" + rest,
          environment + "powerplatform.com" + direct + "workflows/0/triggers/manual/paths/invoke/?api-version=1&sig=a",
          environment + "gov.powerplatform.microsoft.us" + direct + "workflows/0/" + rest,
          environment + "high.powerplatform.microsoft.us" + direct + "workflows/0/" + rest,
          environment + "appsplatform.us" + direct + "workflows/0/" + rest,
          environment + "powerplatform.partner.microsoftonline.cn" + direct + "workflows/0/" + rest,
          std::string("https://prod-01.usgovvirginia.logic.azure.us:443/workflows/0/") + rest,
          std::string("https://prod-01.chinaeast2.logic.azure.cn/workflows/0/") + rest,
          std::string("https://contoso.azure-api.net/manual/paths/invoke/?api-version=2016-06-01&sig=a"),
          std::string("https://flows.sandbox.localhost:8443/workflows/0/") + rest}) {
        const PastedWebhook found = parse_pasted_webhook(url);
        BOOST_TEST(code_of(found.fault) == std::string(), url);
        BOOST_TEST(found.text == url);
    }
}

BOOST_AUTO_TEST_CASE(what_surrounds_a_webhook_is_taken_off) {
    for (const std::string& pasted : {"  " + kWebhook + "\r\n",
                                      "as https://docs.example.org/teams says:\n" + kWebhook,
                                      "https://teams.microsoft.com/l/channel/19%3aabc/General " + kWebhook,
                                      kWebhook + "#top",
                                      "\t" + kWebhook + "\xC2\xA0",
                                      "\xEF\xBB\xBF" + kWebhook,
                                      "\xE2\x80\x8B" + kWebhook,
                                      "\"" + kWebhook + "\"",
                                      "'" + kWebhook + "'",
                                      "\xE2\x80\x9E" + kWebhook + "\xE2\x80\x9C",
                                      "\xC2\xAB\xC2\xA0" + kWebhook + "\xC2\xA0\xC2\xBB",
                                      "<" + kWebhook + ">",
                                      "(" + kWebhook + ")",
                                      "`" + kWebhook + "`",
                                      "[the webhook](" + kWebhook + ")",
                                      "<a href=\"" + kWebhook + "\">webhook</a>",
                                      "<a href='" + amp(kWebhook) + "'>webhook</a>",
                                      "URL: " + kWebhook,
                                      "Here it is: " + kWebhook + ".",
                                      kWebhook + " Thank you",
                                      kWebhook + ",",
                                      "webhook_url=" + kWebhook,
                                      kWebhook + "\r\n\r\nKind regards\r\nMegan"})
        put_right(pasted);
}

BOOST_AUTO_TEST_CASE(what_a_program_did_to_a_webhook_is_undone) {
    std::string wrapped = kWebhook;
    wrapped.insert(70, "\r\n");
    std::string quoted = kWebhook;
    quoted.insert(90, "\n    ");
    std::string blank = kWebhook;
    blank.insert(kWebhook.find("&sv"), " ");
    for (const std::string& pasted :
         {amp(kWebhook), amp(amp(kWebhook)), wrapped, quoted, blank, encoded(kWebhook),
          "https://eur01.safelinks.protection.outlook.com/?url=" + encoded(kWebhook) + "&data=05%7C02&reserved=0",
          "https://eur01.safelinks.protection.outlook.com/?url=" + encoded(kWebhook) + "&amp;data=05%7C02"})
        put_right(pasted);
}

BOOST_AUTO_TEST_CASE(each_wrong_address_has_a_word_of_its_own) {
    const std::string unsigned_path =
        "https://prod-01.westeurope.logic.azure.com/workflows/0/triggers/manual/paths/invoke";
    for (const auto& [pasted, code] : std::vector<std::pair<std::string, std::string>>{
             {"", "empty"},
             {" \r\n\t", "empty"},
             {"hello", "not_a_url"},
             {"prod-01.westeurope.logic.azure.com", "not_a_url"},
             {"ftp://prod-01.westeurope.logic.azure.com/", "not_a_url"},
             {"https://", "not_a_url"},
             {"https:// /", "not_a_url"},
             {"http" + kWebhook.substr(5), "http"},
             {"https://teams.microsoft.com/l/channel/19%3aabc%40thread.tacv2/General?groupId=1", "teams_link"},
             {"https://teams.microsoft.com/l/message/19:abc@thread.v2/17", "teams_link"},
             {"https://teams.microsoft.com/l/meetup-join/1", "teams_link"},
             {"https://teams.cloud.microsoft/l/channel/1", "teams_link"},
             {"https://gov.teams.microsoft.us/l/channel/1", "teams_link"},
             {"https://make.powerautomate.com/environments/Default-1/flows/2/details", "flow_page"},
             {"https://us.flow.microsoft.com/manage/environments/1/flows/2", "flow_page"},
             {"https://contoso.webhook.office.com/webhookb2/a@b/IncomingWebhook/0123/c", "connector_webhook"},
             {"https://contoso.webhook.office.com/webhookb2/a@b/IncomingWebhook/0123/c/V2abc", "connector_webhook"},
             {"https://outlook.office.com/webhook/a@b/IncomingWebhook/0123/c", "connector_webhook"},
             {"https://outlook.office365.com/webhook/a@b/3f2504e0-4f89-11d3-9a0c-0305e82c3301/0123/c",
              "connector_webhook"},
             {"https://contoso.webhook.office.com/webhookb2/a", "connector_webhook"},
             {unsigned_path + "?api-version=1", "no_signature"},
             {unsigned_path, "no_signature"},
             {unsigned_path + "?api-version=1&sp=%2Ftriggers", "cut_off"},
             {"https://prod-01.westeurope.logic.azure.com/workflows/0/trig", "cut_off"},
             {"https://user:password@prod-01.westeurope.logic.azure.com" + kPath + "&sig=a", "names_user"},
             {"https://10.0.0.1" + kPath + "&sig=a", "bad_host"},
             {"https://intranet/", "bad_host"},
             {"https://prod-01.westeurope.logic.azure.com" + kPath + "&sig=" + std::string(2048, 'a'), "too_long"},
             {std::string(9000, 'a'), "too_long"}})
        refused(pasted, code);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace o365
