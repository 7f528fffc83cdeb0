// Profiles, their keys, and tokens that are right for them but for one change.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/crypto.h"
#include "lib/jwt/token.h"
#include "tests/unit/jwt/signer.h"

namespace o365::test {

using std::chrono::seconds;

inline constexpr std::int64_t kNow = 1796000000;
inline const std::string kTenant = "72f988bf-86f1-41af-91ab-2d7cd011db47";
inline const std::string kOtherTenant = "9188040d-6c67-4c5b-b112-36a304b66dad";
inline const std::string kApp = "11111111-2222-4333-8444-555555555555";
inline const std::string kActions = "48af08dc-f6d2-435f-b2a7-069abd99c086";
inline const std::string kPresser = "0b0f1b1e-1111-4222-8333-444444444444";
inline const std::string kEntraKeys = "https://login.microsoftonline.com/{tenantid}/v2.0";

inline const Signer& signer() {
    static const Signer one("entra-1");
    return one;
}
inline const Signer& stranger() {
    static const Signer one("entra-1");  // the same kid
    return one;
}
inline const Signer& consumers() {
    static const Signer one("consumers-1");
    return one;
}

inline std::vector<TokenProfile> make_profiles() {
    TokenProfile entra;
    entra.name = "entra";
    entra.issuers = {"https://login.microsoftonline.com/{tid}/v2.0", "https://sts.windows.net/{tid}/"};
    entra.audiences = {"api://auth-am-{app_id}/{app_id}", "{app_id}"};
    entra.client_claims = {"azp", "appid"};
    entra.client_ids = {kActions};
    entra.clock_skew = seconds(300);
    entra.presser_claim = "oid";
    entra.name_claims = {"upn", "preferred_username", "name"};
    // Microsoft's set has keys for its consumers' tenant alone beside the others.
    entra.keys = KeySet(std::vector<JsonWebKey>{
        signer().key(kEntraKeys), consumers().key("https://login.microsoftonline.com/" + kOtherTenant + "/v2.0")});
    TokenProfile legacy;
    legacy.name = "legacy";
    legacy.issuers = {"https://substrate.office.com/sts/"};
    legacy.audiences = {"{origin}"};
    legacy.client_claims = {"appid"};
    legacy.client_ids = {kActions};
    legacy.clock_skew = seconds(300);
    legacy.presser_claim = "sub";
    legacy.keys = KeySet(std::vector<JsonWebKey>{signer().key()});
    return {entra, legacy};
}

inline Json::Value header() {
    Json::Value value;
    value["typ"] = "JWT";
    value["alg"] = "RS256";
    value["kid"] = signer().key_id();
    return value;
}
inline Json::Value entra_claims() {
    Json::Value value;
    value["ver"] = "2.0";
    value["iss"] = "https://login.microsoftonline.com/" + kTenant + "/v2.0";
    value["aud"] = "api://auth-am-" + kApp + "/" + kApp;
    value["azp"] = kActions;
    value["tid"] = kTenant;
    value["oid"] = kPresser;
    value["sub"] = "pairwise";
    value["upn"] = "ann@contoso.example";
    value["scp"] = "Global.Test Actions.Invoke";
    value["iat"] = Json::Int64(kNow - 60);
    value["nbf"] = Json::Int64(kNow - 60);
    value["exp"] = Json::Int64(kNow + 3600);
    return value;
}
inline Json::Value legacy_claims() {
    Json::Value value;
    value["ver"] = "STI.ExternalAccessToken.V1";
    value["iss"] = "https://substrate.office.com/sts/";
    value["aud"] = "https://app.example.org";
    value["appid"] = kActions;
    value["appidacr"] = "2";
    value["sub"] = kPresser;
    value["iat"] = Json::Int64(kNow - 60);
    value["nbf"] = Json::Int64(kNow - 60);
    value["exp"] = Json::Int64(kNow + 3600);
    return value;
}

inline TokenResult judge(std::string_view token, const std::vector<TokenProfile>& profiles = make_profiles(),
                         const TokenTarget& target = {"https://app.example.org", ""}) {
    return verify_token(token, profiles, target, std::chrono::system_clock::time_point(seconds(kNow)));
}
inline std::string word(std::string_view token) { return name_of(judge(token).refusal); }

inline std::string with_header(const std::function<void(Json::Value&)>& change) {
    Json::Value value = header();
    change(value);
    return signer().token(value, entra_claims());
}
inline std::string with_claims(const std::function<void(Json::Value&)>& change) {
    Json::Value value = entra_claims();
    change(value);
    return signer().token(header(), value);
}
inline std::string with_legacy(const std::function<void(Json::Value&)>& change) {
    Json::Value value = legacy_claims();
    change(value);
    return signer().token(header(), value);
}
// The signature of a good token put behind another text, or changed.
inline std::string resigned(const std::function<std::string(std::string)>& change) {
    const std::string text = base64url(compact_json(header())) + "." + base64url(compact_json(entra_claims()));
    return text + "." + change(signer().sign(text));
}
inline std::string signed_as(const char* algorithm, const EVP_MD* digest, bool pss) {
    Json::Value value = header();
    value["alg"] = algorithm;
    const std::string text = base64url(compact_json(value)) + "." + base64url(compact_json(entra_claims()));
    return text + "." + base64url(signer().sign(text, digest, pss));
}
inline std::string raw(const std::string& head, const std::string& claims) { return signer().token(head, claims); }
inline std::string hs256(const std::string& secret) {
    Json::Value value = header();
    value["alg"] = "HS256";
    const std::string text = base64url(compact_json(value)) + "." + base64url(compact_json(entra_claims()));
    return text + "." + base64url(hmac_sha256(secret, text));
}
inline std::string head_text() { return compact_json(header()); }
inline std::string claims_text() { return compact_json(entra_claims()); }
// With one member more before the last brace.
inline std::string and_member(std::string object, const std::string& member) {
    object.back() = ',';
    return object + member + "}";
}
// The last base64url character of each part with a bit set that no byte uses.
inline std::string with_trailing_bits(std::string token) {
    constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    token.back() = kAlphabet[kAlphabet.find(token.back()) + 1];  // 256 bytes end with two characters for one byte
    return token;
}

}  // namespace o365::test
