// Token profiles and keys as the responder reads them, against an installation on the server of tests/with-postgres.
#include "fcgi/action/action_tokens.h"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <thread>

#include "lib/json/json_writing.h"
#include "tests/unit/jwt/signer.h"

namespace o365 {
namespace {

constexpr const char* kTenant = "72f988bf-86f1-41af-91ab-2d7cd011db47";
constexpr const char* kApp = "11111111-2222-4333-8444-555555555555";

struct Installation {
    Installation()
        : owner("dbname=tokens", "", "action_tokens_tests"),
          pool([] { return Database("dbname=tokens", "", "action_tokens_tests"); }, 4) {
        Database("dbname=postgres", "", "action_tokens_tests").call("create database tokens");
        const std::string install =
            "cd / && psql -qX -v ON_ERROR_STOP=1 -d tokens -f '" O365_SOURCE_DIR "/sql/install.sql' > /dev/null 2>&1";
        if (std::system(install.c_str()) != 0) throw std::runtime_error("sql/install.sql failed");  // NOLINT
    }
    void store(const JsonWebKey& key) {
        Json::Value one;
        one["kid"] = key.key_id;
        one["n"] = key.modulus;
        one["e"] = key.exponent;
        one["issuer"] = key.issuer;
        Json::Value keys;
        keys.append(one);
        owner.call(
            "select o365_programs.worker_signing_keys_fetched('entra', p.metadata_url, $1::jsonb, null) "
            "from o365.token_profiles as p where p.name = 'entra'",
            {compact_json(keys)});
    }
    bool asked() {
        return owner.call("select asked_at is not null from o365.token_profiles where name = 'entra'").boolean(0, 0);
    }
    Database owner;
    DatabasePool pool;
};

Installation& installation() {
    static Installation made;
    return made;
}
const Signer& signer() {
    static const Signer one("one");
    return one;
}

std::string token(const Signer& by) {
    Json::Value header;
    header["alg"] = "RS256";
    header["kid"] = by.key_id();
    Json::Value claims;
    claims["iss"] = std::string("https://login.microsoftonline.com/") + kTenant + "/v2.0";
    claims["tid"] = kTenant;
    claims["aud"] = std::string("api://auth-am-") + kApp + "/" + kApp;
    claims["azp"] = "48af08dc-f6d2-435f-b2a7-069abd99c086";
    claims["oid"] = "0b0f1b1e-1111-4222-8333-444444444444";
    claims["upn"] = "ann@contoso.example";
    claims["exp"] = Json::Int64(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()) + 3600);
    return by.token(header, claims);
}
// What a responder that has just started says of it.
TokenResult judge(const std::string& text) { return ActionTokens(installation().pool).judge(text); }

}  // namespace

BOOST_AUTO_TEST_SUITE(action_tokens_tests)

BOOST_AUTO_TEST_CASE(tokens_are_judged_by_the_rows_of_the_database) {
    TokenResult result = judge(token(signer()));
    BOOST_TEST((result.refusal == TokenRefusal::no_keys));
    BOOST_TEST(result.profile == "entra");
    BOOST_TEST(!installation().asked());

    installation().store(signer().key("https://login.microsoftonline.com/{tenantid}/v2.0"));
    result = judge(token(signer()));
    BOOST_TEST(result.taken());
    BOOST_TEST(result.presser_id == "0b0f1b1e-1111-4222-8333-444444444444");
    BOOST_TEST(result.presser_name == "ann@contoso.example");
    BOOST_TEST(result.app_id == kApp);

    installation().owner.call("select o365.set_token_profile('entra', tenants => array[$1])", {kApp});
    BOOST_TEST((judge(token(signer())).refusal == TokenRefusal::wrong_tenant));
    installation().owner.call("select o365.set_token_profile('entra', tenants => '{}', scope => 'Actions.Invoke')");
    BOOST_TEST((judge(token(signer())).refusal == TokenRefusal::wrong_scope));
    installation().owner.call("select o365.set_token_profile('entra', scope => '', enabled => false)");
    BOOST_TEST((judge(token(signer())).refusal == TokenRefusal::wrong_issuer));
    installation().owner.call("select o365.set_token_profile('entra', enabled => true)");
    BOOST_TEST(judge(token(signer())).taken());
}

BOOST_AUTO_TEST_CASE(an_unknown_key_is_asked_for_and_nothing_else_is) {
    installation().store(signer().key());
    ActionTokens tokens(installation().pool);
    BOOST_TEST(tokens.judge(token(signer())).taken());
    BOOST_TEST((tokens.judge("rubbish").refusal == TokenRefusal::malformed));
    BOOST_TEST((tokens.judge(token(Signer("one"))).refusal == TokenRefusal::bad_signature));
    BOOST_TEST(!installation().asked());
    BOOST_TEST((tokens.judge(token(Signer("two"))).refusal == TokenRefusal::unknown_key));
    BOOST_TEST(installation().asked());
}

BOOST_AUTO_TEST_CASE(threads_share_what_was_read) {
    installation().store(signer().key());
    ActionTokens tokens(installation().pool);
    const std::string text = token(signer());
    std::atomic<int> taken = 0;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 8; ++i) {
            threads.emplace_back([&] {
                for (int n = 0; n < 20; ++n) taken += tokens.judge(text).taken() ? 1 : 0;
            });
        }
    }
    BOOST_TEST(taken == 160);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace o365
