// The ceiling of a drain: the same card posted by bare libcurl (multi_socket_action and epoll), no database, no queue.
// usage: bench_drain_libcurl --url https://host:port/hook --ca FILE --card FILE --count N --transfers N     prints
// "rate <cards/s>". --urls FILE, a URL a line, in the place of --url: transfer i posts to URL i, round again.
// --any-answer takes answers that are not 1 as well.
#include <curl/curl.h>
#include <sys/epoll.h>
#include <unistd.h>

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

#include "bench/arguments.h"
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

std::string text_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<std::string> urls_of(const Options& options) {
    if (options.urls.empty()) return {options.url};
    std::vector<std::string> urls;
    std::ifstream list(options.urls);
    for (std::string line; std::getline(list, line);) urls.push_back(line);
    if (urls.empty()) throw std::runtime_error("there are no URLs");
    return urls;
}

class Drain {
  public:
    explicit Drain(const Options& options)
        : options_(options), card_(text_of(options.card)), bodies_(static_cast<std::size_t>(options.transfers)) {
        curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, on_socket);
        curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA, &loop_);
        curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, on_timer);
        curl_multi_setopt(multi_.get(), CURLMOPT_TIMERDATA, &loop_);
        curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(options.transfers));
        const std::vector<std::string> urls = urls_of(options);
        for (std::size_t i = 0; i < bodies_.size(); ++i) handles_.push_back(post(urls[i % urls.size()], bodies_[i]));
    }
    Drain(const Drain&) = delete;
    Drain& operator=(const Drain&) = delete;
    ~Drain() {
        for (const Easy& easy : handles_) curl_multi_remove_handle(multi_.get(), easy.get());
    }

    // Cards a second.
    double run() {
        const Clock::time_point begin = Clock::now();
        for (const Easy& easy : handles_) start(easy.get());
        act(CURL_SOCKET_TIMEOUT, 0);
        while (done_ < options_.count) {
            wait();
            take_done();
        }
        return options_.count / std::chrono::duration<double>(Clock::now() - begin).count();
    }

  private:
    Easy post(const std::string& url, std::string& body) const {
        Easy easy{curl_easy_init()};
        curl_easy_setopt(easy.get(), CURLOPT_URL, url.c_str());
        curl_easy_setopt(easy.get(), CURLOPT_CAINFO, options_.ca.c_str());
        curl_easy_setopt(easy.get(), CURLOPT_HTTPHEADER, headers_.get());
        curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDS, card_.data());
        curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(card_.size()));
        curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, on_body);
        curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &body);
        curl_easy_setopt(easy.get(), CURLOPT_PRIVATE, &body);
        curl_easy_setopt(easy.get(), CURLOPT_PROXY, "");
        curl_easy_setopt(easy.get(), CURLOPT_NOSIGNAL, 1L);
        return easy;
    }

    void start(CURL* easy) {
        if (started_ >= options_.count) return;
        ++started_;
        curl_multi_add_handle(multi_.get(), easy);
    }

    void act(curl_socket_t socket, int mask) {
        int running = 0;
        curl_multi_socket_action(multi_.get(), socket, mask, &running);
    }

    void wait() {
        std::array<epoll_event, 256> events{};
        const int ready = epoll_wait(loop_.epoll, events.data(), static_cast<int>(events.size()), loop_.wait_ms());
        for (int i = 0; i < ready; ++i) {
            const epoll_event& event = events.at(static_cast<std::size_t>(i));
            act(event.data.fd, ((event.events & (EPOLLIN | EPOLLHUP)) != 0 ? CURL_CSELECT_IN : 0) |
                                   ((event.events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                                   ((event.events & EPOLLERR) != 0 ? CURL_CSELECT_ERR : 0));
        }
        // Before each wait, also when sockets were ready: new requests begin with a timer of 0.
        if (loop_.due && Clock::now() >= *loop_.due) {
            loop_.due.reset();
            act(CURL_SOCKET_TIMEOUT, 0);
        }
    }

    void take_done() {
        int left = 0;
        while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
            CURL* const easy = message->easy_handle;
            const CURLcode code = message->data.result;
            std::string* body = nullptr;
            curl_easy_getinfo(easy, CURLINFO_PRIVATE, &body);
            if (code != CURLE_OK) throw std::runtime_error(curl_easy_strerror(code));
            if (*body != "1" && !options_.any_answer) throw std::runtime_error("the sink did not answer 1");
            body->clear();
            ++done_;
            curl_multi_remove_handle(multi_.get(), easy);
            start(easy);
        }
    }

    const Options& options_;
    const std::string card_;
    const Headers headers_{curl_slist_append(nullptr, "Content-Type: application/json")};
    Loop loop_;
    std::vector<std::string> bodies_;
    std::vector<Easy> handles_;  // before the multi, which is emptied first
    const Multi multi_{curl_multi_init()};
    int started_ = 0;
    int done_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    try {
        Options options;
        if (const auto code = parse_arguments("Posts cards by bare libcurl.",
                                              {{"url", &options.url},
                                               {"urls", &options.urls},
                                               {"any-answer", &options.any_answer},
                                               {"ca", &options.ca, true},
                                               {"card", &options.card, true},
                                               {"count", &options.count, true},
                                               {"transfers", &options.transfers, true}},
                                              argc, argv))
            return *code;
        if (!options.url.empty() && !options.urls.empty()) throw std::invalid_argument("--urls excludes --url");
        curl_global_init(CURL_GLOBAL_DEFAULT);
        std::printf("rate %.1f\n", Drain(options).run());
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_drain_libcurl: %s\n", error.what());
        return 1;
    }
    return 0;
}
