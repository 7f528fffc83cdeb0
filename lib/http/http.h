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

// Thrown by the parsers below. The server answers it with `status` and a plain page. what() may be logged: it never
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

// The decoded parameters of a query or a form (application/x-www-form-urlencoded: `+` and %20 are blanks). A parameter
// has a fault when its name occurs twice, its value is longer than 8,192 bytes, or it has a bad %-escape, a NUL, or
// bytes that are not UTF-8.
class Parameters {
  public:
    // Parses a form. Only our own pages make forms, so it throws BadRequest(400) for any fault, for more than 64
    // parameters, and for a name longer than 64 bytes.
    static Parameters parse(std::string_view text);
    // Parses a query. Others may have added parameters to it, so a fault matters only when that parameter is asked for,
    // and one whose name cannot be read is left out. Never throws BadRequest.
    static Parameters parse_query(std::string_view text);

    // The value; "" when the name occurs without one, nullopt when it does not occur. Names are case-sensitive. Throws
    // BadRequest(400) for a parameter with a fault.
    std::optional<std::string> get(std::string_view name) const;
    // The same with a default in place of nullopt.
    std::string get_or(std::string_view name, std::string_view otherwise) const;
    // Whether the name occurs, with or without a fault.
    bool has(std::string_view name) const;
    // The fault of a parameter, as a predicate ("occurs twice"); nullptr when it has none or does not occur.
    const char* fault(std::string_view name) const;
    bool empty() const noexcept { return values_.empty() && faults_.empty(); }
    // The parameters without a fault.
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
    std::chrono::steady_clock::time_point received = std::chrono::steady_clock::now();  // when its connection was made
    std::string method;                                                                 // GET, HEAD, POST, ...
    std::string path;  // the route: PATH_INFO, or REQUEST_URI up to the `?`; always starts with "/"; undecoded
    std::string uri;   // path and query as the browser sent them; a secret on routes whose path or query is one
    Parameters query;
    Parameters form;   // of an application/x-www-form-urlencoded body, else empty
    std::string body;  // any other body; every body where ServerOptions::takes_any_request (lib/fastcgi/fastcgi.h)
    std::string content_type;
    std::string cookies;  // the Cookie header
    std::string host;     // the Host header: never used for links
    std::string origin;   // the Origin header
    std::string sec_fetch_site;
    std::string authorization;  // the Authorization header
    // All HTTP_* parameters, by their name in CGI: HTTP_ACCEPT_LANGUAGE.
    std::map<std::string, std::string, std::less<>> headers;
};

// False when the browser says that a POST came from another site: Sec-Fetch-Site has another value than same-origin and
// none, or Origin has another value than "null" and the origin of `public_url`. An empty `public_url` leaves the check
// of Origin out.
bool is_same_site_post(const Request& request, std::string_view public_url);
// Whether is_same_site_post() needs `public_url`: there is an Origin, and Sec-Fetch-Site alone does not decide.
bool is_judged_by_origin(const Request& request);

// Whether a media type, with or without parameters and in any case, is application/x-www-form-urlencoded.
bool is_form(std::string_view content_type);

// A response whose headers cannot be malformed.
class Response {
  public:
    Response();  // 200, an empty page, with the header profile

    int status = 200;
    std::string body;
    // How long the server keeps the answer back. No thread waits for that. It is sent earlier when the server stops or
    // runs out of connections.
    std::chrono::milliseconds after{0};

    static Response html(int status, std::string body);
    static Response text(int status, std::string body);
    static Response json(int status, std::string body);
    // `status`: 302, or 303 after a POST. Throws std::invalid_argument unless `absolute_url` begins with https:// or
    // http://: mod_fcgid answers a relative Location by an internal redirect, which leaves the secret URL in the
    // browser.
    static Response redirect(int status, std::string_view absolute_url);

    // Every response has the header profile of callback-and-fastcgi.md 2.2 (no-store, no-referrer, nosniff, CSP, COOP,
    // DENY, noindex, X-Accel-Expires). Both throw std::invalid_argument for a name that is not a token and for a value
    // with CR, LF or NUL.
    void set(std::string_view name, std::string_view value);  // replaces headers of that name
    void add(std::string_view name, std::string_view value);  // beside headers of that name: Set-Cookie
    const std::vector<std::pair<std::string, std::string>>& headers() const noexcept { return headers_; }

    // Adds an origin to which the page's forms may lead, redirects that follow included (Chromium checks each). Throws
    // std::invalid_argument for text that cannot stand in a Content-Security-Policy.
    void allow_form_action(std::string_view origin);
    // The same for an origin from which the page's pictures may come.
    void allow_picture(std::string_view origin);
    // Lets other sites show the page in a frame. Only for a page that does nothing but lead out of the frame.
    void allow_framing();

  private:
    void set_policy();

    std::vector<std::pair<std::string, std::string>> headers_;
    std::string form_actions_;
    std::string pictures_;
    bool framing_ = false;
};

}  // namespace o365
