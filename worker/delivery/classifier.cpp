#include "worker/delivery/classifier.h"

#include <fmt/format.h>
#include <regex.h>

#include <algorithm>
#include <cctype>
#include <memory>

#include "lib/base/text.h"
#include "lib/http/http.h"

namespace o365 {
namespace {

constexpr std::size_t kLooksAt = 4096;  // bytes of a body
constexpr std::size_t kExcerpt = 200;   // characters
constexpr std::size_t kLongToken = 20;  // a token of this length with a digit may be a secret
constexpr std::size_t kPartOfAUrl = 8;  // shorter parts of a URL are words: webhook, triggers

// A POSIX regular expression. std::regex can exhaust the stack on a long body.
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

bool is_of_a_token(char c) noexcept {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("+/_=%@.:?&~#;!$*-").find(c) != std::string_view::npos;
}

// The parts of a URL's path and query that could give it away, in lower case. The host is not a secret.
std::vector<std::string> parts_of(std::string_view url) {
    std::vector<std::string> parts;
    const std::size_t host = url.find("://");
    const std::size_t path = host == std::string_view::npos ? 0 : url.find('/', host + 3);
    if (path == std::string_view::npos) return parts;
    std::string part;
    for (const char c : std::string(url.substr(path)) + "/") {
        if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '~' || c == '.') {
            part += c;
        } else {
            const bool has_digit = std::ranges::any_of(part, [](unsigned char d) { return std::isdigit(d) != 0; });
            if (part.size() >= 2 * kPartOfAUrl || (part.size() >= kPartOfAUrl && has_digit))
                parts.push_back(lower(part));
            part.clear();
        }
    }
    return parts;
}

bool may_be_secret(const std::string& token, const std::vector<std::string>& parts) {
    if (token.find("://") != std::string::npos) return true;
    const bool has_digit = std::ranges::any_of(token, [](unsigned char c) { return std::isdigit(c) != 0; });
    if (has_digit && token.size() >= kLongToken) return true;
    const std::string small = lower(token);
    for (const char* name : {"sig=", "token=", "code=", "key=", "secret=", "password="}) {
        if (small.find(name) != std::string::npos) return true;
    }
    return std::ranges::any_of(parts, [&](const std::string& part) { return small.find(part) != std::string::npos; });
}

// The size in bytes of the control character beyond ASCII that begins at `at`: C1 controls, line separators, and
// characters that change the direction of a line (U+2028 to U+202E, U+2066 to U+2069). 0 when there is none.
std::size_t wide_control_at(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t n) {
        return at + n < text.size() ? static_cast<unsigned char>(text[at + n]) : 0U;
    };
    if (byte(0) == 0xC2 && byte(1) < 0xA0) return 2;
    if (byte(0) != 0xE2) return 0;
    const bool turns = byte(1) == 0x80 && byte(2) >= 0xA8 && byte(2) <= 0xAE;
    const bool isolates = byte(1) == 0x81 && byte(2) >= 0xA6 && byte(2) <= 0xA9;
    return turns || isolates ? 3 : 0;
}

std::string first_characters(const std::string& text, std::size_t most) {
    std::size_t characters = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U && ++characters > most) return text.substr(0, i);
    }
    return text;
}

}  // namespace

std::string excerpt(std::string_view body, std::string_view url) {
    std::string text(utf8_beginning(body, kLooksAt));
    if (!is_utf8(text))
        std::ranges::replace_if(
            text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
    const std::vector<std::string> parts = parts_of(url);
    std::string line;
    std::string token;
    const auto end_token = [&] {
        line += may_be_secret(token, parts) ? "***" : token;
        token.clear();
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (is_of_a_token(text[i])) {
            token += text[i];
            continue;
        }
        end_token();
        if (const std::size_t control = wide_control_at(text, i); control > 0) {
            line += ' ';
            i += control - 1;
        } else if (static_cast<unsigned char>(text[i]) <= 0x20 || text[i] == 0x7F) {
            if (!line.empty() && line.back() != ' ') line += ' ';
        } else {
            line += text[i];
        }
    }
    end_token();
    while (!line.empty() && line.back() == ' ') line.pop_back();
    return first_characters(line, kExcerpt);
}

struct Classifier::Rule {
    int rule_id = 0;
    std::string name;
    std::string dialect;
    int status_from = 0;
    int status_to = 0;
    std::string outcome;
    std::unique_ptr<Pattern> pattern;  // null: any body

    bool fits(std::string_view answered, int status) const noexcept {
        return dialect == answered && status >= status_from && status <= status_to;
    }
};

bool is_end(std::string_view outcome) {
    return outcome == "delivered" || outcome == "accepted" || outcome == "dead" || outcome == "cancelled" ||
           outcome == "expired" || outcome == "superseded";
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

Judgement Classifier::judge(std::string_view dialect, const PostResult& result, std::string_view url) const {
    if (failed_here(result.transport)) return {"held", 0, result.problem};
    if (result.transport == TransportStatus::not_sent || result.transport == TransportStatus::withdrawn)
        return {"retry", 0, result.problem};
    if (result.transport == TransportStatus::in_doubt) {
        // Of an answer that broke off the status is known: enough where no rule would look at the body.
        const auto rule =
            std::ranges::find_if(rules_, [&](const Rule& one) { return one.fits(dialect, result.status); });
        if (rule != rules_.end() && !rule->pattern && is_end(rule->outcome)) return {rule->outcome, rule->rule_id, {}};
        return {"in_doubt", 0, result.problem};
    }
    // regexec() stops at a NUL.
    const std::string body = result.body.substr(0, std::min(kLooksAt, result.body.find('\0')));
    const auto problem = [&](std::string_view name, bool explained) {
        std::string text = fmt::format("HTTP {}: {}", result.status, name);
        if (explained) return text;
        const std::string said = excerpt(body, url);
        return said.empty() ? text + " (the answer is empty)" : fmt::format("{}: {}", text, said);
    };
    for (const Rule& rule : rules_) {
        if (!rule.fits(dialect, result.status)) continue;
        if (rule.pattern && !rule.pattern->matches(body)) continue;
        if (rule.outcome == "delivered" || rule.outcome == "accepted") return {rule.outcome, rule.rule_id, {}};
        // For these outcomes the status says enough, without an excerpt of the body.
        const bool explained =
            rule.pattern || rule.outcome == "gone" || rule.outcome == "throttled" || rule.outcome == "retry";
        return {rule.outcome, rule.rule_id, problem(rule.name, explained)};
    }
    if (result.status >= 200 && result.status <= 299) return {"in_doubt", 0, problem("answer not understood", false)};
    return {"retry", 0, problem("no rule fits", false)};
}

}  // namespace o365
