#include "lib/fastcgi/fastcgi_records.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace o365 {
namespace {

constexpr int kVersion = 1;
constexpr int kBeginRequest = 1;
constexpr int kAbortRequest = 2;
constexpr int kEndRequest = 3;
constexpr int kParams = 4;
constexpr int kStdin = 5;
constexpr int kLastOfRequests = 8;  // types above are management records
constexpr int kGetValues = 9;
constexpr int kGetValuesResult = 10;
constexpr int kUnknownType = 11;
constexpr std::size_t kResponder = 1;
constexpr char kRequestComplete = 0;
constexpr char kCantMultiplex = 1;
constexpr char kUnknownRole = 3;
constexpr std::size_t kBeginSize = 8;
// Role responder, with FCGI_KEEP_CONN, so that libfcgi does not close our file (lib/fastcgi/fastcgi.cpp).
constexpr std::string_view kBeginResponder("\0\1\1\0\0\0\0\0", kBeginSize);
constexpr std::string_view kMultiplexes = "FCGI_MPXS_CONNS";
constexpr std::size_t kMostContent = 65535;
constexpr unsigned kLongLength = 128;  // a first byte of at least this begins a length of four bytes
constexpr int kMostReplies = 8;

std::size_t byte(char c) { return static_cast<unsigned char>(c); }
char low(std::size_t number) { return static_cast<char>(number & 255U); }

void append_record(std::string& to, int type, std::uint16_t id, std::string_view content) {
    const std::array<char, 8> header = {low(kVersion),
                                        low(static_cast<std::size_t>(type)),
                                        low(id >> 8U),
                                        low(id),
                                        low(content.size() >> 8U),
                                        low(content.size()),
                                        0,
                                        0};
    to.append(header.data(), header.size());
    to.append(content);
}

void append_stream(std::string& to, int type, std::uint16_t id, std::string_view content) {
    for (; !content.empty(); content.remove_prefix(std::min(content.size(), kMostContent))) {
        append_record(to, type, id, content.substr(0, kMostContent));
    }
    append_record(to, type, id, {});
}

// ---- Name-value pairs (section 3.4) ---------------------------------------------------------------------------------

std::optional<std::size_t> take_length(std::string_view& text) {
    if (text.empty()) return std::nullopt;
    std::size_t length = byte(text[0]);
    std::size_t size = 1;
    if (length >= kLongLength) {
        size = 4;
        if (text.size() < size) return std::nullopt;
        length = (length - kLongLength) << 24U | byte(text[1]) << 16U | byte(text[2]) << 8U | byte(text[3]);
    }
    text.remove_prefix(size);
    return length;
}

struct Pair {
    std::string_view name;
    std::string_view value;
};

// Removes the first pair from `text`; nullopt when `text` ends within the pair.
std::optional<Pair> take_pair(std::string_view& text) {
    const auto name = take_length(text);
    const auto value = name ? take_length(text) : std::nullopt;
    if (!value || *name > text.size() || *value > text.size() - *name) return std::nullopt;
    const Pair pair = {text.substr(0, *name), text.substr(*name, *value)};
    text.remove_prefix(*name + *value);
    return pair;
}

void append_length(std::string& to, std::size_t length) {
    if (length >= kLongLength) {
        for (const unsigned shift : {24U, 16U, 8U}) to += low((shift == 24U ? kLongLength : 0) | (length >> shift));
    }
    to += low(length);
}

void append_pair(std::string& to, const Pair& pair) {
    append_length(to, pair.name.size());
    append_length(to, pair.value.size());
    to.append(pair.name);
    to.append(pair.value);
}

// libfcgi stores a pair as `name=value`, so a name with = would become another name.
bool is_param_name(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    });
}

}  // namespace

RecordReader::State RecordReader::take(std::string_view bytes) {
    while (!bytes.empty() && state_ == State::reading) {
        if (header_size_ < header_.size()) {
            const std::size_t count = std::min(header_.size() - header_size_, bytes.size());
            std::copy_n(bytes.begin(), count, header_.begin() + static_cast<std::ptrdiff_t>(header_size_));
            header_size_ += count;
            bytes.remove_prefix(count);
            if (header_size_ < header_.size()) break;
            begin_record();
        } else if (content_left_ > 0) {
            const std::string_view part = bytes.substr(0, content_left_);
            content_left_ -= part.size();
            bytes.remove_prefix(part.size());
            take_content(part);
        } else {
            const std::size_t count = std::min(padding_left_, bytes.size());
            padding_left_ -= count;
            bytes.remove_prefix(count);
        }
        if (state_ == State::reading && content_left_ == 0 && padding_left_ == 0) end_record();
    }
    if (state_ == State::complete && !bytes.empty()) {
        aborted_ = !more_to_come_ && bytes.size() > 1 && bytes[0] == 1 && bytes[1] == kAbortRequest;
        more_to_come_ = true;
    }
    return state_;
}

std::string RecordReader::take_replies() { return std::exchange(replies_, {}); }

std::string RecordReader::take_frames() { return std::exchange(frames_, {}); }

void RecordReader::begin_record() {
    const auto id = static_cast<std::uint16_t>(byte(header_[2]) << 8U | byte(header_[3]));
    const std::size_t length = byte(header_[4]) << 8U | byte(header_[5]);
    const auto type = static_cast<int>(byte(header_[1]));
    content_left_ = length;
    padding_left_ = byte(header_[6]);
    stream_ends_ = length == 0;
    content_ = Content::skip;
    if (byte(header_[0]) != kVersion) return fail("a record is not of version 1");
    if (id == 0) return management_record(type);
    if (type == kBeginRequest) return begin_request(id, length);
    // The specification says to ignore records of a request that is not known.
    if (begun_ && id == id_) own_record(type, length);
}

void RecordReader::begin_request(std::uint16_t id, std::size_t length) {
    if (length != kBeginSize) return fail("a BEGIN_REQUEST is not 8 bytes long");
    if (begun_ && id == id_) return fail("a request begins twice");
    if (begun_) return end_request(id, kCantMultiplex);
    begun_ = true;
    id_ = id;
    content_ = Content::begin;
}

void RecordReader::own_record(int type, std::size_t length) {
    if (type == kAbortRequest) {
        end_request(id_, kRequestComplete);
        return fail("the web server gave the request up");
    }
    if (type == kParams && !params_ended_) {
        content_ = Content::params;
        if (params_.size() + length > kMostParamBytes) complete(431);
    } else if (type == kStdin && params_ended_) {
        content_ = Content::stdin_stream;
        if (body_.size() + length > max_body_) complete(413);
    } else {
        fail("a record of the request is out of order");
    }
}

void RecordReader::management_record(int type) {
    if (type <= kLastOfRequests) return fail("a record of a request has id 0");
    if (type == kGetValues) {
        content_ = Content::values;
        return;
    }
    reply(kUnknownType, 0, std::string{low(static_cast<std::size_t>(type))} + std::string(7, '\0'));
}

void RecordReader::take_content(std::string_view part) {
    switch (content_) {
        case Content::skip:
            break;
        case Content::begin:
        case Content::values:
            small_.append(part);
            break;
        case Content::params:
            params_.append(part);
            break;
        case Content::stdin_stream:
            body_.append(part);
            break;
    }
}

void RecordReader::end_record() {
    header_size_ = 0;
    switch (content_) {
        case Content::skip:
            break;
        case Content::begin:
            end_begin();
            break;
        case Content::values:
            end_values();
            break;
        case Content::params:
            if (stream_ends_) end_params();
            break;
        case Content::stdin_stream:
            if (stream_ends_) complete(refused_);
            break;
    }
    small_.clear();
}

// Answers FCGI_MPXS_CONNS: one request on a connection. Once, however often the name is in the question: Debian's
// libfcgi has room for three answers and crashes at the fourth. FCGI_MAX_CONNS depends on more than this process, so it
// is left out, which the specification allows.
void RecordReader::end_values() {
    std::string result;
    std::string_view rest = small_;
    while (!rest.empty()) {
        const auto pair = take_pair(rest);
        if (!pair) return fail("the length of a value asked for is wrong");
        if (pair->name == kMultiplexes && result.empty()) append_pair(result, {kMultiplexes, "0"});
    }
    reply(kGetValuesResult, 0, result);
}

void RecordReader::end_begin() {
    if ((byte(small_[0]) << 8U | byte(small_[1])) != kResponder) {
        end_request(id_, kUnknownRole);
        fail("the role is not responder");
    }
}

// Frames the usable parameters anew. Lengths that do not add up break the protocol; too many parameters, or a NUL,
// which ends C strings, make a request that is refused.
void RecordReader::end_params() {
    params_ended_ = true;
    std::string kept;
    std::string_view rest = params_;
    int count = 0;
    while (!rest.empty()) {
        const auto pair = take_pair(rest);
        if (!pair) return fail("the length of a parameter is wrong");
        if (++count > kMostParams) return complete(431);
        if (!is_param_name(pair->name)) continue;
        if (pair->value.find('\0') != std::string_view::npos) refused_ = 400;
        append_pair(kept, *pair);
    }
    params_ = std::move(kept);
}

void RecordReader::complete(int refused) {
    refused_ = refused;
    const bool cut_short = refused == 413 || refused == 431;
    if (refused == 431) params_.clear();
    if (cut_short) body_.clear();
    more_to_come_ = cut_short;
    append_record(frames_, kBeginRequest, id_, kBeginResponder);
    append_stream(frames_, kParams, id_, params_);
    append_stream(frames_, kStdin, id_, body_);
    params_.clear();
    body_.clear();
    state_ = State::complete;
}

void RecordReader::reply(int type, std::uint16_t id, std::string_view content) {
    if (++replies_made_ > kMostReplies) return fail("too many records that belong to no request");
    append_record(replies_, type, id, content);
}

void RecordReader::end_request(std::uint16_t id, char protocol_status) {
    reply(kEndRequest, id, std::string(4, '\0') + protocol_status + std::string(3, '\0'));
}

void RecordReader::fail(const char* why) noexcept {
    state_ = State::broken;
    why_ = why;
}

}  // namespace o365
