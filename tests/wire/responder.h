// The real responder, in a process of its own, as tests/wire/run has set it up.
#pragma once

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "lib/base/fd.h"
#include "lib/database/database.h"
#include "tests/support/fastcgi_peer.h"

namespace o365::test {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

inline std::string from_environment(const char* name) {
    const char* const value = std::getenv(name);
    if (value == nullptr) throw std::runtime_error(std::string("run tests/wire/run: it sets ") + name);
    return value;
}

inline std::string contents(const std::filesystem::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

template <class Condition>
bool comes_true(const Condition& condition, std::chrono::milliseconds limit = 20s) {
    for (const auto deadline = Clock::now() + limit; Clock::now() < deadline; std::this_thread::sleep_for(5ms)) {
        if (condition()) return true;
    }
    return condition();
}

inline Database database() { return {"host=" + from_environment("PGHOST") + " dbname=o365", "postgres", "wire_tests"}; }

// Holds the table that every page reads, as a migration might.
class Held {
  public:
    explicit Held(const std::string& table, const char* mode = "ACCESS EXCLUSIVE") : db_(database()) {
        db_.call("BEGIN");
        db_.call("LOCK TABLE " + table + " IN " + mode + " MODE");
    }
    void release() { db_.call("ROLLBACK"); }
    // `sessions` of them wait for it, or will soon.
    static bool waiting(int sessions) {
        Database db = database();
        return comes_true(
            [&] { return db.call("SELECT count(*) FROM pg_locks WHERE NOT granted").integer(0, 0) >= sessions; });
    }

  private:
    Database db_;
};

// The responder's sessions stand still at the server, as on a frozen machine or a disk that hangs.
class Frozen {
  public:
    Frozen() {
        Database db = database();
        const Rows rows = db.call("SELECT pid FROM pg_stat_activity WHERE application_name = 'o365-connector.fcgi'");
        for (int i = 0; i < rows.size(); ++i) pids_.push_back(static_cast<pid_t>(rows.integer(i, 0)));
        for (const pid_t pid : pids_) ::kill(pid, SIGSTOP);
    }
    Frozen(const Frozen&) = delete;
    Frozen& operator=(const Frozen&) = delete;
    ~Frozen() { thaw(); }
    std::size_t count() const { return pids_.size(); }
    void thaw() {
        for (const pid_t pid : std::exchange(pids_, {})) ::kill(pid, SIGCONT);
    }

  private:
    std::vector<pid_t> pids_;
};

class Responder {
  public:
    // `listener`: handed over as descriptor 0, as mod_fcgid does; else the program makes the socket of its
    // configuration. `database`: another connection string than the configuration's.
    explicit Responder(int listener = -1, const std::string& database = {}) {
        const std::filesystem::path shared = from_environment("O365_WIRE_DIR");
        folder_ = shared / std::to_string(++made_);
        std::filesystem::create_directory(folder_);
        std::string settings = contents(shared / "o365.conf");
        if (!database.empty()) {
            const auto at = settings.find("database = ") + 11;
            settings.replace(at, settings.find('\n', at) - at, database);
        }
        std::ofstream(folder_ / "o365.conf") << settings << "log = " << (folder_ / "log").string()
                                             << "\nresponder_socket = " << (listener < 0 ? socket() : "") << "\n";
        const std::string program = from_environment("O365_RESPONDER");
        const std::string config = (folder_ / "o365.conf").string();
        const std::string out = (folder_ / "out").string();
        pid_ = ::fork();
        if (pid_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            const int output = ::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
            const int input = listener < 0 ? ::open("/dev/null", O_RDONLY) : listener;
            for (const auto& [from, to] : {std::pair{input, 0}, std::pair{output, 1}, std::pair{output, 2}})
                ::dup2(from, to);
            ::execl(program.c_str(), program.c_str(), "--config", config.c_str(), nullptr);
            ::_exit(127);
        }
        if (!log_gets("event=serving")) {
            kill();
            throw std::runtime_error("the responder did not start: " + output());
        }
    }
    Responder(const Responder&) = delete;
    Responder& operator=(const Responder&) = delete;
    ~Responder() {
        if (pid_ > 0) kill();
    }

    std::string socket() const { return (folder_ / "socket").string(); }
    std::string log_path() const { return (folder_ / "log").string(); }
    std::string log() const { return contents(log_path()); }
    // What it wrote to fds 1 and 2, a web server's error log: nothing, or a sanitizer's report.
    std::string output() const { return contents(folder_ / "out"); }
    bool log_has(std::string_view part) const { return log().find(part) != std::string::npos; }
    bool log_gets(std::string_view part) const {
        return comes_true([&] { return log_has(part) || !alive(); }) && log_has(part);
    }
    // Leaves how it ended to others, and so its id to nobody else.
    bool alive() const {
        siginfo_t ended{};
        return pid_ > 0 && ::waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
               ended.si_pid == 0;
    }
    pid_t pid() const { return pid_; }
    void signal(int number) const { ::kill(pid_, number); }
    void kill() {
        signal(SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        pid_ = 0;
    }
    // How often each of `texts` stands in the memory that the process may write to. Only root may look.
    std::vector<std::size_t> copies_in_memory(const std::vector<std::string>& texts) const {
        std::vector<std::size_t> copies(texts.size());
        std::ifstream maps("/proc/" + std::to_string(pid_) + "/maps");
        std::ifstream memory("/proc/" + std::to_string(pid_) + "/mem", std::ios::binary);
        if (!memory) throw std::runtime_error("cannot read the memory of the responder");
        for (std::string line; std::getline(maps, line);) {
            std::size_t from = 0;
            std::size_t to = 0;
            char permissions[5] = {};
            if (std::sscanf(line.c_str(), "%zx-%zx %4s", &from, &to, permissions) != 3 || permissions[1] != 'w')
                continue;
            std::string bytes(to - from, '\0');
            memory.clear();
            memory.seekg(static_cast<std::streamoff>(from));
            memory.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
            for (std::size_t i = 0; i < texts.size(); ++i) {
                for (auto at = bytes.find(texts[i]); at != std::string::npos; at = bytes.find(texts[i], at + 1))
                    ++copies[i];
            }
        }
        return copies;
    }
    // Descriptors that the process has open.
    std::size_t descriptors() const {
        const std::filesystem::directory_iterator open("/proc/" + std::to_string(pid_) + "/fd");
        return static_cast<std::size_t>(std::distance(begin(open), end(open)));
    }
    Answer ask(const std::string& bytes) const {
        const Peer peer(socket());
        peer.send(bytes);
        return parse(peer.receive());
    }
    // A browser's request for a page that the database has a say in.
    bool answers() const {
        const Answer answer = ask(request(get("/connect/wire/")));
        return answer.ends == 1 && answer.text.starts_with("Status: 200 OK\r\n") && answer.has("Wire") &&
               !answer.wrote_stderr;
    }
    // Until it has all of its 8 connections to the database.
    void connect_all() const {
        Held held("o365_internal.connector");
        std::vector<std::unique_ptr<Peer>> peers;
        for (int i = 0; i < 8; ++i) {
            peers.push_back(std::make_unique<Peer>(socket()));
            peers.back()->send(request(get("/connect/wire/")));
        }
        BOOST_TEST(Held::waiting(8));
        held.release();
        for (const auto& peer : peers) peer->receive();
    }
    // SIGTERM, and how long it took until the process had ended with exit code 0 and nothing on stderr.
    std::chrono::milliseconds stop() {
        const auto begun = Clock::now();
        signal(SIGTERM);
        return wait_for_end(begun);
    }
    std::chrono::milliseconds wait_for_end(Clock::time_point begun) {
        int status = 0;
        if (!comes_true([&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; }, 60s))
            throw std::runtime_error("the responder does not end");
        pid_ = 0;
        BOOST_TEST(WIFEXITED(status));
        BOOST_TEST(WEXITSTATUS(status) == 0);
        BOOST_TEST(output() == "");
        return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun);
    }

  private:
    static inline int made_ = 0;
    std::filesystem::path folder_;
    pid_t pid_ = 0;
};

}  // namespace o365::test
