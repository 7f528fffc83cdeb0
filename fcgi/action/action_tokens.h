// Verifies the bearer tokens of card actions by the installation's token profiles and their keys (o365.token_profiles),
// which it reads from the database and caches. Any thread: all threads of the responder share one.
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

    // verify_token() for the current time and for this installation's public_url, whatever the connector. Reads
    // profiles and keys again when they are older than kFresh; for a token whose key is unknown, when they are older
    // than kAgain. When the key is still unknown it asks the workers to fetch keys, which they do at most once a
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

    // The profiles, not older than `most` unless another thread is reading them just now. Never null.
    std::shared_ptr<const Profiles> profiles(std::chrono::seconds most);
    std::shared_ptr<const Profiles> read();
    // True at most once in kAgain: anybody can send tokens that name unknown keys.
    bool may_ask();

    DatabasePool& database_;
    std::mutex mutex_;
    std::shared_ptr<const Profiles> profiles_;
    Clock::time_point read_at_{};  // time_point{}: never
    Clock::time_point asked_at_{};
    bool reading_ = false;  // a thread is reading; the others use the old profiles
};

}  // namespace o365
