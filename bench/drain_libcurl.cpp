// The ceiling of a drain: the same card posted by bare libcurl (multi_socket_action and epoll), no database, no queue.
// usage: bench_drain_libcurl --url https://host:port/hook --ca FILE --card FILE --count N --transfers N     prints
// "rate <cards/s>". --urls FILE, a URL a line, in the place of --url: transfer i posts to URL i, round again.
// --any-answer takes answers that are not 1 as well.
#include <curl/curl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <vector>

#include "lib/base/c_free.h"

namespace {

using Clock = std::chrono::steady_clock;
using Easy = std::unique_ptr<CURL, o365::CFree<curl_easy_cleanup>>;
using Multi = std::unique_ptr<CURLM, o365::CFree<curl_multi_cleanup>>;
using Headers = std::unique_ptr<curl_slist, o365::CFree<curl_slist_free_all>>;

struct Options {
    std::string url;
    std::string ca;
    std::string card;
    int count = 0;
    int transfers = 0;
    std::string urls;
    bool any_answer = false;
};

struct Loop {
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    std::optional<Clock::time_point> due;
    Loop() = default;
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;
    ~Loop() { ::close(epoll); }
    int wait_ms() const {
        if (!due) return 1000;
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(*due - Clock::now()).count();
        return static_cast<int>(std::clamp<decltype(left)>(left, 0, 1000));
    }
};

int on_socket(CURL* /*easy*/, curl_socket_t fd, int what, void* user, void* /*known*/) noexcept {
    const Loop& loop = *static_cast<Loop*>(user);
    epoll_event event{};
    event.data.fd = fd;
    if ((what & CURL_POLL_IN) != 0) event.events |= EPOLLIN;
    if ((what & CURL_POLL_OUT) != 0) event.events |= EPOLLOUT;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(loop.epoll, EPOLL_CTL_DEL, fd, &event);
    } else if (epoll_ctl(loop.epoll, EPOLL_CTL_MOD, fd, &event) != 0) {
        epoll_ctl(loop.epoll, EPOLL_CTL_ADD, fd, &event);
    }
    return 0;
}

int on_timer(CURLM* /*multi*/, long timeout_ms, void* user) noexcept {
    auto& due = static_cast<Loop*>(user)->due;
    due.reset();
    if (timeout_ms >= 0) due = Clock::now() + std::chrono::milliseconds(timeout_ms);
    return 0;
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) noexcept {
    static_cast<std::string*>(user)->append(data, size * count);
    return size * count;
}

void run(const Options& options) {
    std::ifstream file(options.card, std::ios::binary);
    const std::string card{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    std::vector<std::string> urls{options.url};
    if (!options.urls.empty()) {
        std::ifstream list(options.urls);
        urls.clear();
        for (std::string line; std::getline(list, line);) urls.push_back(line);
        if (urls.empty()) throw std::runtime_error("there are no URLs");
    }
    Loop loop;
    std::vector<std::string> bodies(static_cast<std::size_t>(options.transfers));
    std::vector<Easy> handles;
    const Headers headers{curl_slist_append(nullptr, "Content-Type: application/json")};
    const Multi multi{curl_multi_init()};
    curl_multi_setopt(multi.get(), CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi.get(), CURLMOPT_SOCKETDATA, &loop);
    curl_multi_setopt(multi.get(), CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi.get(), CURLMOPT_TIMERDATA, &loop);
    curl_multi_setopt(multi.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(options.transfers));
    for (std::size_t i = 0; i < bodies.size(); ++i) {
        Easy easy{curl_easy_init()};
        curl_easy_setopt(easy.get(), CURLOPT_URL, urls[i % urls.size()].c_str());
        curl_easy_setopt(easy.get(), CURLOPT_CAINFO, options.ca.c_str());
        curl_easy_setopt(easy.get(), CURLOPT_HTTPHEADER, headers.get());
        curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDS, card.data());
        curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(card.size()));
        curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, on_body);
        curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &bodies[i]);
        curl_easy_setopt(easy.get(), CURLOPT_PRIVATE, &bodies[i]);
        curl_easy_setopt(easy.get(), CURLOPT_PROXY, "");
        curl_easy_setopt(easy.get(), CURLOPT_NOSIGNAL, 1L);
        handles.push_back(std::move(easy));
    }
    int started = 0;
    int done = 0;
    int running = 0;
    const Clock::time_point begin = Clock::now();
    for (const Easy& easy : handles) {
        if (started++ < options.count) curl_multi_add_handle(multi.get(), easy.get());
    }
    curl_multi_socket_action(multi.get(), CURL_SOCKET_TIMEOUT, 0, &running);
    while (done < options.count) {
        std::array<epoll_event, 256> events{};
        const int ready = epoll_wait(loop.epoll, events.data(), static_cast<int>(events.size()), loop.wait_ms());
        for (int i = 0; i < ready; ++i) {
            const epoll_event& event = events.at(static_cast<std::size_t>(i));
            const int mask = ((event.events & (EPOLLIN | EPOLLHUP)) != 0 ? CURL_CSELECT_IN : 0) |
                             ((event.events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                             ((event.events & EPOLLERR) != 0 ? CURL_CSELECT_ERR : 0);
            curl_multi_socket_action(multi.get(), event.data.fd, mask, &running);
        }
        // Before each wait, also when sockets were ready: new requests begin with a timer of 0.
        if (loop.due && Clock::now() >= *loop.due) {
            loop.due.reset();
            curl_multi_socket_action(multi.get(), CURL_SOCKET_TIMEOUT, 0, &running);
        }
        int left = 0;
        while (const CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
            CURL* easy = message->easy_handle;
            const CURLcode code = message->data.result;
            std::string* body = nullptr;
            curl_easy_getinfo(easy, CURLINFO_PRIVATE, &body);
            if (code != CURLE_OK || (*body != "1" && !options.any_answer))
                throw std::runtime_error(code != CURLE_OK ? curl_easy_strerror(code) : "the sink did not answer 1");
            body->clear();
            ++done;
            curl_multi_remove_handle(multi.get(), easy);
            if (started < options.count) {
                ++started;
                curl_multi_add_handle(multi.get(), easy);
            }
        }
    }
    std::printf("rate %.1f\n", options.count / std::chrono::duration<double>(Clock::now() - begin).count());
    for (const Easy& easy : handles) curl_multi_remove_handle(multi.get(), easy.get());
}

}  // namespace

int main(int argc, char** argv) {
    try {
        Options options;
        CLI::App app{"Posts cards by bare libcurl."};
        auto* const url = app.add_option("--url", options.url);
        app.add_option("--urls", options.urls)->excludes(url);
        app.add_flag("--any-answer", options.any_answer);
        app.add_option("--ca", options.ca)->required();
        app.add_option("--card", options.card)->required();
        app.add_option("--count", options.count)->required();
        app.add_option("--transfers", options.transfers)->required();
        CLI11_PARSE(app, argc, argv);
        curl_global_init(CURL_GLOBAL_DEFAULT);
        run(options);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_drain_libcurl: %s\n", error.what());
        return 1;
    }
    return 0;
}
