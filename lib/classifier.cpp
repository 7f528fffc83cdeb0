#include "lib/classifier.h"

#include <fmt/format.h>
#include <regex.h>

namespace o365 {
namespace {

constexpr std::size_t kLooksAt = 4096;

// std::regex can exhaust the stack on a long body; POSIX's does not backtrack.
class Pattern {
  public:
    explicit Pattern(const std::string& text)
        : valid_(regcomp(&compiled_, text.c_str(), REG_EXTENDED | REG_ICASE | REG_NOSUB) == 0) {}
    Pattern(const Pattern&) = delete;
    Pattern& operator=(const Pattern&) = delete;
    ~Pattern() {
        if (valid_) regfree(&compiled_);
    }
    bool valid() const noexcept { return valid_; }
    bool matches(const std::string& text) const { return regexec(&compiled_, text.c_str(), 0, nullptr, 0) == 0; }

  private:
    regex_t compiled_{};
    bool valid_;
};

}  // namespace

struct Classifier::Rule {
    int rule_id = 0;
    std::string name;
    std::string dialect;
    int status_from = 0;
    int status_to = 0;
    std::string outcome;
    std::unique_ptr<Pattern> pattern;  // null: any body
};

bool is_end(std::string_view outcome) {
    return outcome == "delivered" || outcome == "accepted" || outcome == "dead" || outcome == "cancelled";
}

Classifier::Classifier(const Json::Value& rules) {
    for (const Json::Value& row : rules) {
        Rule rule;
        rule.rule_id = row["rule_id"].asInt();
        rule.name = row["name"].asString();
        rule.dialect = row["dialect"].asString();
        rule.status_from = row["status_from"].asInt();
        rule.status_to = row["status_to"].asInt();
        rule.outcome = row["outcome"].asString();
        if (row["body_pattern"].isString()) {
            rule.pattern = std::make_unique<Pattern>(row["body_pattern"].asString());
            if (!rule.pattern->valid()) {
                problem_ = fmt::format(
                    "response rule {} is left out: its body_pattern is no POSIX extended regular expression",
                    rule.rule_id);
                continue;
            }
        }
        rules_.push_back(std::move(rule));
    }
}

Classifier::Classifier(Classifier&&) noexcept = default;
Classifier& Classifier::operator=(Classifier&&) noexcept = default;
Classifier::~Classifier() = default;

Judgement Classifier::judge(std::string_view dialect, const PostResult& result) const {
    if (result.transport == Transport::our_side) return {"held", 0, result.problem};
    if (result.transport == Transport::not_sent || result.transport == Transport::withdrawn)
        return {"retry", 0, result.problem};
    if (result.transport == Transport::in_doubt) return {"in_doubt", 0, result.problem};
    // A NUL would end the text for the matcher.
    const std::string body = result.body.substr(0, std::min(kLooksAt, result.body.find('\0')));
    for (const Rule& rule : rules_) {
        if (rule.dialect != dialect || result.status < rule.status_from || result.status > rule.status_to) continue;
        if (rule.pattern && !rule.pattern->matches(body)) continue;
        const bool success = rule.outcome == "delivered" || rule.outcome == "accepted";
        return {rule.outcome, rule.rule_id,
                success ? std::string() : fmt::format("HTTP {}: {}", result.status, rule.name)};
    }
    return {"retry", 0, fmt::format("HTTP {}: no rule fits", result.status)};
}

}  // namespace o365
