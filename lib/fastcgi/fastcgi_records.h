// Reads FastCGI records from an untrusted peer up to one complete request and frames that request anew (FastCGI
// specification 1.0, sections 3 to 6): one BEGIN_REQUEST, PARAMS with right lengths, STDIN, all with one id. So libfcgi
// (lib/fastcgi/fastcgi.cpp) never parses a length, a type or a management record that a peer wrote. Why:
// docs/decisions/0009-peers-wait-outside-the-library.md. No I/O. Used by one thread at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace o365 {

// The most bytes of all PARAMS together, and the most parameters; a request with more is refused with 431. nginx and
// Apache send 20 to 60 parameters in 2 to 40 KB.
constexpr std::size_t kMostParamBytes = std::size_t{128} * 1024;
constexpr int kMostParams = 1000;

class RecordReader {
  public:
    enum class State {
        reading,   // the request is not complete
        complete,  // take_frames() returns the request; further bytes are ignored
        broken     // not FastCGI, or not for a responder: close the connection. why() says why
    };

    // `max_body`: the most bytes of STDIN. A request with more is complete at once and refused with 413.
    explicit RecordReader(std::size_t max_body) : max_body_(max_body) {}
    RecordReader(const RecordReader&) = delete;
    RecordReader& operator=(const RecordReader&) = delete;

    // Reads `bytes` up to the request's last byte. Allocates only for bytes that came, not for lengths in headers.
    State take(std::string_view bytes);
    State state() const noexcept { return state_; }
    // The records to send to the peer now, each returned once: UNKNOWN_TYPE, GET_VALUES_RESULT, END_REQUEST for a
    // second or an aborted request. Usually empty; never more than a few records, whatever the peer sends.
    std::string take_replies();

    // These are valid when the state is complete.
    // The request, framed anew. Parameters whose name is not [A-Z0-9_]+ are left out; refused with 431, it has none.
    std::string take_frames();
    // 0, or the HTTP status with which to refuse the request: 400, 413 or 431.
    int refused() const noexcept { return refused_; }
    // Whether the peer has sent, or will send, more than the request. Read it before closing the connection, or the
    // answer may be lost (RST).
    bool more_to_come() const noexcept { return more_to_come_; }
    // Whether an ABORT_REQUEST came right behind the request.
    bool aborted() const noexcept { return aborted_; }
    // Valid when the state is broken: a constant text without input.
    const char* why() const noexcept { return why_; }

  private:
    enum class Content { skip, begin, values, params, stdin_stream };

    void begin_record();
    void begin_request(std::uint16_t id, std::size_t length);
    void own_record(int type, std::size_t length);
    void management_record(int type);
    void take_content(std::string_view part);
    void end_record();
    void end_values();
    void end_begin();
    void end_params();
    void complete(int refused);
    void reply(int type, std::uint16_t id, std::string_view content);
    void end_request(std::uint16_t id, char protocol_status);
    void fail(const char* why) noexcept;

    std::size_t max_body_;
    State state_ = State::reading;
    const char* why_ = "";
    bool more_to_come_ = false;
    bool aborted_ = false;
    int refused_ = 0;
    int replies_made_ = 0;

    std::array<char, 8> header_{};
    std::size_t header_size_ = 0;
    std::size_t content_left_ = 0;
    std::size_t padding_left_ = 0;
    bool stream_ends_ = false;
    Content content_ = Content::skip;

    bool begun_ = false;
    bool params_ended_ = false;
    std::uint16_t id_ = 0;
    std::string small_;  // the content of a BEGIN_REQUEST or GET_VALUES record
    std::string params_;
    std::string body_;
    std::string frames_;
    std::string replies_;
};

}  // namespace o365
