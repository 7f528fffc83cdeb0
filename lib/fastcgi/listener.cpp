#include "lib/fastcgi/listener.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "lib/base/system_error.h"

namespace o365 {
namespace {

constexpr int kBacklog = 1024;
constexpr int kSystemdFd = 3;
constexpr mode_t kSocketMode = 0660;

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

std::string user_name(uid_t id) {
    std::vector<char> buffer(16384);
    passwd entry{};
    passwd* found = nullptr;
    const bool known = ::getpwuid_r(id, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr;
    return known ? found->pw_name : std::to_string(id);
}

std::string group_name(gid_t id) {
    std::vector<char> buffer(16384);
    group entry{};
    group* found = nullptr;
    const bool known = ::getgrgid_r(id, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr;
    return known ? found->gr_name : std::to_string(id);
}

bool is_listening(int fd) {
    int listening = 0;
    socklen_t length = sizeof(listening);
    return ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &length) == 0 && listening != 0;
}

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

}  // namespace

OwnListener::OwnListener(const std::string& path, const std::string& group) : path_(path) {
    const auto fail = [&](const char* what) {
        throw std::runtime_error(fmt::format("could not {} '{}': {}", what, path, system_error_text()));
    };
    refuse_unless_free();
    // Beside it and hardly ever longer, for a path has few bytes.
    const std::string fresh = std::filesystem::path(path).replace_filename(fmt::format(".{}", ::getpid()));
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
            fail(fmt::format("give the group '{}' access to", group).c_str());
        }
        if (::chmod(fresh.c_str(), kSocketMode) != 0) fail("set the mode of");
        if (::listen(fd_.get(), kBacklog) != 0) fail("listen at");
        if (::stat(fresh.c_str(), &ours_) != 0) fail("look at");
        if (::rename(fresh.c_str(), path.c_str()) != 0) fail("put the socket in its place");
    } catch (...) {
        ::unlink(fresh.c_str());
        throw;
    }
}

void OwnListener::remove() noexcept {
    struct stat now {};
    if (::lstat(path_.c_str(), &now) == 0 && now.st_dev == ours_.st_dev && now.st_ino == ours_.st_ino)
        ::unlink(path_.c_str());
}

void OwnListener::refuse_unless_free() const {
    const sockaddr_un address = unix_address(path_);
    struct stat found {};
    if (::lstat(path_.c_str(), &found) != 0) return;
    if (!S_ISSOCK(found.st_mode)) {
        throw std::runtime_error(fmt::format("could not listen at '{}': the file there is not a socket", path_));
    }
    const Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (::connect(probe.get(), generic(address), sizeof(address)) == 0 || errno == EAGAIN) {
        throw std::runtime_error(
            fmt::format("could not listen at '{}': another process listens there; stop it first", path_));
    }
}

std::string describe_socket(const std::string& path) {
    struct stat found {};
    if (::lstat(path.c_str(), &found) != 0 || !S_ISSOCK(found.st_mode)) return {};
    return fmt::format("owner {}, group {}, mode {:04o}", user_name(found.st_uid), group_name(found.st_gid),
                       found.st_mode & 07777U);
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

}  // namespace o365
