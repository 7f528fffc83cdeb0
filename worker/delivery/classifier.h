// Reads a webhook's answer by the rules of o365.response_rules. Immutable once made: any thread.
#pragma once

#include <json/json.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lib/http_client/http_client.h"

namespace o365 {

struct Judgement {
    // As in the rules; retry or in_doubt when no rule was asked or none fitted; held when our side failed (a proxy, a
    // route): that counts as no failure of the webhook.
    std::string outcome;
    int rule_id = 0;      // 0: none
    std::string problem;  // why it is no success, for operators; empty on success
};

// The first 200 characters of an answer's body in one line of valid UTF-8, for operators: control characters and bytes
// that are no UTF-8 are replaced, and *** stands for URLs, for long tokens that hold a digit, and for every token that
// holds a part of `url`, the webhook's, of eight characters or more. Empty for a body of white space.
std::string excerpt(std::string_view body, std::string_view url);

// Whether a card is at its end with this outcome.
bool is_end(std::string_view outcome);

class Classifier {
  public:
    // The array `rules` of o365_programs.worker_start. A rule whose pattern is no POSIX extended regular expression is
    // left out.
    explicit Classifier(const Json::Value& rules);
    Classifier(Classifier&&) noexcept;
    Classifier& operator=(Classifier&&) noexcept;
    ~Classifier();

    // A request that was not sent is tried again, one whose answer was lost is in doubt, and so is one whose success
    // broke off, unless the first rule that fits its status looks at no body; an answer goes to the first rule of the
    // dialect that fits its status and the first 4 KiB of its body. Where none does, a 2xx is in doubt (the
    // card may be shown), everything else is tried again. The problem of an answer that no pattern explains holds an
    // excerpt of it, from which parts of `url`, the webhook's, are taken out.
    Judgement judge(std::string_view dialect, const PostResult& result, std::string_view url) const;
    // A rule that was left out, and why; empty when there is none.
    const std::string& problem() const noexcept { return problem_; }

  private:
    struct Rule;
    std::vector<Rule> rules_;
    std::string problem_;
};

}  // namespace o365
