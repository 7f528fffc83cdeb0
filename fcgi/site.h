// What all routes of the responder share: database, pages, and the common answers. A Site belongs to one thread; the
// DatabasePool, GatheredCopy, Pages and ActionTokens that it refers to are shared by all threads.
#pragma once

#include <json/json.h>

#include <string>
#include <string_view>
#include <vector>

#include "fcgi/action/action_tokens.h"
#include "fcgi/page_view.h"
#include "lib/base/log.h"
#include "lib/database/database_pool.h"
#include "lib/database/gathered_copy.h"
#include "lib/http/http.h"
#include "lib/pages/pages.h"

namespace o365 {

// Whether `text` has the form of a connector's slug: 1 to 40 letters a-z, digits and hyphens.
bool is_slug(std::string_view text);
// Whether `text` has the form of a request id: "r-" and 12 hex digits.
bool is_request_id(std::string_view text);
// Browsers fetch pages that somebody may open next; what changes something waits until somebody does.
bool is_prefetch(const Request& request);

// Where callbacks enter the database.
CopyDoor callback_door();

class Site {
  public:
    // `callbacks`: copies the rows of callbacks. `sealing_key`: the id of the only key under which webhooks may be
    // sealed; "" for the database's newest. `threads`: how many requests are answered at once, at least 1. What it
    // refers to must outlive it.
    Site(DatabasePool& database, GatheredCopy& callbacks, const Pages& pages, ActionTokens& action_tokens,
         std::string sealing_key = {}, int threads = 1)
        : database_(database),
          callbacks_(callbacks),
          pages_(pages),
          action_tokens_(action_tokens),
          sealing_key_(std::move(sealing_key)),
          threads_(threads) {}

    DatabasePool& database() noexcept { return database_; }
    GatheredCopy& callbacks() noexcept { return callbacks_; }
    const Pages& pages() const noexcept { return pages_; }
    ActionTokens& action_tokens() noexcept { return action_tokens_; }
    const std::string& sealing_key() const noexcept { return sealing_key_; }
    int threads() const noexcept { return threads_; }

    // Throws BadRequest(400) unless a POST comes from a page of ours: by Sec-Fetch-Site, which pages cannot set, and
    // without it by Origin, which must be that of public_url. Call it before anything else. Throws DatabaseError.
    void refuse_other_sites(const Request& request);

    // The calls of DatabasePool. Throw DatabaseError.
    Rows call(std::string_view statement, const std::vector<Value>& parameters = {}) {
        return database_.call(statement, parameters);
    }
    Rows copy_row(std::string_view copy_target, const std::vector<Value>& fields, std::string_view then_select) {
        return database_.copy_row(copy_target, fields, then_select);
    }
    // The JSON that a statement with one of the o365_programs.responder_ functions returns. Throws DatabaseError.
    Json::Value ask(std::string_view statement, const std::vector<Value>& parameters = {});

    // The texts for a request: in the language that the connector pins (the member `language` of `page`, as the
    // database returns it; absent or null when it pins none), else in the one that the browser asks for, else in that
    // of the setting `language`. A pinned language that the pages do not have is logged and ignored.
    const Texts& texts(const Request& request, const Json::Value& page = {}) const;

    // render_page() and render_message() in the request's language.
    Response page(const Request& request, int status, std::string_view name, Json::Value values) const;
    Response message(const Request& request, int status) const;
    // 405. `allowed`: the value of the header Allow.
    Response wrong_method(const Request& request, std::string_view allowed) const;
    // The page that says why nothing was connected, and how this browser may go on. `page`: the database's answer about
    // the connector and how to go on (o365_internal.way_on). `reason`: a key of "reasons" in the texts; any other shows
    // a general text. `shown_id`: the request id by which o365.connect_attempt finds the attempt.
    Response failed(const Request& request, Json::Value page, const std::string& reason,
                    const std::string& shown_id) const;
    // The redirect to that page: 303 after a POST, else 302. `page` has public_url and slug.
    static Response to_failed(const Request& request, const Json::Value& page, const std::string& reason,
                              const std::string& shown_id);

    // Logs that there were too many `what` (pastes, starts) for a connector: one line a minute for each. Any thread.
    static void log_too_many(const std::string& slug, std::string_view what);

    // The page that asks to confirm a connection. `page`: the answer of responder_done, with the form's token.
    Response confirm(const Request& request, Json::Value page, const std::string& shown_id) const;

    // The page that says what is connected now. `page`: as for failed(), with app_type and group_name.
    Response connected(const Request& request, Json::Value page) const;

  private:
    DatabasePool& database_;
    GatheredCopy& callbacks_;
    const Pages& pages_;
    ActionTokens& action_tokens_;
    std::string sealing_key_;
    int threads_;
    mutable log::Repeated no_such_language_;
};

}  // namespace o365
