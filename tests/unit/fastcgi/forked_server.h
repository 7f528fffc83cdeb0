// The FastCGI server under test, in a process of its own, with a handler that says what it was asked.
#pragma once

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <thread>

#include "lib/base/log.h"
#include "lib/fastcgi/fastcgi.h"
#include "tests/support/fastcgi_peer.h"

#ifdef O365_COVERAGE
extern "C" void __gcov_dump();
#endif

namespace o365::test {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// A child of this process ends without what its parent does at exit; the counters of scripts/coverage are written.
[[noreturn]] inline void end_child(int code) {
#ifdef O365_COVERAGE
    __gcov_dump();
#endif
    ::_exit(code);
}

inline Response describe(const Request& request) {
    if (request.path == "/throw") throw std::runtime_error("secret-of-the-handler");
    if (request.path == "/slow") std::this_thread::sleep_for(1500ms);
    if (request.path == "/limit") {
        // Leaves room for very few descriptors more than are open now.
        const int next = ::dup(STDIN_FILENO);
        ::close(next);
        const rlimit limit{static_cast<rlim_t>(next) + 1, 4096};
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }
    Response response = Response::text(
        200, "method=" + request.method + " path=" + request.path + " body=" + std::to_string(request.body.size()) +
                 " name=" + request.query.get_or("name", "-") + " form=" + request.form.get_or("field", "-") +
                 " cookies=" + request.cookies + " headers=" + std::to_string(request.headers.size()));
    if (request.path.starts_with("/status/")) response.status = std::stoi(request.path.substr(8));
    if (request.path == "/late") response.after = 1500ms;
    if (request.path == "/very-late") response.after = 60s;
    return response;
}

class ForkedServer {
  public:
    explicit ForkedServer(int threads = 3, bool inherited = false, bool make = true) {
        std::string name = (std::filesystem::temp_directory_path() / "o365-fastcgi.XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
        folder_ = name;
        if (make) start(threads, inherited);
    }
    ForkedServer(const ForkedServer&) = delete;
    ForkedServer& operator=(const ForkedServer&) = delete;
    ~ForkedServer() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
        }
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    void start(int threads = 3, bool inherited = false) {
        pid_ = ::fork();
        if (pid_ == 0) end_child(serve_in_child(threads, inherited));
        const auto deadline = Clock::now() + 10s;
        while (Clock::now() < deadline && !log_has("event=serving")) {
            if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
                pid_ = 0;
                return;
            }
            std::this_thread::sleep_for(10ms);
        }
    }
    bool running() const { return pid_ > 0; }
    std::string socket() const { return (folder_ / "socket").string(); }
    std::string log() const {
        std::ifstream file(folder_ / "log");
        return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    }
    bool log_has(std::string_view part) const { return log().find(part) != std::string::npos; }
    bool log_gets(std::string_view part) const {
        for (const auto deadline = Clock::now() + 10s; Clock::now() < deadline; std::this_thread::sleep_for(10ms)) {
            if (log_has(part)) return true;
        }
        return false;
    }
    Answer ask(const std::string& bytes) const {
        const Peer peer(socket());
        peer.send(bytes);
        return parse(peer.receive());
    }
    void signal(int number) const { ::kill(pid_, number); }
    // How long the process took to end with exit code 0 after SIGTERM.
    std::chrono::milliseconds stop() {
        const auto begun = Clock::now();
        signal(SIGTERM);
        return wait_for_end(begun);
    }
    // What the process had used of the processors, once it has ended.
    std::chrono::microseconds cpu_time() const {
        return std::chrono::seconds(used_.ru_utime.tv_sec + used_.ru_stime.tv_sec) +
               std::chrono::microseconds(used_.ru_utime.tv_usec + used_.ru_stime.tv_usec);
    }
    std::chrono::milliseconds wait_for_end(Clock::time_point begun) {
        int status = 0;
        while (::wait4(pid_, &status, WNOHANG, &used_) == 0) {
            if (Clock::now() - begun > 30s) throw std::runtime_error("the server does not end");
            std::this_thread::sleep_for(5ms);
        }
        pid_ = 0;
        BOOST_TEST(WIFEXITED(status));
        BOOST_TEST(WEXITSTATUS(status) == 0);
        return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun);
    }

  private:
    int serve_in_child(int threads, bool inherited) const {
        try {
            log::open((folder_ / "log").string(), log::Level::debug, "fastcgi_tests");
            ServerOptions options;
            options.threads = threads;
            options.max_body = 1000;
            options.connection_seconds = 2;
            options.takes_any_request = [](std::string_view path) { return path == "/any"; };
            if (inherited) {
                listen_at_zero();
            } else {
                options.socket = socket();
            }
            return serve(
                options, [] { return describe; },
                [](int status, const std::string& id, std::string_view accept_language) {
                    return Response::text(status, "error page " + std::to_string(status) + " " + id + " for '" +
                                                      std::string(accept_language) + "'");
                });
        } catch (const std::exception& error) {
            std::ofstream(folder_ / "why") << error.what();
            return 1;
        }
    }
    void listen_at_zero() const {
        const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const std::string path = socket();
        std::copy(path.begin(), path.end(), std::begin(address.sun_path));
        if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 || ::listen(fd, 16) != 0 ||
            ::dup2(fd, 0) != 0) {
            throw std::runtime_error("no listener to hand over");
        }
        ::close(fd);
    }

    std::filesystem::path folder_;
    pid_t pid_ = 0;
    rusage used_{};
};

// The promise is 2 s; machines that run tests are sometimes busy.
inline constexpr auto kPromptly = 4000ms;

}  // namespace o365::test
