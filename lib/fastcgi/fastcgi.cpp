#include "lib/fastcgi/fastcgi.h"

#include <fcgiapp.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "lib/base/crypto.h"
#include "lib/base/fd.h"
#include "lib/base/log.h"
#include "lib/base/process.h"
#include "lib/base/system_error.h"
#include "lib/base/version.h"
#include "lib/fastcgi/connection_loop.h"
#include "lib/fastcgi/listener.h"

namespace o365 {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kLookEvery = 1s;         // how often the main thread looks at the handler threads when nothing happens
constexpr auto kLookEveryAtEnd = 20ms;  // the same while threads are ending

// ---- One request ----------------------------------------------------------------------------------------------------

using Params = std::map<std::string, std::string, std::less<>>;

// These decide what a request means. If one came twice, web server and handler could take different values.
const std::set<std::string_view> kSingle = {"CONTENT_LENGTH",      "CONTENT_TYPE", "HTTP_ACTION_AUTHORIZATION",
                                            "HTTP_AUTHORIZATION",  "HTTP_HOST",    "HTTP_ORIGIN",
                                            "HTTP_SEC_FETCH_SITE", "PATH_INFO",    "QUERY_STRING",
                                            "REQUEST_METHOD",      "REQUEST_URI",  "SCRIPT_NAME"};

// Copies the parameters from the web server. A header that occurs twice is left out; one of kSingle that occurs twice
// is refused: throws BadRequest(400). Cookie headers are joined (RFC 9113 8.2.3): proxies split them, and nginx before
// 1.23 passes each on.
Params copy_params(char** environment) {
    Params params;
    std::set<std::string, std::less<>> repeated;
    for (; environment != nullptr && *environment != nullptr; ++environment) {
        const std::string_view entry = *environment;
        const auto equals = entry.find('=');
        if (equals == std::string_view::npos) continue;
        const std::string_view name = entry.substr(0, equals);
        const auto [before, is_new] = params.emplace(name, entry.substr(equals + 1));
        if (!is_new && name == "HTTP_COOKIE") {
            before->second += "; ";
            before->second += entry.substr(equals + 1);
        } else if (!is_new) {
            if (kSingle.contains(name)) throw BadRequest(400, "the web server passed a parameter twice");
            repeated.emplace(name);
        }
    }
    for (const std::string& name : repeated) params.erase(name);
    return params;
}

std::string_view param(const Params& params, std::string_view name) {
    const auto found = params.find(name);
    return found == params.end() ? std::string_view() : std::string_view(found->second);
}

// PATH_INFO, else REQUEST_URI up to the `?` without SCRIPT_NAME; "/" when there is neither.
std::string route(const Params& params) {
    const std::string_view path_info = param(params, "PATH_INFO");
    if (path_info.starts_with('/')) return std::string(path_info);
    std::string_view uri = param(params, "REQUEST_URI");
    uri = uri.substr(0, uri.find('?'));
    if (const auto scheme = uri.find("://"); scheme != std::string_view::npos && !uri.starts_with('/')) {
        const auto slash = uri.find('/', scheme + 3);
        uri = slash == std::string_view::npos ? std::string_view("/") : uri.substr(slash);
    }
    // nginx's usual SCRIPT_NAME is the whole path: then it is not a prefix to remove.
    const std::string_view script = param(params, "SCRIPT_NAME");
    if (!script.empty() && uri.starts_with(script) && uri.substr(script.size()).starts_with('/'))
        uri.remove_prefix(script.size());
    return uri.starts_with('/') ? std::string(uri) : "/";
}

std::size_t content_length(const Params& params) {
    const std::string_view text = param(params, "CONTENT_LENGTH");
    if (text.empty()) return 0;
    std::size_t length = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    if (error == std::errc::result_out_of_range) throw BadRequest(413, "the body is too long");
    if (error != std::errc{} || end != text.data() + text.size())
        throw BadRequest(400, "CONTENT_LENGTH is not a number");
    return length;
}

// Reads STDIN to its end. RecordReader has limited its length.
std::string read_body(FCGX_Stream* in) {
    std::string body;
    std::array<char, 8192> buffer{};
    while (true) {
        const int count = FCGX_GetStr(buffer.data(), static_cast<int>(buffer.size()), in);
        if (count <= 0) return body;
        body.append(buffer.data(), static_cast<std::size_t>(count));
    }
}

Request make_request(const Params& params, std::string body, const std::string& id, const ServerOptions& options) {
    Request request;
    request.id = id;
    request.method = param(params, "REQUEST_METHOD");
    request.path = route(params);
    request.uri = param(params, "REQUEST_URI");
    request.content_type = param(params, "CONTENT_TYPE");
    request.cookies = param(params, "HTTP_COOKIE");
    request.host = param(params, "HTTP_HOST");
    request.origin = param(params, "HTTP_ORIGIN");
    request.sec_fetch_site = param(params, "HTTP_SEC_FETCH_SITE");
    request.authorization = param(params, "HTTP_AUTHORIZATION");
    for (const auto& [name, value] : params) {
        if (name.starts_with("HTTP_")) request.headers.emplace(name, value);
    }
    const bool any_request = options.takes_any_request && options.takes_any_request(request.path);
    if (!any_request && request.method != "GET" && request.method != "HEAD" && request.method != "POST") {
        throw BadRequest(405, "only GET, HEAD and POST are known");
    }
    request.query = Parameters::parse_query(param(params, "QUERY_STRING"));
    if (!any_request && request.method == "POST" && is_form(request.content_type)) {
        request.form = Parameters::parse(body);
    } else {
        request.body = std::move(body);
    }
    return request;
}

std::string_view reason_phrase(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 202:
            return "Accepted";
        case 302:
            return "Found";
        case 303:
            return "See Other";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 409:
            return "Conflict";
        case 410:
            return "Gone";
        case 413:
            return "Content Too Large";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 503:
            return "Service Unavailable";
        default:
            return "Status";
    }
}

std::string as_cgi(const Response& response, bool with_body) {
    std::string text = fmt::format("Status: {} {}\r\n", response.status, reason_phrase(response.status));
    for (const auto& [name, value] : response.headers()) text += fmt::format("{}: {}\r\n", name, value);
    text += fmt::format("Content-Length: {}\r\n\r\n", response.body.size());
    if (with_body) text += response.body;
    return text;
}

// Wipes libfcgi's copies of the parameters, which it frees without that. fcgi/cleared_memory.cpp wipes ours.
void wipe_params(FCGX_Request& request) noexcept {
    if (request.envp == nullptr) return;
    for (char** entry = request.envp; *entry != nullptr; ++entry) ::explicit_bzero(*entry, std::strlen(*entry));
}

// Runs libfcgi on a file in memory: it reads a request from there that RecordReader has framed anew, and writes the
// answer to it. So libfcgi never waits for a peer and never parses a peer's records. One for each thread.
class FcgxSession {
  public:
    FcgxSession() : file_(new_file()) {
        // No listener: if libfcgi ever wants to accept a connection itself, it gets an error.
        if (FCGX_InitRequest(&request_, -1, 0) != 0) throw std::runtime_error("could not prepare a FastCGI request");
    }
    FcgxSession(const FcgxSession&) = delete;
    FcgxSession& operator=(const FcgxSession&) = delete;
    ~FcgxSession() {
        request_.ipcFd = -1;
        FCGX_Free(&request_, 0);
    }

    // The request is valid until close().
    FCGX_Request& open(const std::string& frames) {
        if (request_.in != nullptr) {
            // An exception has left the last request unfinished.
            FCGX_Free(&request_, 0);
            empty_file();
        }
        if (file_.get() < 0) file_ = new_file();
        answer_at_ = static_cast<off_t>(frames.size());
        const ssize_t written = ::pwrite(file_.get(), frames.data(), frames.size(), 0);
        if (written != static_cast<ssize_t>(frames.size())) {
            const std::string why = system_error_text();
            empty_file();
            throw std::runtime_error(fmt::format("could not keep a request: {}", why));
        }
        // With an open descriptor that is to be kept, libfcgi reads from it instead of calling accept().
        request_.ipcFd = file_.get();
        request_.keepConnection = 1;
        if (FCGX_Accept_r(&request_) != 0) {
            replace_closed_file();
            throw std::runtime_error("libfcgi could not read a request that was framed anew");
        }
        return request_;
    }

    // Ends the request with the answer `text` and returns the answer's records: STDOUT and END_REQUEST. Wipes the
    // request's parameters.
    std::string close(std::string_view text) {
        wipe_params(request_);
        // Write behind the request, which may not have been read to its end.
        const bool placed = ::lseek(file_.get(), answer_at_, SEEK_SET) == answer_at_;
        const bool put = FCGX_PutStr(text.data(), static_cast<int>(text.size()), request_.out) >= 0;
        FCGX_Finish_r(&request_);
        if (request_.ipcFd < 0) replace_closed_file();
        const off_t end = ::lseek(file_.get(), 0, SEEK_CUR);
        std::string bytes(static_cast<std::size_t>(std::max<off_t>(0, end - answer_at_)), '\0');
        const ssize_t count = ::pread(file_.get(), bytes.data(), bytes.size(), answer_at_);
        empty_file();
        if (!placed || !put || bytes.empty() || count != static_cast<ssize_t>(bytes.size()))
            throw std::runtime_error(fmt::format("could not frame an answer: {}", system_error_text()));
        return bytes;
    }

  private:
    static Fd new_file() {
        Fd file(::memfd_create("o365-fastcgi", MFD_CLOEXEC));
        if (file.get() < 0)
            throw std::runtime_error(fmt::format("could not make a file in memory: {}", system_error_text()));
        return file;
    }
    // libfcgi closes its descriptor after an error. If new_file() throws, the next open() tries again.
    void replace_closed_file() {
        file_.release();
        file_ = new_file();
    }
    // Returns the pages to the kernel, because the request may have held a webhook.
    void empty_file() const {
        if (::ftruncate(file_.get(), 0) != 0 || ::lseek(file_.get(), 0, SEEK_SET) != 0)
            throw std::runtime_error(fmt::format("could not empty a file in memory: {}", system_error_text()));
    }

    Fd file_;  // empty between requests
    off_t answer_at_ = 0;
    FCGX_Request request_{};
};

// ---- Threads --------------------------------------------------------------------------------------------------------

// One thread of handlers.
struct HandlerThread {
    enum class Phase { idle, working, ended };
    std::atomic<Phase> phase{Phase::idle};
    std::jthread thread;
};

struct Server {
    Server(const ServerOptions& server_options, HandlerFactory factory, ErrorPage page, int listener, int signals)
        : options(server_options),
          make_handler(std::move(factory)),
          error_page(std::move(page)),
          connections(listener, signals, {options.max_body, std::chrono::seconds(options.connection_seconds)}) {}

    ServerOptions options;
    HandlerFactory make_handler;
    ErrorPage error_page;
    ConnectionLoop connections;
    std::atomic<bool> broken{false};
    std::vector<std::unique_ptr<HandlerThread>> threads;

    // However the main thread ends, by an exception too: the handler threads find no more requests and are joined.
    ~Server() {
        if (options.stopping) options.stopping();
        connections.end();
    }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    std::size_t count_in(HandlerThread::Phase phase) const {
        return static_cast<std::size_t>(std::count_if(
            threads.begin(), threads.end(), [&](const auto& thread) { return thread->phase.load() == phase; }));
    }
};

Response answer_failure(const Server& server, int status, const std::string& id, const std::string& accept_language) {
    Response response;
    try {
        response = server.error_page(status, id, accept_language);
    } catch (const std::exception& error) {
        log::error("error_page_failed", "request={} why={}", id, log::quoted(error.what()));
        response = Response::text(status, fmt::format("{}\n", reason_phrase(status)));
    }
    if (status == 405) response.set("Allow", "GET, HEAD, POST");
    return response;
}

// `refused`: RecordReader::refused(). `received`: when the connection was accepted. Sets `method` for the caller.
Response answer(const Server& server, const Handler& handler, FCGX_Request& fcgi, int refused, const std::string& id,
                Clock::time_point received, std::string& method) {
    std::string accept_language;
    try {
        const Params params = copy_params(fcgi.envp);
        accept_language = param(params, "HTTP_ACCEPT_LANGUAGE");
        method = param(params, "REQUEST_METHOD");
        if (refused != 0) throw BadRequest(refused, "the request is too large, or has a NUL in a parameter");
        const std::size_t length = content_length(params);
        if (length > server.options.max_body) throw BadRequest(413, "the body is too long");
        std::string body = read_body(fcgi.in);
        if (body.size() != length) throw BadRequest(400, "the body is not as long as CONTENT_LENGTH says");
        Request request = make_request(params, std::move(body), id, server.options);
        request.received = received;
        return handler(request);
    } catch (const BadRequest& refusal) {
        log::debug("request_refused", "request={} http={} why={}", id, refusal.status(), log::quoted(refusal.what()));
        return answer_failure(server, refusal.status(), id, accept_language);
    } catch (const std::exception& error) {
        log::error("request_failed", "request={} why={}", id, log::quoted(error.what()));
        return answer_failure(server, 500, id, accept_language);
    }
}

void serve_request(Server& server, const Handler& handler, FcgxSession& session,
                   std::unique_ptr<Connection> connection) {
    const auto begun = Clock::now();
    const std::string id = random_request_id();
    std::string method;
    FCGX_Request& fcgi = session.open(connection->records.take_frames());
    const Response response =
        answer(server, handler, fcgi, connection->records.refused(), id, connection->accepted, method);
    std::string bytes = session.close(as_cgi(response, method != "HEAD"));
    server.connections.answer(std::move(connection), std::move(bytes), response.after);
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun);
    const bool known = method == "GET" || method == "HEAD" || method == "POST";
    log::debug("request", "request={} method={} http={} ms={}", id, known ? method : "other", response.status,
               took.count());
}

void run_thread(Server& server, HandlerThread& thread) {
    const Handler handler = server.make_handler();
    FcgxSession session;
    while (std::unique_ptr<Connection> connection = server.connections.next()) {
        thread.phase = HandlerThread::Phase::working;
        try {
            serve_request(server, handler, session, std::move(connection));
        } catch (const std::exception& error) {
            // Most likely out of memory: this connection is lost, go on with the next.
            log::error("connection_failed", "why={}", log::quoted(error.what()));
        }
        thread.phase = HandlerThread::Phase::idle;
    }
}

void start_threads(Server& server) {
    for (int i = 0; i < server.options.threads; ++i) server.threads.push_back(std::make_unique<HandlerThread>());
    for (const auto& made : server.threads) {
        HandlerThread* const thread = made.get();
        thread->thread = std::jthread([&server, thread] {
            try {
                run_thread(server, *thread);
            } catch (const std::exception& error) {
                log::error("thread_failed", "why={}", log::quoted(error.what()));
                server.broken = true;
            }
            thread->phase = HandlerThread::Phase::ended;
            server.connections.wake();
        });
    }
}

// ---- The main thread ------------------------------------------------------------------------------------------------

// Blocks the signals that the main thread handles and returns a descriptor from which it reads them, so that no thread
// is interrupted. Call it before any thread is made.
Fd take_signals() {
    sigset_t stop_signals;
    sigemptyset(&stop_signals);
    for (const int number : {SIGTERM, SIGINT, SIGUSR1, SIGHUP}) sigaddset(&stop_signals, number);
    ::pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);
    Fd fd(::signalfd(-1, &stop_signals, SFD_NONBLOCK | SFD_CLOEXEC));
    if (fd.get() < 0) throw std::runtime_error(fmt::format("could not take signals: {}", system_error_text()));
    return fd;
}

void ignore_sigpipe() {
    struct sigaction action {};
    sigemptyset(&action.sa_mask);
    action.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &action, nullptr);
}

// The signal that has arrived, if there is one.
std::optional<std::uint32_t> read_signal(int signals) {
    signalfd_siginfo taken{};
    if (::read(signals, &taken, sizeof(taken)) != static_cast<ssize_t>(sizeof(taken))) return std::nullopt;
    return taken.ssi_signo;
}

void work_until_signal(Server& server, int signals) {
    while (!server.broken) {
        if (!server.connections.step(kLookEvery)) continue;
        const auto signal = read_signal(signals);
        if (!signal) continue;
        if (*signal == SIGHUP) {
            log::reopen();
            continue;
        }
        log::info("stopping", "signal={} in_work={}", *signal, server.count_in(HandlerThread::Phase::working));
        return;
    }
}

}  // namespace

int serve(const ServerOptions& options, const HandlerFactory& make_handler, const ErrorPage& error_page) {
    hide_memory();  // parameters hold webhooks
    const Fd signals = take_signals();
    std::optional<OwnListener> own;
    if (!options.socket.empty()) own.emplace(options.socket, options.group);
    if (FCGX_Init() != 0) throw std::runtime_error("could not start the FastCGI library");
    ignore_sigpipe();

    Server server(options, make_handler, error_page, own ? own->fd() : inherited_listener(), signals.get());
    try {
        start_threads(server);
    } catch (const std::system_error& error) {
        log::error("threads_failed", "threads={} why={}", options.threads, log::quoted(error.what()));
        server.broken = true;
        for (const auto& thread : server.threads) {
            if (!thread->thread.joinable()) thread->phase = HandlerThread::Phase::ended;
        }
    }
    log::info("serving", "version={} threads={} socket={}", kVersion, options.threads,
              log::quoted(own ? options.socket : "inherited"));
    work_until_signal(server, signals.get());
    if (own) own->remove();
    if (options.stopping) options.stopping();
    server.connections.stop();
    // Each connection has a deadline, so this ends when the handlers have ended.
    while (server.count_in(HandlerThread::Phase::ended) < server.threads.size() || !server.connections.empty()) {
        // A further signal changes nothing, but unread it would wake this loop again and again.
        if (server.connections.step(kLookEveryAtEnd)) read_signal(signals.get());
    }
    for (const auto& thread : server.threads) {
        if (thread->thread.joinable()) thread->thread.join();
    }
    log::info("stopped", "threads={}", options.threads);
    if (server.broken) throw std::runtime_error("could not go on serving: a thread failed, the log says why");
    return 0;
}

}  // namespace o365
