// What every route of the responder works with: the database, the pages, and the few ways to answer. A Site
// belongs to one thread; DatabasePool, GatheredCopy, Pages and ActionTokens are shared.
#pragma once

#include <json/json.h>

#include <chrono>
#include <optional>
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

bool is_slug(std::string_view text);
bool is_request_id(std::string_view text);
// Browsers fetch pages that somebody may open next; what changes something waits until somebody does.
bool is_prefetch(const Request& request);

class Site {
  public:
    // `sealing_key`: the id of the only key that webhooks may be sealed under; "" for whichever the database has.
    // `callbacks`: what gathers their rows. `threads`: how many requests are answered at once, at least 1.
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

    // Throws BadRequest unless a POST comes from a page of ours: by Sec-Fetch-Site, which browsers write and pages
    // cannot; where there is none by Origin, which is compared with public_url. Before anything else is done with it.
    void refuse_other_sites(const Request& request);

    // Rows of a statement, as of Database. Throw DatabaseError.
    Rows call(std::string_view statement, const std::vector<Value>& parameters = {}) {
        return database_.call(statement, parameters);
    }
    Rows copy_row(std::string_view copy_target, const std::vector<Value>& fields, std::string_view then_select) {
        return database_.copy_row(copy_target, fields, then_select);
    }
    // The answer of one of the o365_programs.responder_ functions. Throws DatabaseError.
    Json::Value ask(std::string_view statement, const std::vector<Value>& parameters = {});

    // The texts for a request: in the language that the connector pins (the member `language` of `page`, as the
    // database gives it; absent or null where it pins none), else in the one that the browser asks for, else in that of
    // the setting language. A language that is pinned and not there is told in the log and left aside.
    const Texts& texts(const Request& request, const Json::Value& page = {}) const;

    Response page(const Request& request, int status, std::string_view name, Json::Value values) const;
    Response message(const Request& request, int status) const;
    // 405, naming what the route takes.
    Response wrong_method(const Request& request, std::string_view allowed) const;
    // The page that says why nothing was connected, and how this browser may go on. `page` is what the database says
    // about the connector, and where it knows how to go on (o365_internal.way_on), `reason` one of "reasons" in the
    // texts (any other gives a general one), `shown_id` the request id that o365.connect_attempt finds.
    Response failed(const Request& request, Json::Value page, const std::string& reason,
                    const std::string& shown_id) const;
    // The redirect to that page: 303 after a POST, else 302. `page` names public_url and slug.
    static Response to_failed(const Request& request, const Json::Value& page, const std::string& reason,
                              const std::string& shown_id);

    // One line a minute for each connector and kind of thing (`what`: pastes, starts) of which there were too many.
    static void tell_too_many(const std::string& slug, std::string_view what);

    // The page that asks to confirm a connection; `page` as responder_done gives it, with the form's token.
    Response confirm(const Request& request, Json::Value page, const std::string& shown_id) const;

    // The page that says what is connected now; `page` as for failed, with app_type and group_name.
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
