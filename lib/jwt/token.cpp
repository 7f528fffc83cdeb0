#include "lib/jwt/token.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>

#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "lib/json/json_fields.h"
#include "lib/json/json_text.h"

namespace o365 {
namespace {

using std::chrono::seconds;

constexpr std::size_t kGuid = 36;
constexpr std::size_t kMaxPresser = 200;  // bytes, as the callback takes an object id
constexpr std::size_t kMaxName = 320;
constexpr std::size_t kMaxAudiences = 16;
constexpr double kLastSecond = 253402300799.0;  // of the year 9999

struct Parts {
    std::string_view header;
    std::string_view claims;
    std::string_view signature;
    std::string_view signed_text;  // header and claims
};

std::optional<Parts> split(std::string_view token) {
    const auto first = token.find('.');
    const auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
    if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) return std::nullopt;
    return Parts{token.substr(0, first), token.substr(first + 1, second - first - 1), token.substr(second + 1),
                 token.substr(0, second)};
}

std::optional<Json::Value> object_in(std::string_view part) {
    const std::optional<std::string> text = base64url_decode(part);
    if (!text) return std::nullopt;
    std::optional<Json::Value> value = parse_json(*text);
    if (!value || !value->isObject()) return std::nullopt;
    return value;
}

// The member if it is a string; "" for anything else.
// Stricter than text_in(), for tokens: "" for whatever is not a string.
std::string text_of(const Json::Value& object, const char* name) {
    const Json::Value& value = member(object, name);
    return value.isString() ? value.asString() : std::string();
}

bool has_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; });
}

bool contains(std::span<const std::string> list, std::string_view word) {
    return std::any_of(list.begin(), list.end(), [&](const std::string& one) { return same_name(one, word); });
}

std::string replaced(std::string_view pattern, std::string_view placeholder, std::string_view value) {
    std::string text;
    while (true) {
        const auto at = pattern.find(placeholder);
        text += pattern.substr(0, at);
        if (at == std::string_view::npos) return text;
        text += value;
        pattern.remove_prefix(at + placeholder.size());
    }
}

// Matches `text` with `pattern`, in which `placeholder` stands for a GUID, the same at each place. Returns the GUID as
// `text` writes it; "" when `pattern` has no placeholder; nullopt when `text` does not match.
std::optional<std::string> guid_in(std::string_view text, std::string_view pattern, std::string_view placeholder) {
    const auto at = pattern.find(placeholder);
    if (at == std::string_view::npos) return text == pattern ? std::optional<std::string>("") : std::nullopt;
    if (text.size() < at + kGuid) return std::nullopt;
    std::string guid(text.substr(at, kGuid));
    if (!is_guid(guid) || text != replaced(pattern, placeholder, guid)) return std::nullopt;
    return guid;
}

TokenRefusal judge_header(const Json::Value& header) {
    if (text_of(header, "alg") != "RS256") return TokenRefusal::bad_algorithm;
    const std::string key_id = text_of(header, "kid");
    if (!is_signing_key_id(key_id)) return TokenRefusal::bad_header;
    if (header.isMember("crit")) return TokenRefusal::bad_header;
    if (!header.isMember("typ")) return TokenRefusal::none;
    const std::string type = text_of(header, "typ");
    return same_name(type, "JWT") || same_name(type, "at+jwt") ? TokenRefusal::none : TokenRefusal::bad_header;
}

// Whether the token's issuer is one of the profile's, with the tenant that the token names.
bool is_issued_by(const TokenProfile& profile, std::string_view issuer, std::string_view tenant) {
    return std::any_of(profile.issuers.begin(), profile.issuers.end(), [&](const std::string& pattern) {
        const auto guid = guid_in(issuer, pattern, "{tid}");
        return guid && (guid->empty() || same_name(*guid, tenant));
    });
}

const TokenProfile* profile_of(std::span<const TokenProfile> profiles, const Json::Value& claims) {
    const std::string issuer = text_of(claims, "iss");
    const std::string tenant = text_of(claims, "tid");
    const auto place = std::find_if(profiles.begin(), profiles.end(), [&](const TokenProfile& profile) {
        return !issuer.empty() && is_issued_by(profile, issuer, tenant);
    });
    return place == profiles.end() ? nullptr : &*place;
}

// Whether the key may sign for that tenant: some keys in Microsoft's sets are for one tenant only.
bool signs_for(const std::string& key_issuer, const TokenProfile& profile, const std::string& tenant) {
    if (key_issuer.empty()) return true;
    return is_issued_by(profile, replaced(key_issuer, "{tenantid}", tenant), tenant);
}

TokenRefusal judge_key(const TokenProfile& profile, const std::string& key_id, const std::string& tenant) {
    if (profile.keys.empty()) return TokenRefusal::no_keys;
    const auto issuer = profile.keys.issuer_of(key_id);
    return issuer && signs_for(*issuer, profile, tenant) ? TokenRefusal::none : TokenRefusal::unknown_key;
}

// The GUID for "{app_id}", "" for an audience without it; nullopt when the token is not for us.
std::optional<std::string> app_in(const TokenProfile& profile, const TokenTarget& target, std::string_view audience) {
    for (const std::string& pattern : profile.audiences) {
        if (pattern.find("{origin}") != std::string::npos) {
            if (!target.origin.empty() && same_name(audience, replaced(pattern, "{origin}", target.origin))) return "";
            continue;
        }
        const auto guid = guid_in(audience, pattern, "{app_id}");
        if (!guid) continue;
        if (!guid->empty() && !target.app_id.empty() && !same_name(*guid, target.app_id)) continue;
        return lower(*guid);
    }
    return std::nullopt;
}

std::optional<std::string> app_of(const TokenProfile& profile, const TokenTarget& target, const Json::Value& claims) {
    const Json::Value& audience = member(claims, "aud");
    if (audience.isString()) return app_in(profile, target, audience.asString());
    if (!audience.isArray() || audience.size() > kMaxAudiences) return std::nullopt;
    for (const Json::Value& one : audience) {
        if (!one.isString()) continue;
        if (auto app = app_in(profile, target, one.asString())) return app;
    }
    return std::nullopt;
}

bool names_client(const TokenProfile& profile, const Json::Value& claims) {
    bool named = false;
    for (const std::string& claim : profile.client_claims) {
        if (!claims.isMember(claim)) continue;
        if (!contains(profile.client_ids, text_of(claims, claim.c_str()))) return false;
        named = true;
    }
    return named;
}

bool has_word(std::string_view text, std::string_view word) {
    while (!text.empty()) {
        const auto end = text.find(' ');
        if (text.substr(0, end) == word) return true;
        if (end == std::string_view::npos) return false;
        text.remove_prefix(end + 1);
    }
    return false;
}

// Whole seconds since 1970; nullopt when the claim is not such a number.
std::optional<std::int64_t> time_of(const Json::Value& claims, const char* name) {
    const Json::Value& value = member(claims, name);
    if (!value.isNumeric()) return std::nullopt;
    const double number = value.asDouble();
    if (!(number >= 0 && number <= kLastSecond)) return std::nullopt;
    return static_cast<std::int64_t>(std::floor(number));
}

TokenRefusal judge_times(const TokenProfile& profile, const Json::Value& claims, std::int64_t now) {
    const std::int64_t skew = profile.clock_skew.count();
    const auto expires = time_of(claims, "exp");
    if (!expires || *expires + skew <= now) return TokenRefusal::expired;
    for (const char* name : {"nbf", "iat"}) {
        if (!claims.isMember(name)) continue;
        const auto begins = time_of(claims, name);
        if (!begins || *begins - skew > now) return TokenRefusal::not_yet_valid;
    }
    return TokenRefusal::none;
}

// Judges the claims of a token whose signature is right.
TokenRefusal judge_claims(const TokenProfile& profile, const TokenTarget& target, const Json::Value& claims,
                          std::int64_t now) {
    if (!profile.tenants.empty() && !contains(profile.tenants, text_of(claims, "tid")))
        return TokenRefusal::wrong_tenant;
    if (!app_of(profile, target, claims)) return TokenRefusal::wrong_audience;
    if (!names_client(profile, claims)) return TokenRefusal::wrong_client;
    if (!profile.scope.empty() && !has_word(text_of(claims, "scp"), profile.scope)) return TokenRefusal::wrong_scope;
    if (const TokenRefusal times = judge_times(profile, claims, now); times != TokenRefusal::none) return times;
    const std::string presser = text_of(claims, profile.presser_claim.c_str());
    if (presser.empty() || presser.size() > kMaxPresser || has_control(presser)) return TokenRefusal::no_presser;
    return TokenRefusal::none;
}

std::string presser_name(const TokenProfile& profile, const Json::Value& claims) {
    for (const std::string& claim : profile.name_claims) {
        const std::string name = text_of(claims, claim.c_str());
        if (!name.empty() && !has_control(name)) return std::string(utf8_beginning(name, kMaxName));
    }
    return {};
}

std::string joined(const Json::Value& audience) {
    if (audience.isString()) return audience.asString();
    std::string text;
    if (!audience.isArray()) return text;
    for (const Json::Value& one : audience) {
        if (text.size() > kMaxShown) break;
        if (one.isString()) text += (text.empty() ? "" : ",") + one.asString();
    }
    return text;
}

// Claims by name, not those that the profile names: client_claims may be anything.
ShownClaims shown(const TokenProfile& profile, const Json::Value& claims) {
    const auto cut = [](const std::string& text) { return std::string(utf8_beginning(text, kMaxShown)); };
    return {.profile = profile.name,
            .issuer = cut(text_of(claims, "iss")),
            .audiences = cut(joined(member(claims, "aud"))),
            .azp = cut(text_of(claims, "azp")),
            .appid = cut(text_of(claims, "appid")),
            .scopes = cut(text_of(claims, "scp"))};
}

TokenResult refused(TokenRefusal why) {
    TokenResult result;
    result.refusal = why;
    return result;
}

// The parts of a token, as far as it could be read.
struct Reading {
    TokenRefusal refusal = TokenRefusal::none;
    Json::Value claims;
    const TokenProfile* profile = nullptr;
    std::string key_id;
    std::string signature;
};

Reading read(const Parts& parts, std::span<const TokenProfile> profiles) {
    Reading reading;
    const auto header = object_in(parts.header);
    auto claims = object_in(parts.claims);
    auto signature = base64url_decode(parts.signature);
    if (!header || !claims || !signature) {
        reading.refusal = TokenRefusal::malformed;
        return reading;
    }
    reading.claims = *std::move(claims);
    reading.signature = *std::move(signature);
    reading.refusal = judge_header(*header);
    if (reading.refusal != TokenRefusal::none) return reading;
    reading.profile = profile_of(profiles, reading.claims);
    if (reading.profile == nullptr) {
        reading.refusal = TokenRefusal::wrong_issuer;
        return reading;
    }
    reading.key_id = text_of(*header, "kid");
    reading.refusal = judge_key(*reading.profile, reading.key_id, text_of(reading.claims, "tid"));
    return reading;
}

// Refuses a token before its signature is checked, after the same work.
TokenResult refused_after_work(std::string_view text, TokenRefusal why) {
    (void)KeySet().verifies("", text, "");
    return refused(why);
}

}  // namespace

bool is_issuer_of(std::string_view issuer, std::span<const std::string> issuers) {
    const std::string of_any_tenant = replaced(issuer, "{tenantid}", "{tid}");
    return std::any_of(issuers.begin(), issuers.end(), [&](const std::string& pattern) {
        return of_any_tenant == pattern || guid_in(issuer, pattern, "{tid}");
    });
}

const char* name_of(TokenRefusal refusal) {
    constexpr std::array kNames = {"none",          "missing",        "too_large",    "malformed",   "bad_algorithm",
                                   "bad_header",    "wrong_issuer",   "wrong_tenant", "no_keys",     "unknown_key",
                                   "bad_signature", "wrong_audience", "wrong_client", "wrong_scope", "expired",
                                   "not_yet_valid", "no_presser"};
    static_assert(kNames.size() == static_cast<std::size_t>(TokenRefusal::no_presser) + 1);
    return kNames.at(static_cast<std::size_t>(refusal));
}

TokenResult verify_token(std::string_view token, std::span<const TokenProfile> profiles, const TokenTarget& target,
                         std::chrono::system_clock::time_point now) {
    if (token.empty()) return refused_after_work(token, TokenRefusal::missing);
    if (token.size() > kMaxToken) return refused_after_work(token.substr(0, kMaxToken), TokenRefusal::too_large);
    const std::optional<Parts> parts = split(token);
    if (!parts) return refused_after_work(token, TokenRefusal::malformed);
    const Reading reading = read(*parts, profiles);
    if (reading.refusal != TokenRefusal::none) {
        TokenResult result = refused_after_work(parts->signed_text, reading.refusal);
        if (reading.profile != nullptr) {
            result.profile = reading.profile->name;
            result.key_id = reading.key_id;
        }
        return result;
    }
    const TokenProfile& profile = *reading.profile;
    if (!profile.keys.verifies(reading.key_id, parts->signed_text, reading.signature))
        return refused(TokenRefusal::bad_signature);
    const Json::Value& claims = reading.claims;
    const auto second = std::chrono::floor<seconds>(now).time_since_epoch().count();
    TokenResult result;
    result.shown = shown(profile, claims);
    result.refusal = judge_claims(profile, target, claims, second);
    if (!result.taken()) return result;
    result.profile = profile.name;
    result.key_id = reading.key_id;
    result.presser_id = text_of(claims, profile.presser_claim.c_str());
    result.presser_name = presser_name(profile, claims);
    result.tenant_id = lower(text_of(claims, "tid"));
    result.app_id = app_of(profile, target, claims).value_or("");
    result.expires = std::chrono::sys_seconds(seconds(time_of(claims, "exp").value_or(0)));
    return result;
}

}  // namespace o365
