#include "sandbox/actions/token.h"

#include <boost/test/unit_test.hpp>
#include <map>
#include <string>

#include "lib/base/crypto.h"
#include "lib/json/json_text.h"

using namespace o365;  // NOLINT(google-build-using-namespace)

namespace {

TokenFacts facts() {
    TokenFacts facts;
    facts.legacy_issuer = "https://sandbox.localhost/sts/";
    facts.legacy_audience = "https://service.localhost";
    facts.entra_issuer = "https://sandbox.localhost/tenant/v2.0";
    facts.entra_audience = "api://auth-am-guid/guid";
    facts.tenant_id = "tenant";
    facts.object_id = "person";
    facts.name = "Megan";
    facts.now = std::chrono::system_clock::time_point(std::chrono::hours(24 * 365 * 56));
    return facts;
}

// Header and claims of a token, whatever its signature.
Json::Value claims_of(const std::string& token, bool header = false) {
    const auto dot = token.find('.');
    std::string part = header ? token.substr(0, dot) : token.substr(dot + 1, token.rfind('.') - dot - 1);
    for (char& c : part) c = c == '-' ? '+' : (c == '_' ? '/' : c);
    part.append((4 - part.size() % 4) % 4, '=');
    return *parse_json(base64_decode(part));
}

}  // namespace

BOOST_AUTO_TEST_CASE(good_tokens_are_taken_and_each_bad_one_is_refused_for_its_own_reason) {
    const TokenIssuer issuer;
    const std::map<std::string_view, std::string_view> why = {
        {"expired", "it has expired"},
        {"not-yet", "it is not valid yet"},
        {"wrong-audience", "it is made for another service"},
        {"wrong-issuer", "its issuer is another"},
        {"wrong-app", "another application sent it"},
        {"tampered", "its signature is wrong"},
        {"unknown-key", "its key is in no key set"},
        {"alg-none", "its algorithm is not RS256"},
        {"hs256", "its algorithm is not RS256"},
    };
    for (const char* const family : {"", "legacy-"}) {
        for (const auto& [fault, problem] : why) {
            const std::string kind = std::string(family) + std::string(fault);
            BOOST_TEST(issuer.problem(issuer.make(kind, facts()), facts()) == problem, kind);
        }
    }
    BOOST_TEST(issuer.problem(issuer.make("entra", facts()), facts()).empty());
    BOOST_TEST(issuer.problem(issuer.make("legacy", facts()), facts()).empty());
    BOOST_TEST(issuer.make("none", facts()).empty());
    BOOST_CHECK_THROW(issuer.make("legacy-", facts()), std::invalid_argument);
    BOOST_TEST(token_kinds().size() == 2 * why.size() + 3);
}

BOOST_AUTO_TEST_CASE(a_bad_legacy_token_differs_from_the_good_one_in_one_thing) {
    const TokenIssuer issuer;
    const Json::Value good = claims_of(issuer.make("legacy", facts()));
    const auto changed = [&](const char* kind) {
        const Json::Value bad = claims_of(issuer.make(kind, facts()));
        std::string names;
        BOOST_TEST(bad.size() == good.size());
        for (const std::string& name : good.getMemberNames()) names += bad[name] == good[name] ? "" : name + " ";
        return names;
    };
    BOOST_TEST(changed("legacy-expired") == "exp iat nbf ");
    BOOST_TEST(changed("legacy-not-yet") == "exp iat nbf ");
    BOOST_TEST(changed("legacy-wrong-audience") == "aud ");
    BOOST_TEST(changed("legacy-wrong-issuer") == "iss ");
    BOOST_TEST(changed("legacy-wrong-app") == "appid ");
    BOOST_TEST(changed("legacy-tampered") == "sub ");
    for (const char* kind : {"legacy-unknown-key", "legacy-alg-none", "legacy-hs256"})
        BOOST_TEST(changed(kind).empty());
    BOOST_TEST(claims_of(issuer.make("legacy-alg-none", facts()), true)["alg"].asString() == "none");
}
