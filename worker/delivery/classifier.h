// Classifies a webhook's answer by the rules of o365.response_rules. Immutable: any thread.
#pragma once

#include <json/json.h>

#include <string>
#include <string_view>
#include <vector>

#include "lib/http_client/http_client.h"

namespace o365 {

struct Judgement {
    // The outcome of the rule that matched. Without one: retry, in_doubt, or held when our side failed (a proxy, a
    // route), which does not count as a failure of the webhook.
    std::string outcome;
    int rule_id = 0;      // 0: no rule matched
    std::string problem;  // why the card was not delivered, for operators; empty on success
};

// The first 200 characters of an answer's body as one line of valid UTF-8, for operators. Control characters and bytes
// that are not UTF-8 are replaced; URLs, long tokens with a digit, and tokens with a longer part of `url`, the webhook,
// become ***. Empty for a body of white space.
std::string excerpt(std::string_view body, std::string_view url);

// Whether this outcome ends a card.
bool is_end(std::string_view outcome);

class Classifier {
  public:
    // `rules`: the array `rules` of o365_programs.worker_start. A rule whose pattern is not a POSIX extended regular
    // expression is left out: see problem().
    explicit Classifier(const Json::Value& rules);
    Classifier(Classifier&&) noexcept;
    Classifier& operator=(Classifier&&) noexcept;
    ~Classifier();

    // An answer gets the outcome of the first rule of the dialect that matches its status and the first 4 KiB of its
    // body. When none does, a 2xx is in_doubt, because the card may be shown, and everything else retry. A request that
    // was not sent is retry or held. One whose answer was lost is in_doubt, and so is a success that broke off, unless
    // the first rule that matches its status looks at no body. The problem may have an excerpt() of the body.
    Judgement judge(std::string_view dialect, const PostResult& result, std::string_view url) const;
    // Why a rule was left out; empty when none was.
    const std::string& problem() const noexcept { return problem_; }

  private:
    struct Rule;
    std::vector<Rule> rules_;
    std::string problem_;
};

}  // namespace o365
