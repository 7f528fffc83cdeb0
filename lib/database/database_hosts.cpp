#include "lib/database/database_hosts.h"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>

#include "lib/base/c_free.h"

namespace o365 {
namespace {

using Connection = std::unique_ptr<PGconn, CFree<PQfinish>>;
using Options = std::unique_ptr<PQconninfoOption, CFree<PQconninfoFree>>;
using Addresses = std::vector<std::string>;

std::vector<std::string> parts_of(std::string_view list) {
    std::vector<std::string> parts;
    while (true) {
        const auto comma = list.find(',');
        parts.emplace_back(list.substr(0, comma));
        if (comma == std::string_view::npos) return parts;
        list.remove_prefix(comma + 1);
    }
}

// The n-th part of a list, from 0. A list of one part is for all hosts, as libpq does it for ports.
std::string part_of(const std::vector<std::string>& parts, std::size_t n) {
    return parts.size() == 1 ? parts.front() : n < parts.size() ? parts[n] : std::string();
}

// The options that connecting would use. libpq merges connection string, environment and service file only when it
// begins to connect, so it gets an sslmode that it refuses before it looks up or contacts a host.
Options options_of(const std::string& conninfo) {
    const std::array<const char*, 3> keywords = {"dbname", "sslmode", nullptr};
    const std::array<const char*, 3> values = {conninfo.c_str(), "none of libpq's", nullptr};
    const Connection connection(PQconnectStartParams(keywords.data(), values.data(), 1));
    return Options(connection ? PQconninfo(connection.get()) : nullptr);
}

std::string numeric(const addrinfo& entry) {
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(entry.ai_addr, entry.ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) != 0)
        return {};
    return text.data();
}

Addresses look_up(const std::string& host) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int problem = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
    if (problem != 0)
        throw std::runtime_error(fmt::format("host \"{}\" has no address: {}", host, ::gai_strerror(problem)));
    const std::unique_ptr<addrinfo, CFree<freeaddrinfo>> owner(found);
    Addresses addresses;
    for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
        std::string text = numeric(*entry);
        if (!text.empty()) addresses.push_back(std::move(text));
    }
    if (addresses.empty()) throw std::runtime_error(fmt::format("host \"{}\" has no address", host));
    return addresses;
}

// How long an answer that came too late for its caller serves later calls.
constexpr std::chrono::seconds kAnswerServes{10};

// Look-ups that are running or whose answer no caller has taken yet, by host.
class LookUps {
  public:
    std::shared_future<Addresses> of(const std::string& host) {
        const std::lock_guard lock(mutex_);
        const auto found = running_.find(host);
        if (found != running_.end() && !found->second->is_old()) return found->second->answer;
        const auto made = std::make_shared<LookUp>();
        std::packaged_task<Addresses()> task([host] { return look_up(host); });
        made->answer = task.get_future().share();
        running_[host] = made;
        std::thread([made, task = std::move(task)]() mutable {
            task();
            made->ended = Clock::now();
        }).detach();
        return made->answer;
    }
    void taken(const std::string& host) {
        const std::lock_guard lock(mutex_);
        running_.erase(host);
    }

  private:
    using Clock = std::chrono::steady_clock;
    struct LookUp {
        std::shared_future<Addresses> answer;
        std::atomic<Clock::time_point> ended = Clock::time_point::max();
        bool is_old() const {
            return ended.load() != Clock::time_point::max() && Clock::now() - ended.load() > kAnswerServes;
        }
    };
    std::mutex mutex_;
    std::map<std::string, std::shared_ptr<LookUp>, std::less<>> running_;
};

LookUps& look_ups() {
    static LookUps instance;
    return instance;
}

bool is_numeric(const std::string& host) {
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST;
    addrinfo* found = nullptr;
    if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return false;
    ::freeaddrinfo(found);
    return true;
}

}  // namespace

DatabaseHosts database_hosts(const std::string& conninfo) {
    DatabaseHosts all;
    std::vector<std::string> hosts{""};
    std::vector<std::string> addresses{""};
    std::vector<std::string> ports{""};
    const Options options = options_of(conninfo);
    for (const PQconninfoOption* option = options.get(); option != nullptr && option->keyword != nullptr; ++option) {
        const std::string_view keyword = option->keyword;
        const std::string_view value = option->val != nullptr ? option->val : "";
        if (keyword == "host") hosts = parts_of(value);
        if (keyword == "hostaddr") addresses = parts_of(value);
        if (keyword == "port") ports = parts_of(value);
        if (keyword == "target_session_attrs") all.prefers_standby = value == "prefer-standby";
        if (keyword == "load_balance_hosts") all.random_order = value == "random";
    }
    const std::size_t count = std::max(hosts.size(), addresses.size());
    for (std::size_t n = 0; n < count; ++n) {
        // libpq refuses a single address with several hosts: leave that to it.
        all.hosts.push_back({n < hosts.size() ? hosts[n] : std::string(),
                             n < addresses.size() ? addresses[n] : std::string(), part_of(ports, n)});
    }
    return all;
}

Addresses addresses_of(const std::string& host, std::chrono::steady_clock::time_point until) {
    if (host.empty() || host.front() == '/' || host.front() == '@') return {""};
    if (is_numeric(host)) return {host};
    const std::shared_future<Addresses> answer = look_ups().of(host);
    if (answer.wait_until(until) != std::future_status::ready)
        throw std::runtime_error(fmt::format("the name servers have not answered for host \"{}\"", host));
    look_ups().taken(host);
    return answer.get();
}

}  // namespace o365
