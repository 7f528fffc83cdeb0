// A name server for tests, in a network and mount namespace of this process' own, so that the real resolver asks it:
// UDP on 127.0.0.1:53, named by /etc/resolv.conf. It answers, refuses, or says nothing at all.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "lib/base/fd.h"

namespace o365 {

// Moves the calling thread, and all threads that it starts from now on, into namespaces of their own where
// /etc/resolv.conf and /etc/hosts are `resolv_conf` and `hosts`. False when this user may not.
inline bool enter_own_namespaces(const std::string& resolv_conf, const std::string& hosts) {
    if (::unshare(CLONE_NEWNS | CLONE_NEWNET) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET) != 0)
        return false;
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
    const auto folder = std::filesystem::temp_directory_path() / ("o365-names-" + std::to_string(::getpid()));
    std::filesystem::create_directory(folder);
    const auto place = [&](const char* name, const std::string& text) {
        const std::string file = folder / name;
        std::ofstream(file) << text;
        return ::mount(file.c_str(), (std::string("/etc/") + name).c_str(), nullptr, MS_BIND, nullptr) == 0;
    };
    const bool placed = place("resolv.conf", resolv_conf) && place("hosts", hosts);
    std::filesystem::remove_all(folder);  // the mounts keep the files
    const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq loopback{};
    std::strcpy(loopback.ifr_name, "lo");
    loopback.ifr_flags = IFF_UP | IFF_RUNNING;
    return placed && ::ioctl(socket.get(), SIOCSIFFLAGS, &loopback) == 0;
}

class NameServer {
  public:
    enum class Behaviour { answers, answers_ipv4_only, silent, no_such_name, fails };

    // Without its socket nothing is answered: enter_own_namespaces first.
    NameServer() {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(53);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        timeval soon{.tv_sec = 0, .tv_usec = 20000};
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon);
        bound_ = ::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
        thread_ = std::thread([this] { serve(); });
    }
    NameServer(const NameServer&) = delete;
    NameServer& operator=(const NameServer&) = delete;
    ~NameServer() {
        stopping_ = true;
        thread_.join();
    }

    bool bound() const noexcept { return bound_; }
    // What is asked for `name` from now on; its address is 127.0.0.1. Other names do not exist.
    void set(const std::string& name, Behaviour behaviour) {
        const std::lock_guard lock(mutex_);
        names_[name] = behaviour;
    }
    // How often the IPv4 address of `name` was asked for.
    int asked(const std::string& name) {
        const std::lock_guard lock(mutex_);
        return asked_[name];
    }

  private:
    static constexpr std::size_t kHeader = 12;
    static constexpr std::uint16_t kTypeA = 1;

    void serve() {
        std::array<unsigned char, 512> buffer{};
        while (!stopping_) {
            sockaddr_in peer{};
            socklen_t size = sizeof peer;
            const ssize_t got =
                ::recvfrom(socket_.get(), buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&peer), &size);
            if (got <= static_cast<ssize_t>(kHeader)) continue;
            const std::string answer =
                answer_to({reinterpret_cast<char*>(buffer.data()), static_cast<std::size_t>(got)});
            if (!answer.empty())
                ::sendto(socket_.get(), answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&peer), size);
        }
    }

    std::string answer_to(const std::string& question) {
        std::string name;
        std::size_t at = kHeader;
        while (at < question.size() && question[at] != 0) {
            const auto length = static_cast<std::size_t>(question[at]);
            name += (name.empty() ? "" : ".") + question.substr(at + 1, length);
            at += length + 1;
        }
        if (at + 5 > question.size()) return {};
        const auto type = static_cast<std::uint16_t>(question[at + 2]);
        Behaviour behaviour = Behaviour::no_such_name;
        {
            const std::lock_guard lock(mutex_);
            if (type == kTypeA) ++asked_[name];
            const auto known = names_.find(name);
            if (known != names_.end()) behaviour = known->second;
        }
        if (behaviour == Behaviour::silent) return {};
        if (behaviour == Behaviour::answers_ipv4_only && type != kTypeA) return {};
        std::string answer = question.substr(0, at + 5);
        answer[2] = '\x81';
        answer[3] = behaviour == Behaviour::no_such_name ? '\x83' : behaviour == Behaviour::fails ? '\x82' : '\x80';
        answer.replace(4, 8, std::string("\0\1\0\0\0\0\0\0", 8));
        if (answer[3] == '\x80' && type == kTypeA) {
            answer[7] = 1;
            answer += std::string("\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\1", 16);
        }
        return answer;
    }

    Fd socket_{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    bool bound_ = false;
    std::mutex mutex_;  // guards what follows up to stopping_
    std::map<std::string, Behaviour> names_;
    std::map<std::string, int> asked_;
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

}  // namespace o365
