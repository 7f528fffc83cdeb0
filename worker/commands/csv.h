// Reads and writes CSV (RFC 4180). Reads files of spreadsheets in any country: lines end with LF or CR LF, there may be
// a byte order mark, and the separator is a comma or a semicolon.
#pragma once

#include <cstddef>
#include <cstdint>
#include <istream>
#include <string>
#include <vector>

namespace o365 {

struct CsvRecord {
    std::int64_t line = 0;            // the line on which it begins, from 1
    std::vector<std::string> fields;  // without blanks at their ends unless quoted; {} when there is a problem
    std::string problem;              // why it cannot be read; empty when it can
};

class CsvReader {
  public:
    // The most bytes of a record. Reading stops at a longer one.
    static constexpr std::size_t kMostBytes = 65536;

    // `in` must outlive the reader.
    explicit CsvReader(std::istream& in);

    // Reads the next record into `record`, whose old fields it wipes, because they may be secrets. Skips blank lines.
    // The separator is the first comma or semicolon outside of quotation marks. A record that cannot be read gets a
    // problem; reading goes on with the next line, unless the end of the record cannot be found. False at the end of
    // the file.
    bool next(CsvRecord& record);

  private:
    struct Field;
    // What a character was: a part of the record, its end, the end of a blank line before it, or the end of the file
    // without a record.
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

// `text` as a field of a CSV file with commas: in quotation marks when it must be.
std::string csv_field(const std::string& text);

// The same for text that users have written: where a spreadsheet would read a formula, it begins with an apostrophe.
std::string csv_label(const std::string& text);

}  // namespace o365
