// The other side of FastCGI, as small as it can be: frames requests - wrong ones too -, sends them on a raw socket and
// takes answers apart. For tests; shared by fastcgi_tests and tests/wire.
#pragma once

#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace o365::test {

constexpr int kBegin = 1;
constexpr int kAbort = 2;
constexpr int kEnd = 3;
constexpr int kParams = 4;
constexpr int kStdin = 5;
constexpr int kStdout = 6;
constexpr int kStderr = 7;
constexpr int kGetValues = 9;
constexpr int kGetValuesResult = 10;
constexpr int kUnknownType = 11;
constexpr std::size_t kMost = 65535;  // bytes a record holds

using Pairs = std::vector<std::pair<std::string, std::string>>;

inline std::string record(int type, const std::string& content, std::size_t id = 1, std::size_t padding = 0,
                          std::size_t version = 1) {
    std::string bytes;
    for (const std::size_t value : {version, static_cast<std::size_t>(type), id >> 8U, id & 255U, content.size() >> 8U,
                                    content.size() & 255U, padding, std::size_t{0}}) {
        bytes += static_cast<char>(value);
    }
    return bytes + content + std::string(padding, 'p');
}

inline std::string stream(int type, const std::string& content, std::size_t padding = 0) {
    std::string bytes;
    for (std::size_t at = 0; at < content.size(); at += kMost)
        bytes += record(type, content.substr(at, kMost), 1, padding);
    return bytes + record(type, "", 1, padding);
}

inline std::string begin(bool keep, std::size_t id = 1, std::size_t role = 1, std::size_t padding = 0) {
    const std::string body = {static_cast<char>(role >> 8U), static_cast<char>(role), static_cast<char>(keep ? 1 : 0)};
    return record(kBegin, body + std::string(5, '\0'), id, padding);
}

inline std::string long_length(std::size_t size) {
    return {static_cast<char>(128 | (size >> 24U)), static_cast<char>(size >> 16U), static_cast<char>(size >> 8U),
            static_cast<char>(size)};
}

inline std::string length(std::size_t size) {
    return size < 128 ? std::string{static_cast<char>(size)} : long_length(size);
}

inline std::string pairs(const Pairs& params) {
    std::string text;
    for (const auto& [name, value] : params)
        text.append(length(name.size())).append(length(value.size())).append(name).append(value);
    return text;
}

inline std::string request(const Pairs& params, const std::string& body = {}, bool keep = false) {
    return begin(keep) + stream(kParams, pairs(params)) + stream(kStdin, body);
}

inline Pairs get(const std::string& path, const std::string& query = {}) {
    return {{"REQUEST_METHOD", "GET"}, {"PATH_INFO", path}, {"QUERY_STRING", query}};
}

inline Pairs post(const std::string& path, const std::string& body_length) {
    return {{"REQUEST_METHOD", "POST"},
            {"PATH_INFO", path},
            {"CONTENT_LENGTH", body_length},
            {"CONTENT_TYPE", "text/plain"}};
}

class Peer {
  public:
    explicit Peer(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::copy(path.begin(), path.end(), std::begin(address.sun_path));
        connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
    }
    // Over TCP on this machine, with room for `receive_buffer` bytes that it has not read (as few as the kernel
    // allows).
    Peer(in_port_t port, int receive_buffer) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
    }
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;
    ~Peer() { ::close(fd_); }

    bool connected() const { return connected_; }
    // False when the other side took no more.
    bool send(const std::string& bytes) const {
        std::size_t sent = 0;
        while (sent < bytes.size()) {
            const ssize_t count = ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
            if (count <= 0) return false;
            sent += static_cast<std::size_t>(count);
        }
        return true;
    }
    // Waits until the other side has read what was sent: what is sent next is another read to it. Unix sockets only.
    void wait_until_read() const {
        for (int unread = 1; ::ioctl(fd_, SIOCOUTQ, &unread) == 0 && unread > 0;)
            std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
    void end_of_sending() const { ::shutdown(fd_, SHUT_WR); }
    // Closing resets a TCP connection.
    void reset_at_close() const {
        const linger now{1, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    }
    // What has come by now; at most `limit` is waited for the first byte. "" when nothing came, or the other side
    // closed.
    std::string receive_some(std::chrono::milliseconds limit) const {
        pollfd readable{fd_, POLLIN, 0};
        if (::poll(&readable, 1, static_cast<int>(limit.count())) <= 0) return {};
        std::string bytes(65536, '\0');
        const ssize_t count = ::recv(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT);
        bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
        return bytes;
    }
    // What came until the other side closed; fails the test when it does not within `limit`.
    std::string receive(std::chrono::milliseconds limit = std::chrono::seconds(10)) const {
        using Clock = std::chrono::steady_clock;
        std::string bytes;
        const auto deadline = Clock::now() + limit;
        while (true) {
            pollfd readable{fd_, POLLIN, 0};
            const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
            if (left <= 0 || ::poll(&readable, 1, static_cast<int>(left)) <= 0)
                throw std::runtime_error("the connection was not closed");
            char buffer[8192];
            const ssize_t count = ::recv(fd_, buffer, sizeof(buffer), 0);
            if (count <= 0) return bytes;
            bytes.append(buffer, static_cast<std::size_t>(count));
        }
    }
    // The other side has closed, and nothing is left to read.
    bool closed() const {
        char byte = 0;
        const ssize_t count = ::recv(fd_, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
        return count == 0 || (count < 0 && errno != EAGAIN);
    }

  private:
    int fd_;
    bool connected_ = false;
};

// One record that came back.
struct Record {
    int type = 0;
    std::size_t id = 0;
    std::string content;
};

struct Answer {
    std::string text;  // headers and body
    bool wrote_stderr = false;
    int ends = 0;
    std::vector<Record> records;

    bool has(std::string_view part) const { return text.find(part) != std::string::npos; }
    std::string body() const { return text.substr(std::min(text.size(), text.find("\r\n\r\n") + 4)); }
    // The value of a header; "" when there is none.
    std::string header(const std::string& name) const {
        const auto at = text.find("\r\n" + name + ": ");
        if (at == std::string::npos) return {};
        const auto from = at + name.size() + 4;
        return text.substr(from, text.find("\r\n", from) - from);
    }
};

inline Answer parse(const std::string& bytes) {
    Answer answer;
    const auto byte = [&](std::size_t at) {
        return static_cast<std::size_t>(static_cast<unsigned char>(bytes.at(at)));
    };
    for (std::size_t at = 0; at + 8 <= bytes.size();) {
        const std::size_t content = byte(at + 4) << 8U | byte(at + 5);
        Record found{static_cast<int>(byte(at + 1)), byte(at + 2) << 8U | byte(at + 3),
                     at + 8 <= bytes.size() ? bytes.substr(at + 8, content) : std::string()};
        if (found.type == kStdout) answer.text += found.content;
        if (found.type == kStderr) answer.wrote_stderr = true;
        if (found.type == kEnd) ++answer.ends;
        at += 8 + content + byte(at + 6);
        answer.records.push_back(std::move(found));
    }
    return answer;
}

}  // namespace o365::test
