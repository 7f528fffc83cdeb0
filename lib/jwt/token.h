// The bearer tokens of card actions: JSON Web Tokens in compact form (RFC 7515, RFC 7519), RS256 alone
// (office365-connectors.md 7, threats T29 and T30). Safe from any thread.
//
// Nothing of a token is believed before its signature, and nothing in its header is followed: `kid` chooses among keys
// that were fetched before, `jku`, `jwk`, `x5u` and `x5c` are not read, `crit` is refused.
#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/jwt/key_set.h"

namespace o365 {

// Whose tokens are taken: a row of o365.token_profiles with its keys.
struct TokenProfile {
    std::string name;  // "entra"
    // `iss`, exactly, or with one "{tid}" that stands for the token's `tid`, which must be a GUID then.
    std::vector<std::string> issuers;
    // `aud`, exactly, or with "{app_id}", a GUID (the same each time), or "{origin}", TokenTarget::origin.
    std::vector<std::string> audiences;
    // Claims that name the client, "azp" and "appid": one must be there, and each that is there names one of
    // `client_ids`.
    std::vector<std::string> client_claims;
    std::vector<std::string> client_ids;
    std::string scope;                 // a word of `scp` that must be there; "": none must
    std::vector<std::string> tenants;  // `tid` must be one of them; empty: any
    std::chrono::seconds clock_skew{300};
    std::string presser_claim;             // who pressed, by directory object id: "oid" or "sub"
    std::vector<std::string> name_claims;  // who pressed, for people: the first of them that is there
    KeySet keys;
};

// Whether metadata whose issuer is `issuer` belongs to TokenProfile::issuers: one of them, of some tenant, or, with
// "{tenantid}" in it as in Microsoft's metadata for all tenants, of any.
bool is_issuer_of(std::string_view issuer, std::span<const std::string> issuers);

// What a token must be meant for.
struct TokenTarget {
    std::string origin;  // scheme and host of the address that was called, as lib/http/url.h's origin_of says it
    std::string app_id;  // what "{app_id}" stands for, in any case; "": any GUID, which the caller compares
};

// Why a token is refused. A claim of another type than it should have counts as absent.
enum class TokenRefusal {
    none,
    missing,        // ""
    too_large,      // over kMaxToken bytes
    malformed,      // not three parts of base64url, of which two are strict JSON objects
    bad_algorithm,  // `alg` is not RS256
    bad_header,     // no `kid` of 1 to kMaxKeyId printable characters, `crit`, or a `typ` of something else
    wrong_issuer,   // no profile's `iss`, its tenant included
    wrong_tenant,   // a tenant that the profile does not allow
    no_keys,        // the profile has no keys yet: an answer that says so may be right later
    unknown_key,    // the profile has no such key, or it signs for other issuers: its keys may have changed
    bad_signature,
    wrong_audience,
    wrong_client,
    wrong_scope,
    expired,        // also without `exp`
    not_yet_valid,  // by `nbf`, or `iat`
    no_presser,     // nothing says who pressed
};

// A word for logs and metrics: "bad_signature"; "none".
const char* name_of(TokenRefusal refusal);

inline constexpr std::size_t kMaxToken = 16384;

// What was looked at in a token whose signature is right, for the log: by this an operator corrects a profile that
// refuses what Microsoft sends. Each is cut to kMaxShown bytes, and "" where the token has none. Never who pressed.
struct ShownClaims {
    std::string profile;    // TokenProfile::name; "" when nobody has proven the rest
    std::string issuer;     // `iss`
    std::string audiences;  // `aud`, those of a list with a comma between
    std::string azp;
    std::string appid;
    std::string scopes;  // `scp`
};
inline constexpr std::size_t kMaxShown = 200;

struct TokenResult {
    TokenRefusal refusal = TokenRefusal::none;
    ShownClaims shown;
    // With no_keys and unknown_key these two say what was looked for, and nobody has proven it; otherwise all that
    // follows is of a token that was taken, and empty for one that was refused.
    std::string profile;
    std::string key_id;
    std::string presser_id;    // directory object id; secret, as user_objectId is
    std::string presser_name;  // "" when the token has none
    std::string tenant_id;     // lower case; "" when the token has none
    std::string app_id;  // what "{app_id}" stood for, in lower case; "" where the audience has none. A caller that
                         // left TokenTarget::app_id empty must compare it with the app_id of the card's connector
    std::chrono::system_clock::time_point expires;

    bool taken() const noexcept { return refusal == TokenRefusal::none; }
};

// Judges a token, the bytes after "Bearer ". The work is the same whatever is wrong with it, but for its size.
TokenResult verify_token(std::string_view token, std::span<const TokenProfile> profiles, const TokenTarget& target,
                         std::chrono::system_clock::time_point now);

}  // namespace o365
