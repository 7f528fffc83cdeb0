// FastCGI records from a peer that may be anybody, taken in up to one complete request and framed anew (FastCGI
// specification 1.0, sections 3 to 6). What comes out was written here byte by byte: one BEGIN_REQUEST, PARAMS whose
// lengths are right, STDIN, all with one id. So the library behind it (lib/fastcgi/fastcgi.cpp) never meets a length, a
// type or a management record of a peer's making. Why: docs/decisions/0009-peers-wait-outside-the-library.md. No I/O.
// Belongs to one thread at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace o365 {

// Bytes of all PARAMS together, and how many of them: nginx and Apache send 20 to 60, in 2 to 40 KB. More is refused
// with 431.
constexpr std::size_t kMostParamBytes = std::size_t{128} * 1024;
constexpr int kMostParams = 1000;

class RecordReader {
  public:
    enum class State {
        reading,   // more is to come
        complete,  // frames() is a request; further bytes are not this reader's
        broken     // no FastCGI, or nothing that a responder takes: close the connection. why() says it
    };

    // `max_body`: bytes of STDIN; a longer one is complete at once, refused with 413.
    explicit RecordReader(std::size_t max_body) : max_body_(max_body) {}
    RecordReader(const RecordReader&) = delete;
    RecordReader& operator=(const RecordReader&) = delete;

    // Takes what came; stops behind the request's last byte. Lengths that a peer claims reserve nothing.
    State take(std::string_view bytes);
    State state() const noexcept { return state_; }
    // What the protocol has us say meanwhile, and then forget: UNKNOWN_TYPE, GET_VALUES_RESULT, END_REQUEST for a
    // second or an aborted request. At most a few records, whatever the peer does. Usually empty.
    std::string take_replies();

    // Once complete. The request, framed anew. Parameters whose name is not [A-Z0-9_]+ are left
    // out. Without PARAMS when these were what refused() is about.
    std::string take_frames();
    // Once complete: 0, or the HTTP status to answer with, whatever the request wants (400, 413, 431).
    int refused() const noexcept { return refused_; }
    // Once complete: the peer has sent, or is about to send, more than the request. It must be read before the
    // connection is closed, or the answer may be lost on its way (RST).
    bool more_to_come() const noexcept { return more_to_come_; }
    // Once complete: an ABORT_REQUEST came right behind it.
    bool aborted() const noexcept { return aborted_; }
    // Once broken: a constant text, nothing of the peer's in it.
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
