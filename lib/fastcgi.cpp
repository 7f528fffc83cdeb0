#include "lib/fastcgi.h"

#include <fcgiapp.h>
#include <fmt/format.h>
#include <grp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fcntl.h>
#include <poll.h>
#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
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

#include "lib/crypto.h"
#include "lib/log.h"
#include "lib/secret.h"

namespace o365 {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr int kBacklog = 1024;
constexpr auto kLookEvery = 1s;         // how often the main thread looks for peers that are too slow
constexpr auto kLookEveryAtEnd = 20ms;  // the same while threads are ending
constexpr auto kWakeEvery =
    950ms;  // longer than kLibraryWaitMs: the library begins that wait anew when it is interrupted
constexpr auto kGraceForPeers = 500ms;     // after SIGTERM: for what is being received or sent
constexpr auto kGraceForThreads = 1900ms;  // after SIGTERM: for threads that hang in the library
constexpr auto kBackOff = 100ms;           // when descriptors or memory run out
constexpr const char* kLibraryWaitMs =
    "900";  // how long libfcgi waits for a peer's first byte, and for its close; 2 s by default
constexpr int kWakeSignal = SIGUSR2;
constexpr int kSystemdFd = 3;
constexpr std::string_view kForm = "application/x-www-form-urlencoded";
constexpr mode_t kSocketMode = 0660;

std::string system_error_text() { return std::generic_category().message(errno); }

class Fd {
  public:
    explicit Fd(int fd = -1) noexcept : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd() {
        if (fd_ >= 0) ::close(fd_);
    }
    int get() const noexcept { return fd_; }

  private:
    int fd_;
};

// ---- The listener ---------------------------------------------------------------------------------------------------

sockaddr_un unix_address(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path)) {
        throw std::runtime_error(fmt::format("could not listen at '{}': the path is longer than {} bytes", path,
                                             sizeof(address.sun_path) - 1));
    }
    std::copy(path.begin(), path.end(), std::begin(address.sun_path));
    return address;
}

const sockaddr* generic(const sockaddr_un& address) { return reinterpret_cast<const sockaddr*>(&address); }

gid_t group_id(const std::string& name) {
    std::vector<char> buffer(16384);
    group entry{};
    group* found = nullptr;
    if (::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
        throw std::runtime_error(fmt::format("there is no group '{}'; name the web server's in socket_group", name));
    }
    return found->gr_gid;
}

// A Unix socket of our own. It is made under another name and renamed when it is ready, so that no peer meets it with
// the wrong mode.
class OwnListener {
  public:
    OwnListener(const std::string& path, const std::string& group) : path_(path) {
        const auto fail = [&](const char* what) {
            throw std::runtime_error(fmt::format("could not {} '{}': {}", what, path, system_error_text()));
        };
        refuse_unless_free();
        const std::string fresh = fmt::format("{}.{}", path, ::getpid());
        const sockaddr_un address = unix_address(fresh);
        fd_ = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        if (fd_.get() < 0) fail("make a socket for");
        ::unlink(fresh.c_str());
        const mode_t mask = ::umask(0177);
        const int bound = ::bind(fd_.get(), generic(address), sizeof(address));
        ::umask(mask);
        if (bound != 0) fail("listen at");
        try {
            if (!group.empty() && ::chown(fresh.c_str(), static_cast<uid_t>(-1), group_id(group)) != 0) {
                fail(fmt::format("give to the group '{}' the socket", group).c_str());
            }
            if (::chmod(fresh.c_str(), kSocketMode) != 0) fail("set the mode of");
            if (::listen(fd_.get(), kBacklog) != 0) fail("listen at");
            if (::stat(fresh.c_str(), &ours_) != 0) fail("look at");
            if (::rename(fresh.c_str(), path.c_str()) != 0) fail("put in place the socket");
        } catch (...) {
            ::unlink(fresh.c_str());
            throw;
        }
    }
    OwnListener(const OwnListener&) = delete;
    OwnListener& operator=(const OwnListener&) = delete;
    ~OwnListener() { remove(); }

    int fd() const noexcept { return fd_.get(); }

    // Takes the name away, unless a newer process has put its own socket there.
    void remove() noexcept {
        struct stat now {};
        if (::lstat(path_.c_str(), &now) == 0 && now.st_dev == ours_.st_dev && now.st_ino == ours_.st_ino)
            ::unlink(path_.c_str());
    }

  private:
    void refuse_unless_free() const {
        const sockaddr_un address = unix_address(path_);
        struct stat found {};
        if (::lstat(path_.c_str(), &found) != 0) return;
        if (!S_ISSOCK(found.st_mode)) {
            throw std::runtime_error(fmt::format("could not listen at '{}': there is a file that is no socket", path_));
        }
        const Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        if (::connect(probe.get(), generic(address), sizeof(address)) == 0 || errno == EAGAIN) {
            throw std::runtime_error(
                fmt::format("could not listen at '{}': another process does; stop it first", path_));
        }
    }

    std::string path_;
    Fd fd_;
    struct stat ours_ {};
};

bool is_listening(int fd) {
    int listening = 0;
    socklen_t length = sizeof(listening);
    return ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &length) == 0 && listening != 0;
}

// Anybody who reaches the socket can claim to be the web server, so TCP is for this machine only.
void refuse_wide_tcp(int fd) {
    sockaddr_storage storage{};
    socklen_t length = sizeof(storage);
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return;
    bool wide = false;
    if (storage.ss_family == AF_INET) {
        sockaddr_in address{};
        std::memcpy(&address, &storage, sizeof(address));
        wide = (ntohl(address.sin_addr.s_addr) >> 24U) != 127;
    } else if (storage.ss_family == AF_INET6) {
        sockaddr_in6 address{};
        std::memcpy(&address, &storage, sizeof(address));
        wide = IN6_IS_ADDR_LOOPBACK(&address.sin6_addr) == 0;
    }
    if (wide)
        throw std::runtime_error(
            "could not use the listener handed over: it is TCP beyond this machine; use a Unix socket");
}

int inherited_listener() {
    const char* const count = std::getenv("LISTEN_FDS");
    const char* const pid = std::getenv("LISTEN_PID");
    const bool activated = count != nullptr && pid != nullptr && std::string_view(pid) == std::to_string(::getpid());
    const int fd = activated && is_listening(kSystemdFd) ? kSystemdFd : STDIN_FILENO;
    if (!is_listening(fd)) {
        throw std::runtime_error(
            "could not find a listener: neither the web server nor systemd handed one over; set the path of a socket "
            "in the configuration");
    }
    refuse_wide_tcp(fd);
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) {
        throw std::runtime_error(fmt::format("could not use the listener handed over: {}", system_error_text()));
    }
    return fd;
}

// ---- One request ----------------------------------------------------------------------------------------------------

using Params = std::map<std::string, std::string, std::less<>>;

// These decide what a request means: sent twice, two readers could disagree about it.
const std::set<std::string_view> kSingle = {"CONTENT_LENGTH",     "CONTENT_TYPE",        "HTTP_ACTION_AUTHORIZATION",
                                            "HTTP_AUTHORIZATION", "HTTP_COOKIE",         "HTTP_HOST",
                                            "HTTP_ORIGIN",        "HTTP_SEC_FETCH_SITE", "PATH_INFO",
                                            "QUERY_STRING",       "REQUEST_METHOD",      "REQUEST_URI",
                                            "SCRIPT_NAME"};

bool is_param_name(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    });
}

// Copies what the web server says. Other names (Apache passes its own notes, such as `nokeepalive`) are left out; so is
// a header that occurs twice, unless it is one of kSingle: then the request is refused.
Params copy_params(char** environment) {
    Params params;
    std::set<std::string, std::less<>> repeated;
    for (; environment != nullptr && *environment != nullptr; ++environment) {
        const std::string_view entry = *environment;
        const auto equals = entry.find('=');
        if (equals == std::string_view::npos || !is_param_name(entry.substr(0, equals))) continue;
        const std::string_view name = entry.substr(0, equals);
        if (!params.emplace(name, entry.substr(equals + 1)).second) {
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

std::string route(const Params& params) {
    const std::string_view path_info = param(params, "PATH_INFO");
    if (path_info.starts_with('/')) return std::string(path_info);
    std::string_view uri = param(params, "REQUEST_URI");
    uri = uri.substr(0, uri.find('?'));
    if (const auto scheme = uri.find("://"); scheme != std::string_view::npos && !uri.starts_with('/')) {
        const auto slash = uri.find('/', scheme + 3);
        uri = slash == std::string_view::npos ? std::string_view("/") : uri.substr(slash);
    }
    // nginx's usual SCRIPT_NAME is the whole path: then it is no prefix to take off.
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
    if (error != std::errc{} || end != text.data() + text.size()) throw BadRequest(400, "CONTENT_LENGTH is no number");
    return length;
}

// Reads STDIN to its end. Throws BadRequest(413) once there is more than `most`; the rest is left to the closing of the
// connection.
std::string read_body(FCGX_Stream* in, std::size_t most) {
    std::string body;
    std::array<char, 8192> buffer{};
    while (true) {
        const int count = FCGX_GetStr(buffer.data(), static_cast<int>(buffer.size()), in);
        if (count <= 0) break;
        if (body.size() + static_cast<std::size_t>(count) > most) {
            wipe(body);
            throw BadRequest(413, "the body is too long");
        }
        body.append(buffer.data(), static_cast<std::size_t>(count));
    }
    if (FCGX_GetError(in) != 0) throw BadRequest(400, "the body ended before its end");
    return body;
}

bool is_form(std::string_view content_type) {
    const std::string_view type = content_type.substr(0, content_type.find_first_of("; \t"));
    return std::equal(type.begin(), type.end(), kForm.begin(), kForm.end(),
                      [](char a, char b) { return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b; });
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
    if (request.method != "GET" && request.method != "HEAD" && request.method != "POST") {
        throw BadRequest(405, "only GET, HEAD and POST are known");
    }
    try {
        request.query = Parameters::parse(param(params, "QUERY_STRING"));
    } catch (const BadRequest&) {
        if (!options.takes_refused_query || !options.takes_refused_query(request.path)) throw;
        request.query_refused = true;
    }
    if (request.method == "POST" && is_form(request.content_type)) {
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
        case 302:
            return "Found";
        case 303:
            return "See Other";
        case 400:
            return "Bad Request";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 413:
            return "Content Too Large";
        case 429:
            return "Too Many Requests";
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

void wipe_params(FCGX_Request& request) noexcept {
    if (request.envp == nullptr) return;
    for (char** entry = request.envp; *entry != nullptr; ++entry) ::explicit_bzero(*entry, std::strlen(*entry));
}

// ---- Threads --------------------------------------------------------------------------------------------------------

// What a thread does, so that the main thread knows whether it may be interrupted: only reading and writing, where a
// peer may hang.
enum class Phase { idle, reading, handling, writing, ended };

struct Seat {
    std::atomic<Phase> phase{Phase::idle};
    std::atomic<Clock::rep> since{0};
    std::atomic<Clock::rep> woken{0};
    std::thread thread;

    void enter(Phase next) noexcept {
        since = Clock::now().time_since_epoch().count();
        phase = next;
    }
    void wake() noexcept {
        const auto now = Clock::now().time_since_epoch();
        if (now - Clock::duration(woken.load()) < kWakeEvery) return;
        woken = now.count();
        ::pthread_kill(thread.native_handle(), kWakeSignal);
    }
    Clock::duration time_in_phase() const noexcept {
        return Clock::now().time_since_epoch() - Clock::duration(since.load());
    }
};

// All that threads share. It outlives them: a thread that could not be ended keeps it alive.
struct Shared {
    ServerOptions options;
    HandlerFactory make_handler;
    ErrorPage error_page;
    int listener = -1;
    Fd stop_event;
    std::atomic<bool> stopping{false};
    std::atomic<bool> broken{false};
    std::vector<std::unique_ptr<Seat>> seats;

    void stop() noexcept {
        stopping = true;
        const std::uint64_t one = 1;
        // It fails only when the counter is full, and then it is readable already.
        [[maybe_unused]] const auto written = ::write(stop_event.get(), &one, sizeof(one));
    }
};

class Connection {
  public:
    explicit Connection(int listener) {
        if (FCGX_InitRequest(&request_, listener, 0) != 0)
            throw std::runtime_error("could not prepare a FastCGI request");
    }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() { FCGX_Free(&request_, 1); }

    // 0, or what stands against it as a negative errno.
    int accept() noexcept { return FCGX_Accept_r(&request_); }
    FCGX_Request& request() noexcept { return request_; }
    // Sends what is left of the answer and closes, whatever the web server would like: an unread rest of this request
    // must never be read as the begin of the next one.
    void finish() noexcept {
        wipe_params(request_);
        request_.keepConnection = 0;
        FCGX_Finish_r(&request_);
    }

  private:
    FCGX_Request request_{};
};

Response answer_failure(const Shared& shared, int status, const std::string& id) {
    Response response;
    try {
        response = shared.error_page(status, id);
    } catch (const std::exception& error) {
        log::error("error_page_failed", "request={} why={}", id, log::quoted(error.what()));
        response = Response::text(status, fmt::format("{}\n", reason_phrase(status)));
    }
    if (status == 405) response.set("Allow", "GET, HEAD, POST");
    return response;
}

Response answer(const Shared& shared, const Handler& handler, Seat& seat, FCGX_Request& fcgi, const std::string& id,
                std::string& method) {
    try {
        const Params params = copy_params(fcgi.envp);
        method = param(params, "REQUEST_METHOD");
        const std::size_t length = content_length(params);
        if (length > shared.options.max_body) throw BadRequest(413, "the body is too long");
        std::string body = read_body(fcgi.in, shared.options.max_body);
        if (body.size() != length) throw BadRequest(400, "the body is not as long as CONTENT_LENGTH says");
        const Request request = make_request(params, std::move(body), id, shared.options);
        seat.enter(Phase::handling);
        return handler(request);
    } catch (const BadRequest& refused) {
        log::debug("request_refused", "request={} http={} why={}", id, refused.status(), log::quoted(refused.what()));
        return answer_failure(shared, refused.status(), id);
    } catch (const std::exception& error) {
        log::error("request_failed", "request={} why={}", id, log::quoted(error.what()));
        return answer_failure(shared, 500, id);
    }
}

void serve_request(const Shared& shared, const Handler& handler, Seat& seat, Connection& connection) {
    const auto begun = Clock::now();
    const std::string id = random_request_id();
    FCGX_Request& fcgi = connection.request();
    std::string method;
    const Response response = answer(shared, handler, seat, fcgi, id, method);
    std::string text = as_cgi(response, method != "HEAD");
    seat.enter(Phase::writing);
    FCGX_PutStr(text.data(), static_cast<int>(text.size()), fcgi.out);
    wipe(text);
    connection.finish();
    seat.enter(Phase::idle);
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun);
    const bool known = method == "GET" || method == "HEAD" || method == "POST";
    log::debug("request", "request={} method={} http={} ms={}", id, known ? method : "other", response.status,
               took.count());
}

// Waits until there may be a connection. False at the end. EPOLLEXCLUSIVE: a connection wakes one thread, not all of
// them.
bool wait_for_connection(const Shared& shared, int epoll) {
    while (!shared.stopping) {
        epoll_event event{};
        const int count = ::epoll_wait(epoll, &event, 1, -1);
        if (count > 0) return !shared.stopping;
        if (count < 0 && errno != EINTR)
            throw std::runtime_error(fmt::format("could not wait for connections: {}", system_error_text()));
    }
    return false;
}

// Waits, but not past the end of the program.
void back_off(const Shared& shared) {
    pollfd stop{shared.stop_event.get(), POLLIN, 0};
    ::poll(&stop, 1, static_cast<int>(std::chrono::milliseconds(kBackOff).count()));
}

void run_thread(const Shared& shared, Seat& seat) {
    const Handler handler = shared.make_handler();
    const Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
    const auto watch = [&](int fd, std::uint32_t events) {
        epoll_event event{};
        event.events = events;
        if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
            throw std::runtime_error(fmt::format("could not wait for connections: {}", system_error_text()));
        }
    };
    watch(shared.listener, EPOLLIN | EPOLLEXCLUSIVE);
    watch(shared.stop_event.get(), EPOLLIN);
    Connection connection(shared.listener);
    bool waiting_it_out = false;
    while (wait_for_connection(shared, epoll.get())) {
        // From here on the library reads, with no limit of its own: the main thread watches the time.
        seat.enter(Phase::reading);
        const int outcome = connection.accept();
        if (outcome == 0) {
            waiting_it_out = false;
            serve_request(shared, handler, seat, connection);
            continue;
        }
        seat.enter(Phase::idle);
        if (outcome == -EMFILE || outcome == -ENFILE || outcome == -ENOMEM || outcome == -ENOBUFS) {
            if (!waiting_it_out)
                log::warn("accept_waits", "why={}", log::quoted(std::generic_category().message(-outcome)));
            waiting_it_out = true;
            back_off(shared);
        } else if (outcome != -EAGAIN && outcome != -EINTR && outcome != -ECONNABORTED) {
            log::debug("accept_failed", "outcome={}", outcome);
            back_off(shared);
        }
    }
}

// ---- The main thread ------------------------------------------------------------------------------------------------

extern "C" void interrupt_only(int) noexcept {}

// Signals that end the program are taken from a descriptor, so no thread is interrupted by them. Before any thread is
// made.
Fd take_signals() {
    sigset_t stop_signals;
    sigemptyset(&stop_signals);
    for (const int number : {SIGTERM, SIGINT, SIGUSR1}) sigaddset(&stop_signals, number);
    ::pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);
    Fd fd(::signalfd(-1, &stop_signals, SFD_NONBLOCK | SFD_CLOEXEC));
    if (fd.get() < 0) throw std::runtime_error(fmt::format("could not take signals: {}", system_error_text()));
    return fd;
}

void set_handlers() {
    struct sigaction action {};
    sigemptyset(&action.sa_mask);
    action.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &action, nullptr);
    // Without SA_RESTART: a read or write that hangs in the library fails with EINTR, and the library gives the
    // connection up.
    action.sa_handler = interrupt_only;
    ::sigaction(kWakeSignal, &action, nullptr);
}

// How long a seat has been in its phase, counted from `begun` at the earliest.
Clock::duration time_since(const Seat& seat, Clock::time_point begun) {
    return std::min(Clock::now() - begun, seat.time_in_phase());
}

// Interrupts threads whose peer has taken longer than `limit`, counted from `begun` at the earliest.
void end_slow_peers(const Shared& shared, Clock::time_point begun, Clock::duration limit) {
    for (const auto& seat : shared.seats) {
        const Phase phase = seat->phase;
        if ((phase == Phase::reading || phase == Phase::writing) && time_since(*seat, begun) > limit) seat->wake();
    }
}

std::size_t count_in(const Shared& shared, std::initializer_list<Phase> phases) {
    return static_cast<std::size_t>(std::count_if(shared.seats.begin(), shared.seats.end(), [&](const auto& seat) {
        return std::find(phases.begin(), phases.end(), seat->phase.load()) != phases.end();
    }));
}

void wait_for_signal(const Shared& shared, int signals) {
    while (!shared.broken) {
        std::array<pollfd, 2> fds{{{signals, POLLIN, 0}, {shared.stop_event.get(), POLLIN, 0}}};
        const int ready =
            ::poll(fds.data(), fds.size(), static_cast<int>(std::chrono::milliseconds(kLookEvery).count()));
        end_slow_peers(shared, Clock::time_point(), std::chrono::seconds(shared.options.peer_seconds));
        if (ready <= 0) continue;
        signalfd_siginfo taken{};
        if (::read(signals, &taken, sizeof(taken)) != static_cast<ssize_t>(sizeof(taken))) continue;
        log::info("stopping", "signal={} in_work={}", taken.ssi_signo,
                  count_in(shared, {Phase::reading, Phase::handling, Phase::writing}));
        return;
    }
}

// True when all threads have ended; false when only such are left as hang in the library. Each has its grace from the
// moment it entered its phase: an answer whose handler took long has as much time to be written as any other.
bool wait_for_threads(const Shared& shared) {
    const auto begun = Clock::now();
    while (true) {
        end_slow_peers(shared, begun, kGraceForPeers);
        bool all_ended = true;
        bool all_hang = true;
        for (const auto& seat : shared.seats) {
            const Phase phase = seat->phase;
            if (phase == Phase::ended) continue;
            all_ended = false;
            all_hang = all_hang && phase != Phase::handling && time_since(*seat, begun) > kGraceForThreads;
        }
        if (all_ended) return true;
        if (all_hang) return false;
        std::this_thread::sleep_for(kLookEveryAtEnd);
    }
}

void start_threads(const std::shared_ptr<Shared>& shared) {
    for (int i = 0; i < shared->options.threads; ++i) shared->seats.push_back(std::make_unique<Seat>());
    for (const auto& made : shared->seats) {
        Seat* const seat = made.get();
        seat->thread = std::thread([shared, seat] {
            try {
                run_thread(*shared, *seat);
            } catch (const std::exception& error) {
                log::error("thread_failed", "why={}", log::quoted(error.what()));
                shared->broken = true;
                shared->stop();
            }
            seat->phase = Phase::ended;
        });
    }
}

}  // namespace

int serve(const ServerOptions& options, const HandlerFactory& make_handler, const ErrorPage& error_page) {
    // Parameters hold webhooks: neither core dumps nor other processes of this user may see them.
    ::prctl(PR_SET_DUMPABLE, 0);
    const Fd signals = take_signals();
    std::optional<OwnListener> own;
    if (!options.socket.empty()) own.emplace(options.socket, options.group);
    ::setenv("LIBFCGI_IS_AF_UNIX_KEEPER_POLL_TIMEOUT", kLibraryWaitMs, 1);
    ::setenv("LIBFCGI_OS_CLOSE_POLL_TIMEOUT", kLibraryWaitMs, 1);
    if (FCGX_Init() != 0) throw std::runtime_error("could not start the FastCGI library");
    set_handlers();

    const auto shared = std::make_shared<Shared>();
    shared->options = options;
    shared->make_handler = make_handler;
    shared->error_page = error_page;
    shared->listener = own ? own->fd() : inherited_listener();
    shared->stop_event = Fd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (shared->stop_event.get() < 0)
        throw std::runtime_error(fmt::format("could not make an eventfd: {}", system_error_text()));
    try {
        start_threads(shared);
    } catch (const std::system_error& error) {
        log::error("threads_failed", "threads={} why={}", options.threads, log::quoted(error.what()));
        shared->broken = true;
        for (const auto& seat : shared->seats) {
            if (!seat->thread.joinable()) seat->phase = Phase::ended;
        }
    }
    log::info("serving", "version={} threads={} socket={}", O365_VERSION, options.threads,
              log::quoted(own ? options.socket : "inherited"));
    if (!shared->broken) wait_for_signal(*shared, signals.get());
    shared->stop();
    if (own) own->remove();
    if (!wait_for_threads(*shared)) {
        // The process ends here: what such a thread holds is a connection whose peer is silent, nothing of ours.
        log::warn("threads_abandoned", "threads={}", count_in(*shared, {Phase::idle, Phase::reading, Phase::writing}));
        ::_exit(shared->broken ? 1 : 0);
    }
    for (const auto& seat : shared->seats) {
        if (seat->thread.joinable()) seat->thread.join();
    }
    log::info("stopped", "threads={}", options.threads);
    if (shared->broken) throw std::runtime_error("could not go on serving: a thread failed, the log says why");
    return 0;
}

}  // namespace o365
