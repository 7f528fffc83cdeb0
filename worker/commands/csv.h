// Reads CSV files (RFC 4180), as spreadsheets of any country write them: line ends LF or CR LF, with a byte order mark
// or without, the separator a comma or a semicolon.
#pragma once

#include <cstddef>
#include <cstdint>
#include <istream>
#include <string>
#include <vector>

namespace o365 {

struct CsvRecord {
    std::int64_t line = 0;            // on which it begins, from 1
    std::vector<std::string> fields;  // without blanks at their ends unless quoted; empty where there is a problem
    std::string problem;              // why it cannot be read, in words; empty when it can
};

class CsvReader {
  public:
    // A record may have so many bytes; behind a longer one nothing is read.
    static constexpr std::size_t kMostBytes = 65536;

    // `in` is read to its end and has to outlive the reader.
    explicit CsvReader(std::istream& in);

    // The next record into `record`, whose fields are wiped before: they may be secrets. Blank lines are left out. The
    // separator is the first comma or semicolon outside of quotation marks. A record that cannot be read has a problem,
    // and reading goes on with the next line, unless its end cannot be told. False at the end.
    bool next(CsvRecord& record);

  private:
    struct Field;
    // What a character was: more of the record, its end, the end of blank lines before it, or that there is none.
    enum class Step { more, whole, begin, nothing };

    int take();
    bool at(char c);
    Step step(CsvRecord& record, Field& field);
    Step take_end_of_file(CsvRecord& record, Field& field);
    Step take_end_of_line(CsvRecord& record, Field& field);
    void take_quoted(Field& field, char c);
    void take_plain(CsvRecord& record, Field& field, char c);
    void cannot_go_on(CsvRecord& record, std::string problem);

    std::istream& in_;
    std::int64_t line_ = 1;
    char separator_ = 0;
    bool ended_ = false;
    std::string problem_;  // of the file
};

// The text as one field of a CSV file with commas.
std::string csv_field(const std::string& text);

// A label for people as such a field: where a spreadsheet would read a formula, an apostrophe stands before it.
std::string csv_label(const std::string& text);

}  // namespace o365
