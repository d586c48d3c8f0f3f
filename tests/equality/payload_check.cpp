// Answers one line for every line of standard input: `<table> <document>` in, the verdict as JSON out.
#include <algorithm>
#include <iostream>
#include <string>

#include <photo_core/payload.hpp>

int main() {
  std::ios::sync_with_stdio(false);
  std::string line;
  while (std::getline(std::cin, line)) {
    const std::size_t space = std::min(line.find(' '), line.size());
    const auto table = photo_core::payload_table(std::string_view(line).substr(0, space));
    if (!table) {
      std::cerr << "unknown table: " << line.substr(0, space) << '\n';
      return 2;
    }
    std::cout << photo_core::check_payload(*table, std::string_view(line).substr(std::min(space + 1, line.size())))
              << '\n';
  }
}
