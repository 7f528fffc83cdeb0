// What a peer sends, cut into pieces as the input says, must come out as a request that reads the same again - or not
// at all. Build: -DO365_FUZZ=ON with clang++ (tests/CMakeLists.txt).
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "lib/fastcgi/fastcgi_records.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using o365::RecordReader;
    constexpr std::size_t kMaxBody = 4096;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const std::size_t step = bytes.empty() ? 1 : 1 + static_cast<unsigned char>(bytes.back());
    RecordReader pieces(kMaxBody);
    RecordReader whole(kMaxBody);
    std::string replies;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        pieces.take(bytes.substr(at, step));
        replies += pieces.take_replies();
    }
    whole.take(bytes);
    if (pieces.state() != whole.state() || replies != whole.take_replies()) std::abort();
    if (replies.size() > std::size_t{8} * 64) std::abort();
    if (whole.state() != RecordReader::State::complete) return 0;
    const std::string frames = whole.take_frames();
    if (frames != pieces.take_frames() || whole.refused() != pieces.refused()) std::abort();
    RecordReader again(kMaxBody);
    if (again.take(frames) != RecordReader::State::complete || again.more_to_come()) std::abort();
    if (again.take_frames() != frames) std::abort();
    return 0;
}
