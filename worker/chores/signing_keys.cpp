#include "worker/chores/signing_keys.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "lib/json/json_fields.h"
#include "lib/json/json_text.h"
#include "lib/json/json_writing.h"
#include "lib/jwt/token.h"

namespace o365 {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTimeout{10000};  // of a request

std::string json_of(const std::vector<JsonWebKey>& keys) {
    Json::Value array(Json::arrayValue);
    for (const JsonWebKey& key : keys) {
        Json::Value one;
        one["kid"] = key.key_id;
        one["n"] = key.modulus;
        one["e"] = key.exponent;
        one["issuer"] = key.issuer;
        array.append(std::move(one));
    }
    return compact_json(array);
}

}  // namespace

SigningKeys::SigningKeys(const Settings& settings) {
    options_.ca_file = settings.ca_file;
    options_.proxy = settings.proxy;
    options_.allow_loopback = settings.allow_loopback;
    options_.max_transfers = 1;
    options_.max_body = kMaxKeyDocument;
    options_.timeout = kTimeout;
}

std::string SigningKeys::fetch_due(Database& database) {
    std::string done;
    const Rows due = database.call("SELECT * FROM o365_programs.worker_signing_key_fetches()");
    for (int row = 0; row < due.size(); ++row) {
        const std::string profile(due.text(row, 0));
        const KeySource source{std::string(due.text(row, 1)), texts_of(database_json(due.text(row, 2))),
                               texts_of(database_json(due.text(row, 3)))};
        const FetchedKeys fetched = fetch(source);
        if (Clock::now() >= end_.load()) break;
        const Rows stored =
            database.call("SELECT o365_programs.worker_signing_keys_fetched($1, $2, $3::jsonb, $4)",
                          {profile, source.metadata_url, json_of(fetched.keys), Value::or_null(fetched.problem)});
        if (!stored.text(0, 0).empty()) done += (done.empty() ? "" : "; ") + std::string(stored.text(0, 0));
    }
    return done;
}

FetchedKeys SigningKeys::fetch(const KeySource& source) {
    const auto failed = [](std::string problem) { return FetchedKeys{{}, std::move(problem)}; };
    if (!is_key_address(source.metadata_url, source.hosts))
        return failed(fmt::format("{} is no https address at a host of the profile", source.metadata_url));
    HttpClient client(options_);
    const Document metadata_text = get(client, source.metadata_url);
    if (!metadata_text.problem.empty()) return failed(metadata_text.problem);
    const TokenMetadata metadata = read_token_metadata(metadata_text.text, source.hosts);
    if (!metadata.problem.empty()) return failed(fmt::format("{}: {}", source.metadata_url, metadata.problem));
    if (!is_issuer_of(metadata.issuer, source.issuers))
        return failed(fmt::format("{}: its issuer is none of the profile's", source.metadata_url));
    const Document key_text = get(client, metadata.key_set);
    if (!key_text.problem.empty()) return failed(key_text.problem);
    KeySetDocument keys = read_key_set(key_text.text);
    if (!keys.problem.empty()) return failed(fmt::format("{}: {}", metadata.key_set, keys.problem));
    return {std::move(keys.keys), ""};
}

SigningKeys::Document SigningKeys::get(HttpClient& client, const std::string& url) {
    HttpRequest request;
    request.url = Secret(url);
    request.headers = {"Accept: application/json"};
    std::optional<PostResult> result =
        o365::fetch(client, std::move(request), [this] { return Clock::now() < end_.load(); });
    if (!result) return {"", "the worker ended"};
    if (result->transport != TransportStatus::answered) return {"", fmt::format("{}: {}", url, result->problem)};
    if (result->status >= 300 && result->status < 400)
        return {"", fmt::format("{}: HTTP {}, and redirects are not followed", url, result->status)};
    if (result->status != 200) return {"", fmt::format("{}: HTTP {}", url, result->status)};
    return {std::move(result->body), ""};
}

}  // namespace o365
