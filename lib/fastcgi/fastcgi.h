// The FastCGI server (libfcgi) of o365-connector.fcgi and o365-sandbox.fcgi. Debian's libfcgi is not safe against a
// hostile local peer, so one thread accepts connections, reads whole requests and sends answers
// (lib/fastcgi/connection_loop.h), and libfcgi parses requests that were framed anew
// (docs/decisions/0009-peers-wait-outside-the-library.md). Every connection serves one request. Nothing is written to
// the FastCGI stream STDERR or to fds 1 and 2.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "lib/http/http.h"

namespace o365 {

struct ServerOptions {
    // Path of the Unix socket to make (mode 0660); empty: use the listener that the web server or systemd handed over.
    std::string socket;
    std::string group;  // group of the socket; empty: the process's own
    int threads = 8;
    std::size_t max_body = 131072;  // in bytes; a longer body is answered with 413
    int connection_seconds = 30;    // how long a peer may take to send a request, and again to take the answer
    // Called when the program begins to stop, perhaps twice: it can set a deadline for what handlers wait for. May be
    // empty; must not throw.
    std::function<void()> stopping;
    // Paths whose handler gets requests with any method, and a form as a body. May be empty.
    std::function<bool(std::string_view path)> takes_any_request;
};

// Answers one request. `request` is valid during the call. BadRequest is answered with its status; any other exception
// with 500, and a log line with the request id.
using Handler = std::function<Response(const Request& request)>;
// Makes the handler of one thread: called once in each thread.
using HandlerFactory = std::function<Handler()>;
// Makes the answer to a request that cannot be handed to a handler (400, 405, 413, 431) or whose handler threw. It must
// not show input. `accept_language` is that header; "" when there is none or it could not be read.
using ErrorPage = std::function<Response(int status, const std::string& request_id, std::string_view accept_language)>;

// Serves until SIGTERM, SIGINT or SIGUSR1; SIGHUP opens the log file again. Then it accepts no further connection,
// finishes the requests that it has, and all threads end within 2 s whatever peers do; only a handler that takes longer
// is waited for. While descriptors or memory run out (EMFILE, ENFILE, ENOMEM, ENOBUFS) it waits. Returns 0. Throws
// std::runtime_error when the listener cannot be made, with path and reason, or when a thread failed. Installs its own
// signal handling: call it from main, once.
int serve(const ServerOptions& options, const HandlerFactory& make_handler, const ErrorPage& error_page);

}  // namespace o365
