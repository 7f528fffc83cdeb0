// Callbacks, landing pages or card actions over HTTP, through the web server and the responder, as a browser or
// Microsoft's service would ask for them.
// usage: bench_callback_http --socket PATH --path /connect/<slug>/callback --prefix P --first N --count N --connections
// N [--rate N] [--landing]. States are P-<n> with cookies c<n>, minted beforehand by bench/callback; with --landing
// P-<n> are tickets, and --path is that of the page. With --targets and --bearer, files, the n-th line of the first is
// the path that a card's action POSTs to, with the second's token; --answer: the status that it has to have, 200.
// Without --rate as fast as the connections go, prints "rate <callbacks/s>", or with --latencies what follows. With
// --rate that many a second, evenly, prints
// "p50_ms", "p99_ms" and "late" (how many began over 1 ms behind time). A latency counts from when the request was due,
// not from when a busy connection got to it.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <vector>

#include "bench/arguments.h"
#include "lib/base/crypto.h"

namespace {

using Clock = std::chrono::steady_clock;

struct Options {
    std::string socket;
    std::string path;
    std::string prefix;
    int first = 0;
    int count = 0;
    int connections = 0;
    int rate = 0;
    bool landing = false;
    std::string targets_file;
    std::string bearer_file;
    int answer = 200;
    bool latencies = false;
    std::vector<std::string> targets;
    std::string bearer;
};

class Connection {
  public:
    explicit Connection(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        if (path.size() >= sizeof address.sun_path) throw std::runtime_error("the socket's path is too long");
        std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
        if (fd_ < 0 || ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
            throw std::runtime_error("could not connect to " + path);
        }
    }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() { ::close(fd_); }

    // Sends one request and reads its answer, whose head must carry a Content-Length or be chunked to its end. Returns
    // the head.
    std::string exchange(const std::string& request) {
        for (std::size_t sent = 0; sent < request.size();) {
            const ssize_t n = ::send(fd_, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
            if (n <= 0) throw std::runtime_error("the server closed the connection");
            sent += static_cast<std::size_t>(n);
        }
        std::string answer;
        std::size_t head_end = std::string::npos;
        while (true) {
            char buffer[8192];
            const ssize_t n = ::recv(fd_, buffer, sizeof buffer, 0);
            if (n <= 0) throw std::runtime_error("the server closed the connection");
            answer.append(buffer, static_cast<std::size_t>(n));
            if (head_end == std::string::npos) head_end = answer.find("\r\n\r\n");
            if (head_end == std::string::npos) continue;
            const std::size_t length_at = answer.find("Content-Length: ");
            if (length_at < head_end) {
                if (answer.size() >= head_end + 4 + std::stoul(answer.substr(length_at + 16))) break;
            } else if (answer.ends_with("0\r\n\r\n")) {
                break;
            }
        }
        return answer.substr(0, head_end);
    }

  private:
    int fd_;
};

std::string request(const Options& options, int n) {
    if (!options.targets.empty())
        return "POST " + options.targets.at(static_cast<std::size_t>(n)) +
               " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 16\r\n"
               "Action-Request-Id: " +
               options.prefix + std::to_string(n) + "\r\nAuthorization: Bearer " + options.bearer +
               "\r\n\r\n{\"closed\": true}";
    const std::string state = options.prefix + "-" + std::to_string(n);
    if (options.landing) return "GET " + options.path + "?ticket=" + state + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    return "GET " + options.path + "?state=" + state + "&webhook_url=https%3A%2F%2Foutlook.office.com%2Fwebhookb2%2F" +
           state +
           "%401b9c6f2e-90a5-4f1e-8d24-0a7c3b5e6f70%2FIncomingWebhook%2F0123456789abcdef0123456789abcdef%2F7d1f&group_"
           "name=Sales+team"
           "&user_objectId=5f0c2b1a-7d43-4e0e-9d5b-6a1c9f3e2b10&app_type=Groups HTTP/1.1\r\nHost: localhost\r\nCookie: "
           "__Host-o365-" +
           o365::hex(o365::sha256(state)).substr(0, 8) + "=c" + std::to_string(n) + "\r\n\r\n";
}

bool succeeded(const Options& options, const std::string& answer) {
    if (!options.targets.empty())
        return answer.starts_with("HTTP/1.1 " + std::to_string(options.answer)) &&
               answer.find("CARD-ACTION-STATUS: ") != std::string::npos;
    if (options.landing) return answer.starts_with("HTTP/1.1 200");
    return answer.starts_with("HTTP/1.1 302") && answer.find("/done/") != std::string::npos;
}

std::vector<std::string> lines_of(const std::string& path) {
    std::vector<std::string> lines;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    if (lines.empty()) throw std::runtime_error("there is nothing in " + path);
    return lines;
}

void run(const Options& options) {
    std::atomic<int> next = 0;
    std::atomic<int> refused = 0;
    std::atomic<int> late = 0;
    std::vector<double> latencies(static_cast<std::size_t>(options.count));
    const Clock::time_point begin = Clock::now() + std::chrono::milliseconds(50);
    const auto work = [&] {
        Connection connection(options.socket);
        std::this_thread::sleep_until(begin);
        for (int i = next++; i < options.count; i = next++) {
            Clock::time_point due = Clock::now();
            if (options.rate > 0) {
                due = begin + std::chrono::nanoseconds(1'000'000'000LL * i / options.rate);
                std::this_thread::sleep_until(due);
                if (Clock::now() > due + std::chrono::milliseconds(1)) ++late;
            }
            const std::string head = connection.exchange(request(options, options.first + i));
            latencies[static_cast<std::size_t>(i)] =
                std::chrono::duration<double, std::milli>(Clock::now() - due).count();
            if (!succeeded(options, head) && refused++ == 0)
                std::fprintf(stderr, "%s\n", head.substr(0, head.find('\r')).c_str());
        }
    };
    std::vector<std::jthread> threads;
    threads.reserve(static_cast<std::size_t>(options.connections));
    for (int i = 0; i < options.connections; ++i) threads.emplace_back(work);
    threads.clear();
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    if (refused > 0) throw std::runtime_error(std::to_string(refused) + " requests were not answered with success");
    if (options.rate == 0 && !options.latencies) {
        std::printf("rate %.1f\n", options.count / seconds);
        return;
    }
    std::sort(latencies.begin(), latencies.end());
    const auto percentile = [&](double share) {
        return latencies[static_cast<std::size_t>(share * (options.count - 1))];
    };
    std::printf("p50_ms %.3f\np99_ms %.3f\nlate %d\n", percentile(0.5), percentile(0.99), late.load());
}

}  // namespace

int main(int argc, char** argv) {
    try {
        Options options;
        if (const auto code = parse_arguments("Sends callbacks over HTTP.",
                                              {{"socket", &options.socket, true},
                                               {"path", &options.path},
                                               {"prefix", &options.prefix, true},
                                               {"first", &options.first, true},
                                               {"count", &options.count, true},
                                               {"connections", &options.connections, true},
                                               {"rate", &options.rate},
                                               {"landing", &options.landing},
                                               {"targets", &options.targets_file},
                                               {"bearer", &options.bearer_file},
                                               {"answer", &options.answer},
                                               {"latencies", &options.latencies}},
                                              argc, argv))
            return *code;
        if (!options.targets_file.empty()) {
            options.targets = lines_of(options.targets_file);
            options.bearer = lines_of(options.bearer_file).front();
        }
        run(options);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_callback_http: %s\n", error.what());
        return 1;
    }
    return 0;
}
