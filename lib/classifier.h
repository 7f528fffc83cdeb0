// Reads a webhook's answer by the rules of o365.response_rules. Immutable once made: any thread.
#pragma once

#include <json/json.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lib/http_client.h"

namespace o365 {

struct Judgement {
    // As in the rules; retry or in_doubt when no rule was asked or none fitted; held when our side failed (a proxy):
    // that counts as no failure of the webhook.
    std::string outcome;
    int rule_id = 0;      // 0: none
    std::string problem;  // why it is no success, for operators; empty on success. Never the answer's body.
};

// Whether a card is at its end with this outcome.
bool is_end(std::string_view outcome);

class Classifier {
  public:
    // The array `rules` of o365.worker_start. A rule whose pattern is no POSIX extended regular expression is left out.
    explicit Classifier(const Json::Value& rules);
    Classifier(Classifier&&) noexcept;
    Classifier& operator=(Classifier&&) noexcept;
    ~Classifier();

    // A request that was not sent is tried again, one whose answer was lost is in doubt; an answer goes to the first
    // rule of the dialect that fits its status and the first 4 KiB of its body, and is tried again when none does.
    Judgement judge(std::string_view dialect, const PostResult& result) const;
    // A rule that was left out, and why; empty when there is none.
    const std::string& problem() const noexcept { return problem_; }

  private:
    struct Rule;
    std::vector<Rule> rules_;
    std::string problem_;
};

}  // namespace o365
