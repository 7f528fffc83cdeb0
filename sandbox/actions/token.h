// The tokens that go with HttpPOST actions (office365-connectors.md 7): of both kinds, good and deliberately bad ones,
// signed by keys that this process made and does not store. Safe from any thread once made.
#pragma once

#include <json/json.h>

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace o365 {

struct TokenKind {
    std::string_view name;  // "entra"
    std::string_view help;  // one line for the page
    bool good;              // whether a service should take it
};

// All kinds, the good ones first.
std::span<const TokenKind> token_kinds();

struct TokenFacts {
    std::string legacy_issuer;    // https://.../sts/
    std::string legacy_audience;  // scheme and host of the target
    std::string entra_issuer;     // https://.../<tenant>/v2.0
    std::string entra_audience;   // api://auth-am-<guid>/<guid>
    std::string tenant_id;
    std::string object_id;  // of who pressed
    std::string name;
    std::chrono::system_clock::time_point now;
};

class TokenIssuer {
  public:
    TokenIssuer();  // makes two RSA keys; throws std::runtime_error when OpenSSL cannot
    TokenIssuer(const TokenIssuer&) = delete;
    TokenIssuer& operator=(const TokenIssuer&) = delete;
    ~TokenIssuer();

    // The key set that services fetch: one key of the two.
    Json::Value key_set() const;
    // A token of that kind; empty for kind "none". Throws std::invalid_argument for a kind that does not exist.
    std::string make(std::string_view kind, const TokenFacts& facts) const;
    // Why a service must not take `token`, or empty when it may: signature, RS256, times, and that `facts` are those it
    // was made from, for either of the good kinds. An empty entra_audience stands for that of any connector.
    std::string problem(std::string_view token, const TokenFacts& facts) const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// The Actions service's own application id, in every token.
inline constexpr std::string_view kActionsAppId = "48af08dc-f6d2-435f-b2a7-069abd99c086";

}  // namespace o365
