// Checks a running installation against the store's submission checklist (office365-connectors.md 9.3), item by item.
// o365_internal.preflight judges what the database knows; this module judges what a browser sees, with requests through
// the web server. One thread.
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
    std::string verdict;    // pass, fail, or look: a person has to look
    std::string object;     // what it is about: "connector desk", "https://..."
    std::string problem;    // a sentence; empty for an item that passes
    std::string next_step;  // what to do; empty for an item that passes
};

// The values that one preflight sends in place of secrets. Their random parts begin with "preflight-", so that people
// find them in logs too.
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

// The database functions that a preflight calls.
struct PreflightDatabase {
    // o365_internal.plant_preflight. Returns whether there is a connection, whose page the manage token opens.
    std::function<bool(const PlantedSecrets&)> plant;
    // o365_internal.clear_preflight. Returns an array with the outcomes of both attempts, first the denied one; null
    // for an attempt without outcome. The second argument: the request ids that the pages of callbacks showed.
    std::function<Json::Value(const PlantedSecrets&, const std::vector<std::string>&)> clear;
};

// Makes them for a program, "worker" or "sandbox", and the connector `slug`. `call`: Database::call.
using DatabaseCall = std::function<Rows(const std::string& statement, const std::vector<Value>& parameters)>;
PreflightDatabase preflight_database(const std::string& program, const std::string& slug, const DatabaseCall& call);

// Sends one request and waits for its result.
using Fetch = std::function<PostResult(HttpRequest)>;

// Runs all checks. `site`: the answer of o365_internal.preflight. `logs`: the web server's logs, opened before; empty
// when none was named. Clears what it planted in the database whatever the web server answers. Returns at least one
// finding for each item, in the order of the items. Throws what the calls of the database and `fetch` throw.
std::vector<PreflightFinding> preflight(const Json::Value& site, const PreflightDatabase& database, const Fetch& fetch,
                                        std::span<const LogWatch> logs);

// How many of the findings have that verdict.
int count_of(std::span<const PreflightFinding> findings, std::string_view verdict);

}  // namespace o365
