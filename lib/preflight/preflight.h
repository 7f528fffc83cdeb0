// The store's submission checklist (office365-connectors.md 9.3) against a living installation, item by item. What the
// database sees comes from o365_internal.preflight; what only a browser sees is asked here, through the web server.
// One thread.
#pragma once

#include <json/json.h>

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/database/database.h"
#include "lib/http_client/http_client.h"
#include "lib/preflight/log_watch.h"

namespace o365 {

struct PreflightItem {
    std::string_view name;   // "callback"
    std::string_view title;  // what the checklist demands, a sentence without its full stop
};

// All items, in the order of the list.
std::span<const PreflightItem> preflight_items();

struct PreflightFinding {
    std::string item;
    std::string verdict;  // pass, fail, look: a person has to
    std::string object;   // what it is about: "connector desk", "https://..."
    std::string problem;  // a sentence; of an item that passes what was seen
    std::string next_step;
};

// Secrets of its own that a preflight sends through the web server: made up, good for nothing but this once, and
// beginning with "preflight-", so that people find them in logs too.
struct PlantedSecrets {
    std::string denied_state;
    std::string denied_cookie;
    std::string allowed_state;
    std::string allowed_cookie;
    std::string webhook;  // on a host that no installation allows
    std::string object_id;
    std::string ticket;
    std::string manage_token;
    std::string action_token;
};
PlantedSecrets random_secrets();

// What a preflight asks the database; whoever runs it has functions of their own for that.
struct PreflightDatabase {
    // o365_internal.plant_preflight: whether there is a connection, whose page the manage token opens.
    std::function<bool(const PlantedSecrets&)> plant;
    // o365_internal.clear_preflight: the outcome of both attempts, denied first; null for one that has none. The other
    // argument is the request ids that the pages of callbacks showed.
    std::function<Json::Value(const PlantedSecrets&, const std::vector<std::string>&)> clear;
};

// The functions of a program ("worker", "sandbox"), for the connector `slug`. `call`: as Database::call.
using DatabaseCall = std::function<Rows(const std::string& statement, const std::vector<Value>& parameters)>;
PreflightDatabase preflight_database(const std::string& program, const std::string& slug, const DatabaseCall& call);

// One request, answered or failed; blocks.
using Fetch = std::function<PostResult(HttpRequest)>;

// Looks at everything. `site`: the answer of o365_internal.preflight. `logs`: the web server's, opened before; empty:
// none was named. What was planted is cleared whatever the web server answers. At least one finding for each item, in
// the order of the items. Throws what the calls of the database throw.
std::vector<PreflightFinding> preflight(const Json::Value& site, const PreflightDatabase& database, const Fetch& fetch,
                                        std::span<const LogWatch> logs);

// How many of the findings have that verdict.
int count_of(std::span<const PreflightFinding> findings, std::string_view verdict);

}  // namespace o365
