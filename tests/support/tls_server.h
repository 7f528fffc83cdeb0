// A TLS server on loopback for tests of the HTTP client: it answers what it was told, one request after the other, and
// keeps what came. Real OpenSSL on a thread of its own, with a certificate for `localhost` and `*.hook.example`
// made on the spot.
#pragma once

#include <linux/filter.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "lib/base/c_free.h"
#include "lib/base/fd.h"

namespace o365 {

class TlsServer {
  public:
    // Each answer is the whole text of an HTTP response; an empty one closes the connection instead. After the last one
    // the server answers no more. After the first `vanishes_after` of them the packets of the connection vanish: the
    // kernel drops what comes on it, and acknowledges nothing. Further connections are served.
    explicit TlsServer(std::vector<std::string> answers, std::size_t vanishes_after = SIZE_MAX)
        : answers_(std::move(answers)), vanishes_after_(vanishes_after) {
        std::signal(SIGPIPE, SIG_IGN);  // a client may close in the middle of an answer
        make_certificate();
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (listener_ < 0 || ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
            ::listen(listener_, 8) != 0 ||
            ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
            throw std::runtime_error("could not listen on loopback");
        }
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this] { serve(); });
    }
    TlsServer(const TlsServer&) = delete;
    TlsServer& operator=(const TlsServer&) = delete;
    ~TlsServer() {
        stop();
        ::close(listener_);
        std::filesystem::remove(ca_file_);
    }

    std::string url(const std::string& host = "localhost") const {
        return "https://" + host + ":" + std::to_string(port_) + "/hook";
    }
    const std::string& ca_file() const noexcept { return ca_file_; }
    // What came, whole requests; ends the server first.
    const std::vector<std::string>& requests() {
        stop();
        return requests_;
    }

  private:
    using Certificate = std::unique_ptr<X509, CFree<X509_free>>;
    using Key = std::unique_ptr<EVP_PKEY, CFree<EVP_PKEY_free>>;
    using Context = std::unique_ptr<SSL_CTX, CFree<SSL_CTX_free>>;
    using Session = std::unique_ptr<SSL, CFree<SSL_free>>;
    using Extension = std::unique_ptr<X509_EXTENSION, CFree<X509_EXTENSION_free>>;
    using Output = std::unique_ptr<BIO, CFree<BIO_free_all>>;

    void make_certificate() {
        const Key key{EVP_EC_gen("P-256")};
        const Certificate certificate{X509_new()};
        X509_set_version(certificate.get(), X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
        X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
        X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
        X509_set_pubkey(certificate.get(), key.get());
        X509_NAME* const name = X509_get_subject_name(certificate.get());
        const std::string common_name = "localhost";
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(common_name.data()),
                                   static_cast<int>(common_name.size()), -1, 0);
        X509_set_issuer_name(certificate.get(), name);
        const Extension names{
            X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost,DNS:*.hook.example")};
        X509_add_ext(certificate.get(), names.get(), -1);
        if (X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0)
            throw std::runtime_error("could not make a certificate");
        ca_file_ = std::filesystem::temp_directory_path() / ("o365-tls-" + std::to_string(::getpid()) + ".pem");
        const Output file{BIO_new_file(ca_file_.c_str(), "w")};
        if (PEM_write_bio_X509(file.get(), certificate.get()) != 1)
            throw std::runtime_error("could not write a certificate");
        SSL_CTX_use_certificate(context_.get(), certificate.get());
        SSL_CTX_use_PrivateKey(context_.get(), key.get());
    }

    void stop() {
        ::shutdown(listener_, SHUT_RDWR);
        {
            // A client may keep its connection open for longer than the test.
            const std::lock_guard lock(mutex_);
            stopping_ = true;
            if (connection_ >= 0) ::shutdown(connection_, SHUT_RDWR);
        }
        if (thread_.joinable()) thread_.join();
    }

    void serve() {
        while (true) {
            const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (fd < 0) return;
            Fd connection(fd);
            keep(fd);
            const Session session{SSL_new(context_.get())};
            SSL_set_fd(session.get(), fd);
            if (SSL_accept(session.get()) == 1) {
                while (answer(session.get())) {
                }
            }
            keep(-1);
            if (requests_.size() == vanishes_after_ && silent_.get() < 0) silent_ = std::move(connection);
        }
    }

    static void drop_packets(int fd) {
        sock_filter nothing{.code = BPF_RET | BPF_K, .jt = 0, .jf = 0, .k = 0};
        const sock_fprog filter{.len = 1, .filter = &nothing};
        if (::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) != 0)
            throw std::runtime_error("could not attach a filter to a socket");
    }

    void keep(int fd) {
        const std::lock_guard lock(mutex_);
        connection_ = fd;
        if (stopping_ && fd >= 0) ::shutdown(fd, SHUT_RDWR);
    }

    // Takes a request and answers it; false when the connection is to be closed.
    bool answer(SSL* session) {
        std::string request;
        std::array<char, 4096> buffer{};
        std::size_t whole = std::string::npos;
        while (request.size() < whole) {
            const int got = SSL_read(session, buffer.data(), static_cast<int>(buffer.size()));
            if (got <= 0) return false;
            request.append(buffer.data(), static_cast<std::size_t>(got));
            const auto head = request.find("\r\n\r\n");
            if (head == std::string::npos) continue;
            const auto length = request.find("Content-Length: ");
            whole = head + 4 + (length < head ? std::stoul(request.substr(length + 16)) : 0);
        }
        requests_.push_back(request);
        if (requests_.size() > answers_.size() || answers_[requests_.size() - 1].empty()) return false;
        const std::string& text = answers_[requests_.size() - 1];
        const bool written = SSL_write(session, text.data(), static_cast<int>(text.size())) > 0;
        if (requests_.size() != vanishes_after_) return written;
        // What was sent has to have arrived, or it is sent again, which is a sign of life.
        for (int unsent = 1; ::ioctl(SSL_get_fd(session), SIOCOUTQ, &unsent) == 0 && unsent > 0;)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        drop_packets(SSL_get_fd(session));
        return false;
    }

    std::vector<std::string> answers_;
    std::size_t vanishes_after_;
    Fd silent_;  // the connection whose packets vanish
    std::vector<std::string> requests_;
    std::string ca_file_;
    Context context_{SSL_CTX_new(TLS_server_method())};
    int listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int port_ = 0;
    std::mutex mutex_;
    int connection_ = -1;  // the one that is served
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace o365
