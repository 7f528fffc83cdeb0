// The listening socket: one of our own (mode 0660), or the one that a web server or systemd handed over. Non-blocking
// in either case. Main thread.
#pragma once

#include <sys/stat.h>

#include <string>

#include "lib/base/fd.h"

namespace o365 {

// A Unix socket of our own. It is made under another name and renamed when it is ready, so that nobody can connect
// before its mode is set. A socket that a dead process left is replaced. Throws std::runtime_error, with path and
// reason; also for a socket in use and for a file that is not a socket.
class OwnListener {
  public:
    OwnListener(const std::string& path, const std::string& group);  // group: empty is the process's own
    OwnListener(const OwnListener&) = delete;
    OwnListener& operator=(const OwnListener&) = delete;
    ~OwnListener() { remove(); }

    int fd() const noexcept { return fd_.get(); }
    // Removes the file, unless a newer process has put its own socket there.
    void remove() noexcept;

  private:
    void refuse_unless_free() const;

    std::string path_;
    Fd fd_;
    struct stat ours_ {};
};

// "owner o365-responder, group www-data, mode 0660" of the Unix socket at `path`, numbers where there is no name; empty
// when there is none.
std::string describe_socket(const std::string& path);

// The listener handed over: systemd's descriptor 3 (LISTEN_FDS for this process) or descriptor 0 (mod_fcgid,
// spawn-fcgi, StandardInput=socket). Not the caller's to close. Throws std::runtime_error when there is none, and when
// it is TCP beyond this machine: anybody who reaches the socket can claim to be the web server.
int inherited_listener();

}  // namespace o365
