// One run of lib/preflight/preflight.h: what it has found so far, and its steps by subject. preflight.cpp says their
// order; preflight_addresses.cpp, preflight_callback.cpp, preflight_pages.cpp and preflight_logs.cpp have them. One
// thread.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/json/json_fields.h"
#include "lib/preflight/preflight.h"

namespace o365 {

inline bool is_answered(const PostResult& result) { return result.transport == TransportStatus::answered; }
inline bool holds(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

class PreflightRun {
  public:
    PreflightRun(const Json::Value& site, const Fetch& fetch) : site_(site), fetch_(fetch) {
        for (const Json::Value& one : list_in(site, "findings"))
            findings_.push_back({text_in(one, "item"), text_in(one, "verdict"), text_in(one, "object"),
                                 text_in(one, "problem"), text_in(one, "next_step")});
    }

    void look_at_addresses();
    // These two run while the secrets are in the database, and take little time.
    void look_at_callback(const PlantedSecrets& secrets);
    void look_at_manage_page(const PlantedSecrets& secrets, bool is_connected);
    void judge_outcomes(const Json::Value& outcomes);
    const std::vector<std::string>& request_ids() const noexcept { return request_ids_; }
    void look_at_pages(const PlantedSecrets& secrets);
    void look_at_logs(std::span<const LogWatch> logs, const PlantedSecrets& secrets);
    void add_what_people_look_at();
    std::vector<PreflightFinding> take();

  private:
    void add(std::string_view item, std::string_view verdict, std::string_view object, std::string problem,
             std::string next_step) {
        findings_.push_back(
            {std::string(item), std::string(verdict), std::string(object), std::move(problem), std::move(next_step)});
    }
    void fail(std::string_view item, std::string_view object, std::string problem, std::string next_step) {
        add(item, "fail", object, std::move(problem), std::move(next_step));
    }
    bool has_failed(std::string_view item) const {
        return std::any_of(findings_.begin(), findings_.end(),
                           [&](const PreflightFinding& one) { return one.item == item && one.verdict == "fail"; });
    }

    PostResult get(const std::string& url, std::string cookie = {}) const;
    bool is_reached(std::string_view item, const std::string& url, const PostResult& result);
    bool is_page_of_ours(std::string_view item, const std::string& shown, const PostResult& result);
    void look_at_headers(const std::string& shown, const PostResult& result);
    void look_at_answer(std::string_view when, const PostResult& result, const std::vector<std::string>& secrets);
    void look_at_site(std::string_view item, const std::string& url, std::string_view what);
    void look_at_landing_page(const std::string& landing);
    void look_at_help(const std::string& help);
    void look_at_logo(const std::string& logo);
    void look_at_action_calls(const PlantedSecrets& secrets);

    void note_request_id(const PostResult& result);
    std::string text(const char* name) const { return text_in(site_, name); }
    std::string connector() const { return "connector " + text("slug"); }
    std::string page(std::string_view path) const {
        return fmt::format("{}/connect/{}/{}", text("public_url"), text("slug"), path);
    }
    bool is_development() const { return text("environment") == "development"; }
    bool is_own_callback() const { return text("callback_url").starts_with(text("public_url") + "/connect/"); }

    const Json::Value& site_;
    const Fetch& fetch_;
    std::vector<PreflightFinding> findings_;
    std::vector<std::string> request_ids_;  // those that pages of callbacks showed
};

}  // namespace o365
