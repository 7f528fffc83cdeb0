// Fetches the keys that verify the tokens of card actions from the addresses in o365.token_profiles and stores them in
// the database, for the responders. The rules of lib/http_client hold: https, TLS verified, no redirects, the IP
// address checked, answers limited in bytes and time (threat T31). One thread, except for end_by().
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "lib/database/database.h"
#include "lib/http_client/http_client.h"
#include "lib/jwt/key_set.h"
#include "lib/settings/settings.h"

namespace o365 {

// From where the keys of a token profile are fetched.
struct KeySource {
    std::string metadata_url;
    std::vector<std::string> hosts;    // see read_token_metadata()
    std::vector<std::string> issuers;  // see TokenProfile::issuers
};

struct FetchedKeys {
    std::vector<JsonWebKey> keys;  // at least one unless there is a problem
    std::string problem;           // why they could not be fetched, for operators; empty when they were
};

class SigningKeys {
  public:
    using Clock = Database::Clock;

    explicit SigningKeys(const Settings& settings);

    // Fetches the keys that the database says are due, and stores them, or why they could not be fetched. Returns what
    // was done, for the log; "" for nothing. A fetch that end_by() cuts off is left to the next run. Throws
    // DatabaseError.
    std::string fetch_due(Database& database);
    // Fetches the metadata, then the key set that they name: two requests.
    FetchedKeys fetch(const KeySource& source);
    // Sets a deadline for all requests. From any thread.
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
