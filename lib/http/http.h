// HTTP as a FastCGI program sees it: a request whose fields are checked once, at the edge, and a response that cannot
// be malformed. Nothing here talks to a socket; lib/fastcgi/fastcgi.h fills Requests and sends Responses.
#pragma once

#include <chrono>
#include <exception>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace o365 {

// Thrown by the parsers below, and answered by the server with `status` and a plain page. what() may be shown: it never
// quotes the input.
class BadRequest : public std::exception {
  public:
    BadRequest(int status, std::string why) : status_(status), why_(std::move(why)) {}
    int status() const noexcept { return status_; }
    const char* what() const noexcept override { return why_.c_str(); }

  private:
    int status_;
    std::string why_;
};

// Decoded parameters of a query or a form (application/x-www-form-urlencoded: `+` and %20 are blanks). A parameter is
// at fault when its name occurs twice, its value is longer than 8,192 bytes, or it holds a bad %-escape, a NUL or what
// is not strict UTF-8.
class Parameters {
  public:
    // A form, which only our own pages make: throws BadRequest(400) for any fault, more than 64 parameters, or a name
    // over 64 bytes.
    static Parameters parse(std::string_view text);
    // A query, to which anybody on the way may have added something: a parameter that is at fault matters only to who
    // asks for it, and one whose name cannot be read is left out. Never throws BadRequest.
    static Parameters parse_query(std::string_view text);

    // The value, or nullopt when the name does not occur. "" when it occurs without a value. Names are case-sensitive.
    // Throws BadRequest(400) for one that is at fault.
    std::optional<std::string> get(std::string_view name) const;
    std::string get_or(std::string_view name, std::string_view otherwise) const;
    // Whether the name occurs, at fault or not.
    bool has(std::string_view name) const;
    // What is wrong with a parameter, as a predicate ("occurs twice"); nullptr when nothing is, or it does not occur.
    const char* fault(std::string_view name) const;
    bool empty() const noexcept { return values_.empty() && faults_.empty(); }
    // Those without a fault.
    const std::map<std::string, std::string, std::less<>>& all() const noexcept { return values_; }

  private:
    void add(std::string_view part, bool strict);

    std::map<std::string, std::string, std::less<>> values_;
    std::map<std::string, const char*, std::less<>> faults_;
};

// The value of cookie `name` in a Cookie header; nullopt when it is absent or occurs more than once (cookie tossing).
std::optional<std::string> cookie(std::string_view header, std::string_view name);

struct Request {
    std::string id;  // request id, made by the server (crypto.h); in every log line and on failure pages
    std::chrono::steady_clock::time_point received = std::chrono::steady_clock::now();  // when its connection came
    std::string method;                                                                 // GET, HEAD, POST, ...
    std::string path;  // the route: PATH_INFO, or REQUEST_URI up to the `?`; always starts with "/"; undecoded
    std::string uri;   // path and query as the browser sent them; a secret on every route whose URL is one
    Parameters query;
    Parameters form;   // of an application/x-www-form-urlencoded body, else empty
    std::string body;  // of any other body, and of any at all on a path that takes what comes (lib/fastcgi/fastcgi.h)
    std::string content_type;
    std::string cookies;  // the Cookie header
    std::string host;     // the Host header: never used for links
    std::string origin;   // the Origin header
    std::string sec_fetch_site;
    std::string authorization;  // Authorization
    std::map<std::string, std::string, std::less<>>
        headers;  // all HTTP_* parameters, name as sent by the server: HTTP_ACCEPT_LANGUAGE
};

// False when a browser says that a POST came from another site: Sec-Fetch-Site is neither absent, same-origin nor none,
// or Origin is there, is not "null" and is not the origin of `public_url`. While that is not known yet, "" leaves the
// Origin out.
bool is_same_site_post(const Request& request, std::string_view public_url);
// Whether an Origin is there and Sec-Fetch-Site does not say for itself where the POST came from.
bool is_judged_by_origin(const Request& request);

// Whether a media type, parameters or not, in any case, is that of a form's fields: application/x-www-form-urlencoded.
bool is_form(std::string_view content_type);

// A header's value never holds CR, LF or NUL: set() throws std::invalid_argument.
class Response {
  public:
    Response();  // 200, an empty page, with the header profile

    int status = 200;
    std::string body;
    // How long the server keeps the answer back. No thread waits with it; a server that ends, or that has more
    // connections than it can hold, sends it earlier.
    std::chrono::milliseconds after{0};

    static Response html(int status, std::string body);
    static Response text(int status, std::string body);
    static Response json(int status, std::string body);
    // 302 (or 303 after a POST). `absolute_url` must begin with https:// or http://; throws std::invalid_argument
    // otherwise, because a relative Location becomes an internal redirect under mod_fcgid and keeps the secret URL in
    // the browser.
    static Response redirect(int status, std::string_view absolute_url);

    void set(std::string_view name, std::string_view value);  // replaces
    void add(std::string_view name, std::string_view value);  // Set-Cookie
    const std::vector<std::pair<std::string, std::string>>& headers() const noexcept { return headers_; }

    // Every response has the header profile of callback-and-fastcgi.md 2.2 (no-store, no-referrer, nosniff, CSP, COOP,
    // DENY, noindex, X-Accel-Expires); a caller changes single headers with set(). allow_form_action adds an origin
    // that a page's forms may lead to, redirects that follow included (Chromium checks each); throws
    // std::invalid_argument when it could not stand in a Content-Security-Policy.
    void allow_form_action(std::string_view origin);
    // The same for an origin that the page's pictures may come from.
    void allow_picture(std::string_view origin);
    // Lets pages of any site show this one inside a frame: for a page that can do no more than lead out of it.
    void allow_framing();

  private:
    void set_policy();

    std::vector<std::pair<std::string, std::string>> headers_;
    std::string form_actions_;
    std::string pictures_;
    bool framing_ = false;
};

}  // namespace o365
