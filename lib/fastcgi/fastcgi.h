// The FastCGI responder loop (libfcgi), shared by o365-connector.fcgi and o365-sandbox.fcgi.
// Design section 5 and callback-and-fastcgi.md 0.1: Debian's library is not sound against a hostile local peer, so one
// thread accepts, reads whole requests and sends answers (lib/fastcgi/connection_loop.h), and the library works on what
// was framed anew (docs/decisions/0009-peers-wait-outside-the-library.md). Every connection serves one request; nothing
// is ever written to the FastCGI stderr stream or to fds 1 and 2.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "lib/http/http.h"

namespace o365 {

struct ServerOptions {
    std::string
        socket;  // path of the Unix socket to make (0660); empty: the listener the web server or systemd handed over
    std::string group;  // group of the socket; empty: the process's own
    int threads = 8;
    std::size_t max_body = 131072;  // bytes; more is answered 413 and the connection closed
    int connection_seconds = 30;    // how long a peer may take to send its whole request, or to take its answer
    // Called once when the program begins to stop, so that handlers are not waited for longer than they may be. May be
    // empty; must not throw.
    std::function<void()> stopping;
    // Paths whose handler judges everything itself: any method is passed on, and a form stays a body. May be empty.
    std::function<bool(std::string_view path)> takes_any_request;
};

// Makes the handler of one thread: called once in each thread, so that it can own that thread's database connection. A
// handler that throws BadRequest is answered with its status; any other exception with 500, one log line and the
// request id. `request` outlives the call only.
using Handler = std::function<Response(const Request& request)>;
using HandlerFactory = std::function<Handler()>;
// What to answer when a request cannot be handed to a handler (400, 405, 413) or the handler threw: a clean page, no
// input in it. `accept_language` is the header, "" where there is none or it could not be read.
using ErrorPage = std::function<Response(int status, const std::string& request_id, std::string_view accept_language)>;

// Serves until SIGTERM or SIGINT; SIGHUP opens the log file again. At the end nothing is accepted any more, requests in
// work finish, and all threads end within 2 s whatever peers do (a handler that takes longer is waited for: its manager
// sets the limit). EMFILE, ENFILE, ENOMEM and EAGAIN are waited out. Returns 0, or throws std::runtime_error when the
// listener cannot be made (names the path and the reason). Installs its own signal handling; call from main, once.
int serve(const ServerOptions& options, const HandlerFactory& make_handler, const ErrorPage& error_page);

}  // namespace o365
