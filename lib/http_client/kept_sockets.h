// The epoll registrations of an HttpClient's sockets. One thread.
#pragma once

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <vector>

namespace o365 {

// Keeps the sockets that HttpClient opened for libcurl registered in epoll between two requests. libcurl unregisters a
// socket after each request and registers it again for the next one; leaving it in epoll saves three system calls a
// POST.
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
    // Sets the events that libcurl wants for a socket, 0 for none. A socket that libcurl made by itself, for its
    // resolver, is registered and unregistered at once, because nothing says when it is closed.
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
    // For an event on `fd`: whether it came on an idle connection, which means that the far end has closed it. libcurl
    // (7.88) would take the TLS alert that closes it for a sign of life and send the next request on it, which leaves a
    // card in doubt. So this reads what came and shuts the connection down, which libcurl notices.
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
        std::uint32_t events = 0;  // that epoll reports; 0: the socket is not registered
        bool wanted = false;       // libcurl uses it
        bool open = false;         // HttpClient opened it
    };
    Known* find(int fd) noexcept {
        const auto place = static_cast<std::size_t>(fd);
        return place < known_.size() && known_[place].open ? &known_[place] : nullptr;
    }
    std::vector<Known> known_;  // by file descriptor
};

}  // namespace o365
