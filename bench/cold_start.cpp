// Milliseconds from exec of the responder to the last byte of a page, its first database connection included. The
// request waits in the listener that the responder inherits as fd 0, as mod_fcgid and systemd hand it over, so nothing
// polls. usage: bench_cold_start --program FILE --config FILE --path /connect/<slug>/ --count N      prints "ms <...>"
// each time
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "bench/arguments.h"

namespace {

using Clock = std::chrono::steady_clock;

class Socket {
  public:
    Socket() : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        if (fd_ < 0) throw std::runtime_error("could not make a socket");
    }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket() { ::close(fd_); }
    int get() const noexcept { return fd_; }

  private:
    int fd_;
};

// Records of the FastCGI specification, section 3.3: version, type, request id, length, padding, reserved; then
// content.
std::string record(int type, const std::string& content) {
    std::string bytes{1, static_cast<char>(type), 0, 1};
    bytes += static_cast<char>(content.size() >> 8U);
    bytes += static_cast<char>(content.size() & 255U);
    bytes.append(2, '\0');
    return bytes + content;
}

std::string request(const std::string& path) {
    const std::vector<std::pair<std::string, std::string>> params = {{"REQUEST_METHOD", "GET"},
                                                                     {"PATH_INFO", path},
                                                                     {"REQUEST_URI", path},
                                                                     {"QUERY_STRING", ""},
                                                                     {"SERVER_PROTOCOL", "HTTP/1.1"}};
    std::string pairs;
    for (const auto& [name, value] : params) {
        pairs += static_cast<char>(name.size());
        pairs += static_cast<char>(value.size());
        pairs += name + value;
    }
    constexpr int kBegin = 1;
    constexpr int kParams = 4;
    constexpr int kStdin = 5;
    return record(kBegin, std::string("\0\1\0\0\0\0\0\0", 8)) + record(kParams, pairs) + record(kParams, "") +
           record(kStdin, "");
}

double once(const std::string& program, const std::string& config, const std::string& path) {
    const Socket listener;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    // An abstract name: no file to clean up.
    const std::string name = "o365-bench-" + std::to_string(::getpid());
    std::memcpy(address.sun_path + 1, name.data(), name.size());
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    const auto* const raw = reinterpret_cast<const sockaddr*>(&address);
    const Socket client;
    const std::string bytes = request(path);
    if (::bind(listener.get(), raw, length) != 0 || ::listen(listener.get(), 8) != 0 ||
        ::connect(client.get(), raw, length) != 0 ||
        ::send(client.get(), bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
        throw std::runtime_error("could not prepare the request");
    }
    const Clock::time_point begin = Clock::now();
    const pid_t child = ::fork();
    if (child == 0) {
        ::dup2(listener.get(), STDIN_FILENO);
        ::execl(program.c_str(), program.c_str(), "--config", config.c_str(), nullptr);
        ::_exit(127);
    }
    std::string answer;
    std::array<char, 8192> buffer{};
    Clock::time_point last = begin;
    while (true) {
        const ssize_t n = ::recv(client.get(), buffer.data(), buffer.size(), 0);
        if (n <= 0) break;
        answer.append(buffer.data(), static_cast<std::size_t>(n));
        last = Clock::now();
    }
    ::kill(child, SIGTERM);
    ::waitpid(child, nullptr, 0);
    if (answer.find("Status: 200") == std::string::npos || answer.find("</html>") == std::string::npos)
        throw std::runtime_error("the responder answered no page");
    return std::chrono::duration<double, std::milli>(last - begin).count();
}

}  // namespace

int main(int argc, char** argv) {
    try {
        std::string program;
        std::string config;
        std::string path;
        int count = 0;
        if (const auto code = parse_arguments("Measures how long the responder takes from exec to its first page.",
                                              {{"program", &program, true},
                                               {"config", &config, true},
                                               {"path", &path, true},
                                               {"count", &count, true}},
                                              argc, argv))
            return *code;
        for (int i = 0; i < count; ++i) std::printf("ms %.2f\n", once(program, config, path));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_cold_start: %s\n", error.what());
        return 1;
    }
    return 0;
}
