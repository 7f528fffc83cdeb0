// The keys that sign the tokens of card actions: fetched from where o365.token_profiles says, by the rules of
// lib/http_client (https, TLS verified, no redirects, the address checked, capped in bytes and time; threat T31), and
// stored in the database for the responders.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "lib/database/database.h"
#include "lib/http_client/http_client.h"
#include "lib/jwt/key_set.h"
#include "lib/settings/settings.h"

namespace o365 {

// Where the keys of a profile are.
struct KeySource {
    std::string metadata_url;
    std::vector<std::string> hosts;    // see read_token_metadata
    std::vector<std::string> issuers;  // see TokenProfile::issuers
};

struct FetchedKeys {
    std::vector<JsonWebKey> keys;
    std::string problem;  // why there are none, for operators; empty when there are
};

class SigningKeys {
  public:
    using Clock = Database::Clock;

    explicit SigningKeys(const Settings& settings);

    // Fetches what the database says is due, and stores it or why it could not be fetched. Returns what was done, for
    // the log; "" for nothing, and with a schema that has no token profiles. A fetch that end_by() cuts off is left to
    // the next worker. Throws DatabaseError.
    std::string fetch_due(Database& database);
    // Metadata, then the key set that it names: two requests.
    FetchedKeys fetch(const KeySource& source);
    // No request goes on after `when`. From any thread.
    void end_by(Clock::time_point when) noexcept { end_ = when; }

  private:
    struct Document {
        std::string text;
        std::string problem;
    };
    Document get(HttpClient& client, const std::string& url);

    HttpClientOptions options_;
    std::atomic<Clock::time_point> end_{Clock::time_point::max()};
};

}  // namespace o365
