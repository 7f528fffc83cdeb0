#include "fcgi/action/action_tokens.h"

#include <json/json.h>

#include <string>
#include <utility>

#include "lib/http/url.h"
#include "lib/json/json_fields.h"
#include "lib/json/json_text.h"

namespace o365 {
namespace {

KeySet keys_of(const Json::Value& profile) {
    std::vector<JsonWebKey> keys;
    for (const Json::Value& one : list_in(profile, "keys"))
        keys.push_back({text_in(one, "kid"), text_in(one, "n"), text_in(one, "e"), text_in(one, "issuer")});
    return KeySet(keys);
}

TokenProfile profile_in(const Json::Value& row) {
    TokenProfile profile;
    profile.name = text_in(row, "name");
    profile.issuers = texts_of(list_in(row, "issuers"));
    profile.audiences = texts_of(list_in(row, "audiences"));
    profile.client_claims = texts_of(list_in(row, "client_claims"));
    profile.client_ids = texts_of(list_in(row, "client_ids"));
    profile.scope = text_in(row, "scope");
    profile.tenants = texts_of(list_in(row, "tenants"));
    profile.clock_skew = std::chrono::seconds(row["clock_skew_seconds"].asInt());
    profile.presser_claim = text_in(row, "presser_claim");
    profile.name_claims = texts_of(list_in(row, "name_claims"));
    profile.keys = keys_of(row);
    return profile;
}

}  // namespace

TokenResult ActionTokens::judge(std::string_view token) {
    const auto now = std::chrono::system_clock::now();
    const auto known = profiles(kFresh);
    TokenResult result = verify_token(token, known->list, known->target, now);
    if (result.refusal != TokenRefusal::unknown_key && result.refusal != TokenRefusal::no_keys) return result;
    if (const auto newer = profiles(kAgain); newer != known)
        result = verify_token(token, newer->list, newer->target, now);
    if (result.refusal == TokenRefusal::unknown_key && may_ask())
        database_.call("SELECT o365_programs.responder_ask_for_keys($1)", {result.profile});
    return result;
}

bool ActionTokens::may_ask() {
    const std::lock_guard lock(mutex_);
    const Clock::time_point now = Clock::now();
    if (asked_at_ != Clock::time_point{} && now - asked_at_ < kAgain) return false;
    asked_at_ = now;
    return true;
}

std::shared_ptr<const ActionTokens::Profiles> ActionTokens::profiles(std::chrono::seconds most) {
    {
        const std::lock_guard lock(mutex_);
        const bool known = read_at_ != Clock::time_point{};
        if (known && (reading_ || Clock::now() - read_at_ <= most)) return profiles_;
        reading_ = true;
    }
    std::shared_ptr<const Profiles> fresh;
    try {
        fresh = read();
    } catch (...) {
        const std::lock_guard lock(mutex_);
        reading_ = false;
        throw;
    }
    const std::lock_guard lock(mutex_);
    reading_ = false;
    profiles_ = std::move(fresh);
    read_at_ = Clock::now();
    return profiles_;
}

std::shared_ptr<const ActionTokens::Profiles> ActionTokens::read() {
    const Rows rows = database_.call(
        "SELECT o365_programs.responder_token_profiles(), o365_programs.responder_connectors() ->> 'public_url'");
    auto profiles = std::make_shared<Profiles>();
    for (const Json::Value& row : database_json(rows.text(0, 0))) profiles->list.push_back(profile_in(row));
    if (const auto url = parse_url(rows.text(0, 1))) profiles->target.origin = origin_of(*url);
    return profiles;
}

}  // namespace o365
