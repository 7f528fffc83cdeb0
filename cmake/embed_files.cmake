# Writes OUTPUT, a C++ source that defines o365::embedded_files() from the files INPUTS. Run by o365_embed (embed.cmake).
set(arrays "")
set(rows "")
set(n 0)
foreach(input ${INPUTS})
  get_filename_component(name ${input} NAME)
  get_filename_component(folder ${input} DIRECTORY)
  get_filename_component(folder ${folder} NAME)
  file(READ ${input} hex HEX)
  string(LENGTH "${hex}" length)
  math(EXPR length "${length} / 2")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" bytes "${hex}")
  # A literal in pieces: compilers need accept only 64 KiB in one.
  string(REGEX REPLACE "((\\\\x[0-9a-f][0-9a-f])(\\\\x[0-9a-f][0-9a-f])?(\\\\x[0-9a-f][0-9a-f])?(\\\\x[0-9a-f][0-9a-f])?)" "\\1\"\n\"" bytes "${bytes}")
  string(APPEND arrays "constexpr char kFile${n}[] =\n\"${bytes}\";\n")
  string(APPEND rows "    {\"${folder}/${name}\", {kFile${n}, ${length}}},\n")
  math(EXPR n "${n} + 1")
endforeach()
file(WRITE ${OUTPUT} "// Made by cmake/embed_files.cmake.
#include \"lib/pages/pages.h\"

namespace o365 {
namespace {
${arrays}
const std::map<std::string, std::string_view, std::less<>> kFiles = {
${rows}};
}  // namespace

const std::map<std::string, std::string_view, std::less<>>& embedded_files() { return kFiles; }
}  // namespace o365
")
