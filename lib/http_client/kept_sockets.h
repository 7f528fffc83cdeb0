// The sockets of an HttpClient between two requests. One thread.
#pragma once

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <vector>

namespace o365 {

// What epoll has of the sockets that HttpClient opened for libcurl. libcurl lets go of a socket after each request and
// takes it up again for the next one; here it stays in epoll between the two, which saves three calls of the kernel for
// each POST.
class KeptSockets {
  public:
    void opened(int fd) {
        const auto place = static_cast<std::size_t>(fd);
        if (place >= known_.size()) known_.resize(place + 1);
        known_[place] = {.open = true};
    }
    void closed(int fd) noexcept {
        if (Known* const known = find(fd)) *known = {};
    }
    // What libcurl wants to hear of a socket, 0 for nothing; a socket that libcurl made by itself, for its resolver,
    // goes in and out at once, because nobody tells when it is closed.
    void watch(int epoll, int fd, std::uint32_t events) noexcept {
        Known* const known = find(fd);
        if (known != nullptr) {
            known->wanted = events != 0;
            if (events == 0 || events == known->events) return;
            known->events = events;
        }
        epoll_event event{};
        event.events = events;
        event.data.fd = fd;
        if (events == 0) {
            epoll_ctl(epoll, EPOLL_CTL_DEL, fd, &event);
        } else if (epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event) != 0) {
            epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
        }
    }
    // Whether something came on a connection that nobody uses: its end, for nothing was asked. libcurl (7.88) takes the
    // alert that ends TLS for a sign of life and would send the next request into it, which leaves a card in doubt. So
    // it is read away and the connection shut, which libcurl sees.
    bool ended(int epoll, int fd) noexcept {
        Known* const known = find(fd);
        if (known == nullptr || known->wanted) return false;
        epoll_event event{};
        epoll_ctl(epoll, EPOLL_CTL_DEL, fd, &event);
        known->events = 0;
        std::array<char, 4096> nothing{};
        while (::recv(fd, nothing.data(), nothing.size(), MSG_DONTWAIT) > 0) continue;
        ::shutdown(fd, SHUT_RDWR);
        return true;
    }

  private:
    struct Known {
        std::uint32_t events = 0;  // that epoll reports; 0: it does not have the socket
        bool wanted = false;
        bool open = false;
    };
    Known* find(int fd) noexcept {
        const auto place = static_cast<std::size_t>(fd);
        return place < known_.size() && known_[place].open ? &known_[place] : nullptr;
    }
    std::vector<Known> known_;  // by descriptor
};

}  // namespace o365
