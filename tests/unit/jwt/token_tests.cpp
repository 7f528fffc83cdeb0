#include "lib/jwt/token.h"

#include <fmt/format.h>

#include <boost/test/unit_test.hpp>

#include <functional>
#include <optional>

#include "lib/json/json_fields.h"
#include "tests/unit/jwt/sample_tokens.h"

using namespace o365;        // NOLINT(google-build-using-namespace)
using namespace o365::test;  // NOLINT(google-build-using-namespace)
using std::chrono::seconds;

namespace {

struct Case {
    const char* name;
    std::string token;
    const char* expected;
};

std::vector<Case> form_cases() {
    const std::string good = signer().token(header(), entra_claims());
    std::string deep(20000 / 8, '[');
    deep += std::string(20000 / 8, ']');
    return {
        {"valid", good, "none"},
        {"nothing", "", "missing"},
        {"one part", "abc", "malformed"},
        {"two parts", good.substr(0, good.rfind('.')), "malformed"},
        {"four parts", good + ".", "malformed"},
        {"five parts, as an encrypted token has", good + ".AA.AA", "malformed"},
        {"empty parts", "..", "malformed"},
        {"no header", good.substr(good.find('.')), "malformed"},
        {"no signature", good.substr(0, good.rfind('.') + 1), "bad_signature"},
        {"a blank before it", " " + good, "malformed"},
        {"a blank behind it", good + " ", "malformed"},
        {"a line end behind it", good + "\n", "malformed"},
        {"two tokens in one header", good + ", " + good, "malformed"},
        {"a NUL inside", good.substr(0, 10) + std::string(1, '\0') + good.substr(10), "malformed"},
        {"padding", good + "==", "malformed"},
        {"base64 with + and /",
         [&] {
             // Until a signature has one of the two, which is soon.
             for (int i = 0;; ++i) {
                 std::string token = with_claims([i](Json::Value& c) { c["jti"] = i; });
                 const auto at = token.find_first_of("-_", token.rfind('.'));
                 if (at == std::string::npos) continue;
                 token[at] = token[at] == '-' ? '+' : '/';
                 return token;
             }
         }(),
         "malformed"},
        {"bits behind the last byte", with_trailing_bits(good), "malformed"},
        {"larger than the cap", good + std::string(o365::kMaxToken, 'A'), "too_large"},
        {"as large as the cap", std::string(o365::kMaxToken, 'A'), "malformed"},
        {"a header that is no JSON", raw("alg", claims_text()), "malformed"},
        {"a header that is an array", raw("[]", claims_text()), "malformed"},
        {"a header that is a string", raw("\"RS256\"", claims_text()), "malformed"},
        {"claims that are an array", raw(head_text(), "[" + claims_text() + "]"), "malformed"},
        {"something behind the claims", raw(head_text(), claims_text() + "{}"), "malformed"},
        {"a comment in the claims", raw(head_text(), "/**/" + claims_text()), "malformed"},
        {"claims that are no UTF-8", raw(head_text(), and_member(claims_text(), "\"x\":\"\xff\"")), "malformed"},
        {"claims with half a character", raw(head_text(), and_member(claims_text(), R"("x":"\ud800")")), "malformed"},
        {"deeply nested claims", raw(head_text(), and_member(claims_text(), "\"x\":" + deep)), "malformed"},
        {"alg twice", raw(and_member(head_text(), R"("alg":"RS256")"), claims_text()), "malformed"},
        {"alg twice, one escaped", raw(and_member(head_text(), R"("\u0061lg":"none")"), claims_text()), "malformed"},
        {"kid twice", raw(and_member(head_text(), R"("kid":"entra-1")"), claims_text()), "malformed"},
        {"aud twice", raw(head_text(), and_member(claims_text(), R"("aud":"x")")), "malformed"},
        {"exp twice", raw(head_text(), and_member(claims_text(), R"("exp":9999999999)")), "malformed"},
        {"a member twice further inside", raw(head_text(), and_member(claims_text(), R"("x":{"a":1,"a":2})")),
         "malformed"},
    };
}

std::vector<Case> header_cases() {
    const std::string unsigned_text =
        base64url(compact_json(header())) + "." + base64url(compact_json(entra_claims())) + ".";
    return {
        {"alg none without a signature",
         base64url(R"({"alg":"none","kid":"entra-1"})") + "." + base64url(claims_text()) + ".", "bad_algorithm"},
        {"alg none with one", with_header([](Json::Value& h) { h["alg"] = "none"; }), "bad_algorithm"},
        {"alg None", with_header([](Json::Value& h) { h["alg"] = "None"; }), "bad_algorithm"},
        {"alg rs256", with_header([](Json::Value& h) { h["alg"] = "rs256"; }), "bad_algorithm"},
        {"no alg", with_header([](Json::Value& h) { h.removeMember("alg"); }), "bad_algorithm"},
        {"alg as a list", with_header([](Json::Value& h) { h["alg"] = Json::Value(Json::arrayValue); }),
         "bad_algorithm"},
        {"alg with a NUL", with_header([](Json::Value& h) { h["alg"] = std::string("RS256\0", 6); }), "bad_algorithm"},
        {"HS256 with the public key's PEM", hs256(signer().public_pem()), "bad_algorithm"},
        {"HS256 with the public key's modulus", hs256(signer().modulus()), "bad_algorithm"},
        {"HS256 with nothing", hs256(""), "bad_algorithm"},
        {"RS384", signed_as("RS384", EVP_sha384(), false), "bad_algorithm"},
        {"RS512", signed_as("RS512", EVP_sha512(), false), "bad_algorithm"},
        {"PS256", signed_as("PS256", EVP_sha256(), true), "bad_algorithm"},
        {"ES256", with_header([](Json::Value& h) { h["alg"] = "ES256"; }), "bad_algorithm"},
        {"PS256 that says RS256", signed_as("RS256", EVP_sha256(), true), "bad_signature"},
        {"RS384 that says RS256", signed_as("RS256", EVP_sha384(), false), "bad_signature"},
        {"RS1 that says RS256", signed_as("RS256", EVP_sha1(), false), "bad_signature"},
        {"no kid", with_header([](Json::Value& h) { h.removeMember("kid"); }), "bad_header"},
        {"an empty kid", with_header([](Json::Value& h) { h["kid"] = ""; }), "bad_header"},
        {"kid as a number", with_header([](Json::Value& h) { h["kid"] = 1; }), "bad_header"},
        {"a long kid", with_header([](Json::Value& h) { h["kid"] = std::string(o365::kMaxKeyId + 1, 'k'); }),
         "bad_header"},
        {"a kid with a path", with_header([](Json::Value& h) { h["kid"] = "../../../../dev/null"; }), "unknown_key"},
        {"a kid with SQL", with_header([](Json::Value& h) { h["kid"] = "';DROP--"; }), "unknown_key"},
        {"a kid with blanks", with_header([](Json::Value& h) { h["kid"] = "entra 1"; }), "bad_header"},
        {"a kid with a NUL", with_header([](Json::Value& h) { h["kid"] = std::string("entra-1\0", 8); }), "bad_header"},
        {"an unknown kid", with_header([](Json::Value& h) { h["kid"] = "entra-2"; }), "unknown_key"},
        {"a kid in other letters", with_header([](Json::Value& h) { h["kid"] = "ENTRA-1"; }), "unknown_key"},
        {"crit", with_header([](Json::Value& h) { h["crit"].append("exp"); }), "bad_header"},
        {"an empty crit", with_header([](Json::Value& h) { h["crit"] = Json::Value(Json::arrayValue); }), "bad_header"},
        {"b64 with its crit", with_header([](Json::Value& h) {
             h["b64"] = false;
             h["crit"].append("b64");
         }),
         "bad_header"},
        {"typ of something else", with_header([](Json::Value& h) { h["typ"] = "dpop+jwt"; }), "bad_header"},
        {"typ as a number", with_header([](Json::Value& h) { h["typ"] = 1; }), "bad_header"},
        {"typ of an access token", with_header([](Json::Value& h) { h["typ"] = "at+jwt"; }), "none"},
        {"no typ", with_header([](Json::Value& h) { h.removeMember("typ"); }), "none"},
        {"x5t beside kid, as Entra writes it", with_header([](Json::Value& h) { h["x5t"] = "entra-1"; }), "none"},
        {"jku, which is not followed", with_header([](Json::Value& h) { h["jku"] = "https://evil.example/keys"; }),
         "none"},
        {"an own key in jwk",
         [] {
             Json::Value value = header();
             value["jwk"] = stranger().json();
             return stranger().token(value, entra_claims());
         }(),
         "bad_signature"},
        {"an own key at jku",
         [] {
             Json::Value value = header();
             value["jku"] = "https://evil.example/keys";
             value["x5u"] = "https://evil.example/certificate";
             return stranger().token(value, entra_claims());
         }(),
         "bad_signature"},
        {"unsigned", unsigned_text, "bad_signature"},
        {"another key of the same kid", stranger().token(header(), entra_claims()), "bad_signature"},
        {"a signature cut short", resigned([](std::string s) { return base64url(s.substr(0, s.size() - 1)); }),
         "bad_signature"},
        {"a signature with a zero before it",
         resigned([](const std::string& s) { return base64url(std::string(1, '\0') + s); }), "bad_signature"},
        {"a signature with a byte behind it", resigned([](const std::string& s) { return base64url(s + "x"); }),
         "bad_signature"},
        {"a signature of zeros", resigned([](const std::string& s) { return base64url(std::string(s.size(), '\0')); }),
         "bad_signature"},
        {"a signature of ones", resigned([](const std::string& s) { return base64url(std::string(s.size(), '\xff')); }),
         "bad_signature"},
        {"the modulus as the signature", resigned([](const std::string&) { return base64url(signer().modulus()); }),
         "bad_signature"},
        {"a flipped bit", resigned([](std::string s) {
             s[100] = static_cast<char>(s[100] ^ 1);
             return base64url(s);
         }),
         "bad_signature"},
        {"another person put in after signing",
         [] {
             const std::string good = signer().token(header(), entra_claims());
             Json::Value claims = entra_claims();
             claims["oid"] = "00000000-0000-4000-8000-000000000000";
             return base64url(compact_json(header())) + "." + base64url(compact_json(claims)) +
                    good.substr(good.rfind('.'));
         }(),
         "bad_signature"},
        {"the header changed after signing",
         [] {
             const std::string good = signer().token(header(), entra_claims());
             Json::Value value = header();
             value["cty"] = "JWT";
             return base64url(compact_json(value)) + good.substr(good.find('.'));
         }(),
         "bad_signature"},
    };
}

std::vector<Case> claim_cases() {
    const auto set = [](const char* name, const Json::Value& value) {
        return with_claims([&](Json::Value& c) { c[name] = value; });
    };
    const auto without = [](const char* name) { return with_claims([&](Json::Value& c) { c.removeMember(name); }); };
    Json::Value list(Json::arrayValue);
    list.append("https://other.example");
    Json::Value ours = list;
    ours.append("api://auth-am-" + kApp + "/" + kApp);
    Json::Value many(Json::arrayValue);
    for (int i = 0; i < 17; ++i) many.append("api://auth-am-" + kApp + "/" + kApp);
    return {
        {"no issuer", without("iss"), "wrong_issuer"},
        {"an empty issuer", set("iss", ""), "wrong_issuer"},
        {"issuer as a list", set("iss", list), "wrong_issuer"},
        {"an issuer of another service", set("iss", "https://accounts.google.com"), "wrong_issuer"},
        {"the issuer of another tenant", set("iss", "https://login.microsoftonline.com/" + kOtherTenant + "/v2.0"),
         "wrong_issuer"},
        {"another tenant than the issuer's", set("tid", kOtherTenant), "wrong_issuer"},
        {"no tenant", without("tid"), "wrong_issuer"},
        {"tenant as a number", set("tid", 1), "wrong_issuer"},
        {"an issuer of no tenant", set("iss", "https://login.microsoftonline.com/common/v2.0"), "wrong_issuer"},
        {"an issuer with the placeholder", set("iss", "https://login.microsoftonline.com/{tid}/v2.0"), "wrong_issuer"},
        {"something behind the issuer", set("iss", "https://login.microsoftonline.com/" + kTenant + "/v2.0/"),
         "wrong_issuer"},
        {"something before the tenant", set("iss", "https://login.microsoftonline.com/x" + kTenant + "/v2.0"),
         "wrong_issuer"},
        {"the issuer over http", set("iss", "http://login.microsoftonline.com/" + kTenant + "/v2.0"), "wrong_issuer"},
        {"a version 1 token", with_claims([](Json::Value& c) {
             c["iss"] = "https://sts.windows.net/" + kTenant + "/";
             c["ver"] = "1.0";
             c.removeMember("azp");
             c["appid"] = kActions;
         }),
         "none"},
        {"a key of one tenant for another",
         [] {
             Json::Value value = header();
             value["kid"] = consumers().key_id();
             return consumers().token(value, entra_claims());
         }(),
         "unknown_key"},
        {"a key of one tenant for it",
         [] {
             Json::Value value = header();
             value["kid"] = consumers().key_id();
             Json::Value claims = entra_claims();
             claims["tid"] = kOtherTenant;
             claims["iss"] = "https://login.microsoftonline.com/" + kOtherTenant + "/v2.0";
             return consumers().token(value, claims);
         }(),
         "none"},
        {"no audience", without("aud"), "wrong_audience"},
        {"another audience", set("aud", "https://graph.microsoft.com"), "wrong_audience"},
        {"audience as a number", set("aud", 1), "wrong_audience"},
        {"the origin, which is for legacy tokens", set("aud", "https://app.example.org"), "wrong_audience"},
        {"two connectors in one audience", set("aud", "api://auth-am-" + kApp + "/" + kTenant), "wrong_audience"},
        {"an audience that begins like ours", set("aud", "api://auth-am-" + kApp + "/" + kApp + ".evil.example"),
         "wrong_audience"},
        {"the bare app_id", set("aud", kApp), "none"},
        {"a list of audiences with ours", set("aud", ours), "none"},
        {"a list of audiences without ours", set("aud", list), "wrong_audience"},
        {"an empty list of audiences", set("aud", Json::Value(Json::arrayValue)), "wrong_audience"},
        {"a long list of audiences", set("aud", many), "wrong_audience"},
        {"no client", without("azp"), "wrong_client"},
        {"another client", set("azp", "00000000-0000-4000-8000-000000000000"), "wrong_client"},
        {"client as a list", set("azp", list), "wrong_client"},
        {"a second client beside ours", set("appid", "00000000-0000-4000-8000-000000000000"), "wrong_client"},
        {"our client in capitals", set("azp", "48AF08DC-F6D2-435F-B2A7-069ABD99C086"), "none"},
        {"no exp", without("exp"), "expired"},
        {"exp as a string", set("exp", "9999999999"), "expired"},
        {"exp null", set("exp", Json::Value()), "expired"},
        {"exp negative", set("exp", -1), "expired"},
        {"exp beyond all years", set("exp", 1e300), "expired"},
        {"exp long ago", set("exp", Json::Int64(kNow - 7200)), "expired"},
        {"exp before the skew", set("exp", Json::Int64(kNow - 300)), "expired"},
        {"exp within the skew", set("exp", Json::Int64(kNow - 299)), "none"},
        {"exp with a fraction", set("exp", static_cast<double>(kNow) + 0.5), "none"},
        {"nbf within the skew", set("nbf", Json::Int64(kNow + 300)), "none"},
        {"nbf after the skew", set("nbf", Json::Int64(kNow + 301)), "not_yet_valid"},
        {"nbf as a string", set("nbf", "0"), "not_yet_valid"},
        {"no nbf", without("nbf"), "none"},
        {"iat tomorrow", set("iat", Json::Int64(kNow + 86400)), "not_yet_valid"},
        {"no presser", without("oid"), "no_presser"},
        {"an empty presser", set("oid", ""), "no_presser"},
        {"presser as an object", set("oid", Json::Value(Json::objectValue)), "no_presser"},
        {"a long presser", set("oid", std::string(201, 'x')), "no_presser"},
        {"a presser with a line end", set("oid", "a\nb"), "no_presser"},
        {"a presser with a NUL", set("oid", std::string("a\0b", 3)), "no_presser"},
        {"legacy: valid", with_legacy([](Json::Value&) {}), "none"},
        {"legacy: another origin",
         with_legacy([](Json::Value& c) { c["aud"] = "https://app.example.org.evil.example"; }), "wrong_audience"},
        {"legacy: a path behind the origin", with_legacy([](Json::Value& c) { c["aud"] = "https://app.example.org/"; }),
         "wrong_audience"},
        {"legacy: the origin in capitals", with_legacy([](Json::Value& c) { c["aud"] = "https://APP.example.org"; }),
         "none"},
        {"legacy: azp, which is not its claim", with_legacy([](Json::Value& c) {
             c.removeMember("appid");
             c["azp"] = kActions;
         }),
         "wrong_client"},
        {"legacy: an Entra person", with_legacy([](Json::Value& c) {
             c.removeMember("sub");
             c["oid"] = kPresser;
         }),
         "no_presser"},
        {"legacy: a key that is the other profile's alone",
         [] {
             Json::Value value = header();
             value["kid"] = consumers().key_id();
             return consumers().token(value, legacy_claims());
         }(),
         "unknown_key"},
    };
}

void check(const std::vector<Case>& cases) {
    for (const Case& one : cases) BOOST_TEST(word(one.token) == one.expected, one.name << ": " << word(one.token));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(token_tests)

BOOST_AUTO_TEST_CASE(a_token_of_another_form_is_refused) { check(form_cases()); }

BOOST_AUTO_TEST_CASE(only_rs256_by_a_known_key_is_taken) { check(header_cases()); }

BOOST_AUTO_TEST_CASE(claims_are_those_of_the_profile) { check(claim_cases()); }

BOOST_AUTO_TEST_CASE(a_token_says_who_pressed) {
    const TokenResult entra = judge(signer().token(header(), entra_claims()));
    BOOST_TEST(entra.taken());
    BOOST_TEST(entra.profile == "entra");
    BOOST_TEST(entra.key_id == "entra-1");
    BOOST_TEST(entra.presser_id == kPresser);
    BOOST_TEST(entra.presser_name == "ann@contoso.example");
    BOOST_TEST(entra.tenant_id == kTenant);
    BOOST_TEST(entra.app_id == kApp);
    BOOST_TEST((entra.expires == std::chrono::sys_seconds(seconds(kNow + 3600))));
    constexpr std::int64_t kYear9999 = 253402300799;
    Json::Value lasting = entra_claims();
    lasting["exp"] = Json::Int64(kYear9999);
    BOOST_TEST((judge(signer().token(header(), lasting)).expires == std::chrono::sys_seconds(seconds(kYear9999))));
    const TokenResult legacy = judge(signer().token(header(), legacy_claims()));
    BOOST_TEST(legacy.profile == "legacy");
    BOOST_TEST(legacy.presser_id == kPresser);
    BOOST_TEST(legacy.presser_name.empty());
    BOOST_TEST(legacy.tenant_id.empty());
    BOOST_TEST(legacy.app_id.empty());
}

BOOST_AUTO_TEST_CASE(a_token_that_is_refused_says_nothing) {
    for (const std::vector<Case>& cases : {form_cases(), header_cases(), claim_cases()}) {
        for (const Case& one : cases) {
            const TokenResult result = judge(one.token);
            if (result.taken()) continue;
            BOOST_TEST(result.presser_id.empty(), one.name);
            BOOST_TEST(result.presser_name.empty(), one.name);
            BOOST_TEST(result.tenant_id.empty(), one.name);
            BOOST_TEST((result.refusal == TokenRefusal::unknown_key || result.profile.empty()), one.name);
        }
    }
}

BOOST_AUTO_TEST_CASE(what_was_looked_at_is_shown_of_a_token_that_microsoft_signed) {
    const auto other = [](Json::Value& c) {
        c["aud"] = Json::Value(Json::arrayValue);
        c["aud"].append("https://graph.microsoft.com");
        c["aud"].append(7);
        c["aud"].append(std::string(2000, 'a'));
    };
    const TokenResult refused = judge(with_claims(other));
    BOOST_TEST(std::string(o365::name_of(refused.refusal)) == "wrong_audience");
    BOOST_TEST(refused.shown.profile == "entra");
    BOOST_TEST(refused.shown.issuer == text_in(entra_claims(), "iss"));
    BOOST_TEST(refused.shown.audiences.starts_with("https://graph.microsoft.com,aaaa"));
    BOOST_TEST(refused.shown.audiences.size() == o365::kMaxShown);
    BOOST_TEST(refused.shown.azp + refused.shown.appid == kActions);
    BOOST_TEST(judge(signer().token(header(), entra_claims())).shown.profile == "entra");
    // Nobody has proven what a token says that somebody else signed.
    const ShownClaims forged = judge(stranger().token(header(), entra_claims())).shown;
    BOOST_TEST((forged.profile + forged.issuer + forged.audiences + forged.azp + forged.appid).empty());
}

BOOST_AUTO_TEST_CASE(what_is_shown_never_says_who_pressed) {
    std::vector<TokenProfile> profiles = make_profiles();
    for (TokenProfile& profile : profiles) {
        profile.client_claims = {"oid", "sub", "upn"};
        profile.scope = "Actions";
    }
    const std::string token = with_claims([](Json::Value& c) {
        c["sub"] = "the-subject";
        c["upn"] = "ann@contoso.example";
    });
    const ShownClaims shown = judge(token, profiles).shown;
    const std::string all =
        fmt::format("{} {} {} {} {}", shown.issuer, shown.audiences, shown.azp, shown.appid, shown.scopes);
    for (const char* secret : {kPresser.c_str(), "the-subject", "ann@"})
        BOOST_TEST(all.find(secret) == std::string::npos, secret);
}

BOOST_AUTO_TEST_CASE(a_name_is_the_first_that_is_there) {
    const auto name = [](const std::function<void(Json::Value&)>& change) {
        return judge(with_claims(change)).presser_name;
    };
    BOOST_TEST(name([](Json::Value& c) {
                   c.removeMember("upn");
                   c["name"] = "Ann";
               }) == "Ann");
    BOOST_TEST(name([](Json::Value& c) {
                   c["upn"] = "a\nb";
                   c["preferred_username"] = "ann";
                   c["name"] = "Ann";
               }) == "ann");
    BOOST_TEST(name([](Json::Value& c) { c.removeMember("upn"); }).empty());
    BOOST_TEST(name([](Json::Value& c) { c["upn"] = std::string(1000, 'a'); }).size() == 320U);
}

BOOST_AUTO_TEST_CASE(a_connector_takes_only_what_is_for_it) {
    const std::string token = signer().token(header(), entra_claims());
    const auto refusal = [&](const o365::TokenTarget& target) {
        return std::string(o365::name_of(judge(token, make_profiles(), target).refusal));
    };
    BOOST_TEST(refusal({"https://app.example.org", kApp}) == "none");
    BOOST_TEST(refusal({"", "11111111-2222-4333-8444-55555555555A"}) == "wrong_audience");
    BOOST_TEST(refusal({"", ""}) == "none");
    const std::string legacy = signer().token(header(), legacy_claims());
    BOOST_TEST(std::string(o365::name_of(judge(legacy, make_profiles(), {"", ""}).refusal)) == "wrong_audience");
}

BOOST_AUTO_TEST_CASE(a_profile_may_ask_for_a_scope_and_for_tenants) {
    const std::string token = signer().token(header(), entra_claims());
    const auto refusal = [&](const std::function<void(TokenProfile&)>& change) {
        std::vector<TokenProfile> profiles = make_profiles();
        change(profiles[0]);
        return std::string(o365::name_of(judge(token, profiles).refusal));
    };
    BOOST_TEST(refusal([](TokenProfile& p) { p.scope = "Actions.Invoke"; }) == "none");
    BOOST_TEST(refusal([](TokenProfile& p) { p.scope = "Global.Test"; }) == "none");
    BOOST_TEST(refusal([](TokenProfile& p) { p.scope = "Actions"; }) == "wrong_scope");
    BOOST_TEST(refusal([](TokenProfile& p) { p.scope = "actions.invoke"; }) == "wrong_scope");
    BOOST_TEST(refusal([](TokenProfile& p) { p.tenants = {kOtherTenant, kTenant}; }) == "none");
    BOOST_TEST(refusal([](TokenProfile& p) { p.tenants = {kOtherTenant}; }) == "wrong_tenant");
    // An audience that is written out has no connector to compare.
    std::vector<TokenProfile> profiles = make_profiles();
    profiles[0].audiences = {"api://auth-am-" + kApp + "/" + kApp};
    const TokenResult result = judge(token, profiles, {"", kTenant});
    BOOST_TEST(result.taken());
    BOOST_TEST(result.app_id.empty());
}

BOOST_AUTO_TEST_CASE(without_keys_a_token_may_be_right_later) {
    std::vector<TokenProfile> profiles = make_profiles();
    profiles[0].keys = {};
    const TokenResult result = judge(signer().token(header(), entra_claims()), profiles);
    BOOST_TEST((result.refusal == TokenRefusal::no_keys));
    BOOST_TEST(result.profile == "entra");
    BOOST_TEST(word(with_header([](Json::Value& h) { h["kid"] = "entra-2"; })) == "unknown_key");
    BOOST_TEST(judge(with_header([](Json::Value& h) { h["kid"] = "entra-2"; })).key_id == "entra-2");
    BOOST_TEST((judge(signer().token(header(), entra_claims()), {}).refusal == TokenRefusal::wrong_issuer));
}

BOOST_AUTO_TEST_CASE(metadata_belongs_to_the_issuers_of_its_profile) {
    const std::vector<std::string> issuers = {"https://login.microsoftonline.com/{tid}/v2.0", "https://fixed.example/"};
    BOOST_TEST(o365::is_issuer_of("https://login.microsoftonline.com/{tenantid}/v2.0", issuers));
    BOOST_TEST(o365::is_issuer_of("https://login.microsoftonline.com/" + kTenant + "/v2.0", issuers));
    BOOST_TEST(o365::is_issuer_of("https://fixed.example/", issuers));
    BOOST_TEST(!o365::is_issuer_of("https://fixed.example", issuers));
    BOOST_TEST(!o365::is_issuer_of("https://login.microsoftonline.us/{tenantid}/v2.0", issuers));
    BOOST_TEST(!o365::is_issuer_of("", issuers));
}

BOOST_AUTO_TEST_CASE(every_refusal_has_its_word) {
    BOOST_TEST(o365::name_of(TokenRefusal::none) == "none");
    BOOST_TEST(o365::name_of(TokenRefusal::bad_signature) == "bad_signature");
    BOOST_TEST(o365::name_of(TokenRefusal::no_presser) == "no_presser");
}

BOOST_AUTO_TEST_SUITE_END()
