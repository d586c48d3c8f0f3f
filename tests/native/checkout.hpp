// Files that tests read from the checkout.
#pragma once

#include <string>

namespace photo_core {

/** The path of a file of the repository, which is named from its top: "tests/corpus/decisions.tsv". */
std::string in_checkout(const std::string& file);

}  // namespace photo_core
