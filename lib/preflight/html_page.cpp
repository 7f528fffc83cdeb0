#include "lib/preflight/html_page.h"

#include <algorithm>
#include <array>

#include "lib/base/text.h"
#include "lib/http/url.h"

namespace o365 {
namespace {

// The value of an attribute, quoted or not, in a tag in lower case; empty when there is none.
std::string_view attribute(std::string_view tag, std::string_view name) {
    const std::string key = std::string(name) + "=";
    for (auto at = tag.find(key); at != std::string_view::npos; at = tag.find(key, at + 1)) {
        constexpr std::string_view kBlanks = " \t\r\n/";
        if (at == 0 || kBlanks.find(tag[at - 1]) == std::string_view::npos) continue;
        std::string_view value = tag.substr(at + key.size());
        const bool quoted = !value.empty() && (value.front() == '"' || value.front() == '\'');
        const auto end = quoted ? value.find(value.front(), 1) : value.find_first_of(" \t\r\n>");
        value = value.substr(0, end);
        return quoted ? value.substr(1) : value;
    }
    return {};
}

// Collects origins that are not the page's own.
class Origins {
  public:
    explicit Origins(std::string_view own) : own_(own) {}

    void add(std::string_view address) {
        address = trimmed(address);
        std::string absolute(address);
        if (address.starts_with("//")) absolute = "https:" + absolute;
        const auto url = parse_url(absolute);
        if (!url) return;  // a relative address, or data:
        std::string origin = origin_of(*url);
        if (origin != own_ && std::find(found_.begin(), found_.end(), origin) == found_.end())
            found_.push_back(std::move(origin));
    }

    // Adds the addresses of a srcset, each of which may have a size behind it.
    void add_list(std::string_view addresses) {
        while (!addresses.empty()) {
            const auto comma = addresses.find(',');
            const std::string_view one = trimmed(addresses.substr(0, comma));
            add(one.substr(0, one.find(' ')));
            addresses.remove_prefix(comma == std::string_view::npos ? addresses.size() : comma + 1);
        }
    }

    std::vector<std::string> take() { return std::move(found_); }

  private:
    std::string_view own_;
    std::vector<std::string> found_;
};

void add_tag(Origins& origins, std::string_view tag) {
    for (const char* name : {"src", "poster", "background", "data"}) origins.add(attribute(tag, name));
    origins.add_list(attribute(tag, "srcset"));
    const bool is_base = tag.starts_with("<base");
    if (!is_base && !tag.starts_with("<link")) return;
    const std::string_view rel = attribute(tag, "rel");
    constexpr std::array<std::string_view, 4> kFetched = {"stylesheet", "icon", "pre", "manifest"};
    const bool is_fetched = std::any_of(kFetched.begin(), kFetched.end(), [&](std::string_view word) {
        return rel.find(word) != std::string_view::npos;
    });
    if (is_base || is_fetched) origins.add(attribute(tag, "href"));
}

}  // namespace

bool is_referrer_policy(std::string_view policy) { return policy == "no-referrer" || policy == "origin"; }

bool has_referrer_meta(std::string_view page) {
    const std::string html = lower(page);
    for (auto at = html.find("<meta"); at != std::string::npos; at = html.find("<meta", at + 1)) {
        const std::string_view tag = std::string_view(html).substr(at, html.find('>', at) - at);
        std::string_view content = attribute(tag, "content");
        if (content.ends_with('/')) content.remove_suffix(1);  // <meta name=referrer content=origin/>
        if (attribute(tag, "name") == "referrer" && is_referrer_policy(content)) return true;
    }
    return false;
}

std::vector<std::string> fetched_origins(std::string_view page, std::string_view origin) {
    const std::string html = lower(page);
    const std::string_view text = html;
    Origins origins(origin);
    for (auto at = text.find('<'); at != std::string_view::npos; at = text.find('<', at + 1))
        add_tag(origins, text.substr(at, text.find('>', at) - at));
    constexpr std::string_view kUrl = "url(";
    for (auto at = text.find(kUrl); at != std::string_view::npos; at = text.find(kUrl, at + 1)) {
        std::string_view address = text.substr(at + kUrl.size());
        address = trimmed(address.substr(0, address.find(')')));
        if (!address.empty() && (address.front() == '"' || address.front() == '\'')) address.remove_prefix(1);
        origins.add(address.substr(0, address.find_first_of("\"'")));
    }
    return origins.take();
}

}  // namespace o365
