// Verifies the bearer tokens of card actions: JSON Web Tokens in compact form (RFC 7515, RFC 7519), RS256 only
// (office365-connectors.md 7, threats T29 and T30). Safe from any thread.
//
// No claim is trusted before the signature is verified, and no address in the header is fetched: `kid` chooses among
// keys that were fetched before; `jku`, `jwk`, `x5u` and `x5c` are not read; `crit` is refused.
#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/jwt/key_set.h"

namespace o365 {

// Which tokens are accepted: a row of o365.token_profiles with its keys.
struct TokenProfile {
    std::string name;  // "entra"
    // Values of `iss`, exactly, or with one "{tid}", which stands for the token's `tid` and must be a GUID.
    std::vector<std::string> issuers;
    // Values of `aud`, exactly, or with "{app_id}", a GUID (the same each time), or "{origin}", TokenTarget::origin.
    std::vector<std::string> audiences;
    // Claims that name the client, "azp" and "appid": the token must have one of them, and each that it has must be one
    // of `client_ids`.
    std::vector<std::string> client_claims;
    std::vector<std::string> client_ids;
    std::string scope;                 // a word that `scp` must have; "": none
    std::vector<std::string> tenants;  // the values of `tid` that are allowed; empty: any
    std::chrono::seconds clock_skew{300};
    std::string presser_claim;             // the claim with the directory object id of who pressed: "oid" or "sub"
    std::vector<std::string> name_claims;  // claims with their name for people: the first one that the token has
    KeySet keys;
};

// Whether metadata of this issuer belongs to a profile with TokenProfile::issuers `issuers`. "{tenantid}" in `issuer`,
// as in Microsoft's metadata for all tenants, stands for any tenant.
bool is_issuer_of(std::string_view issuer, std::span<const std::string> issuers);

// For what a token must be meant.
struct TokenTarget {
    std::string origin;  // of the address that was called, in the form of origin_of() (lib/http/url.h)
    std::string app_id;  // the value of "{app_id}", in any case; "": any GUID, which the caller compares
};

// Why a token is refused. A claim of a wrong type counts as absent.
enum class TokenRefusal {
    none,
    missing,        // the token is ""
    too_large,      // over kMaxToken bytes
    malformed,      // not three parts of base64url, the first two strict JSON objects
    bad_algorithm,  // `alg` is not RS256
    bad_header,     // no valid `kid`, a `crit`, or a `typ` other than JWT and at+jwt
    wrong_issuer,   // no profile has this `iss` for this tenant
    wrong_tenant,   // a tenant that the profile does not allow
    no_keys,        // the profile has no keys yet: the same token may be accepted later
    unknown_key,    // the profile has no such key, or the key is for other issuers: its keys may have changed
    bad_signature,
    wrong_audience,
    wrong_client,
    wrong_scope,
    expired,        // also without `exp`
    not_yet_valid,  // by `nbf` or `iat`
    no_presser,     // no valid TokenProfile::presser_claim
};

// The refusal's name for logs: "bad_signature"; "none".
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
    // Empty for a token that is refused, except that with no_keys and unknown_key these two say which key the token
    // names; that is not verified.
    std::string profile;
    std::string key_id;
    // Empty for a token that is refused.
    std::string presser_id;    // directory object id; secret, as user_objectId is
    std::string presser_name;  // "" when the token has none
    std::string tenant_id;     // lower case; "" when the token has none
    std::string app_id;  // the value of "{app_id}", in lower case; "" when the audience has none. A caller that left
                         // TokenTarget::app_id empty must compare it with the app_id of the card's connector
    std::chrono::sys_seconds expires;  // a finer clock ends in the year 2262

    bool taken() const noexcept { return refusal == TokenRefusal::none; }
};

// Verifies a token, the bytes after "Bearer ". It costs the same work whatever is wrong with the token; only its size
// matters.
TokenResult verify_token(std::string_view token, std::span<const TokenProfile> profiles, const TokenTarget& target,
                         std::chrono::system_clock::time_point now);

}  // namespace o365
