// The bearer tokens of card actions, judged by the installation's token profiles and their keys (o365.token_profiles).
// Profiles and keys are read from the database and shared by all threads of the responder.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "lib/database/database_pool.h"
#include "lib/jwt/token.h"

namespace o365 {

class ActionTokens {
  public:
    explicit ActionTokens(DatabasePool& database) : database_(database) {}
    ActionTokens(const ActionTokens&) = delete;
    ActionTokens& operator=(const ActionTokens&) = delete;

    // As verify_token, now, for tokens that are meant for this installation's public_url, whatever the connector. Reads
    // profiles and keys again once they are older than kFresh, and at a token whose key is unknown once they are older
    // than kAgain; a key that is still unknown then is asked for: the worker fetches keys for it, at most once a
    // minute. Throws DatabaseError.
    TokenResult judge(std::string_view token);

    static constexpr std::chrono::seconds kFresh{60};
    static constexpr std::chrono::seconds kAgain{5};

  private:
    using Clock = std::chrono::steady_clock;
    struct Profiles {
        std::vector<TokenProfile> list;
        TokenTarget target;
    };

    // Never null.
    std::shared_ptr<const Profiles> profiles(std::chrono::seconds most);
    std::shared_ptr<const Profiles> read();
    // Once each kAgain: anybody can name a key that there is not.
    bool may_ask();

    DatabasePool& database_;
    std::mutex mutex_;
    std::shared_ptr<const Profiles> profiles_;
    Clock::time_point read_at_{};  // time_point{}: never
    Clock::time_point asked_at_{};
    bool reading_ = false;  // one thread reads, the others use what was there before
};

}  // namespace o365
