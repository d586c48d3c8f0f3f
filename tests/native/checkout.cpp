// The one object that knows where the checkout stands: ccache can give all the others to every checkout.
#include "checkout.hpp"

namespace photo_core {

std::string in_checkout(const std::string& file) { return PHOTO_SOURCE_DIR "/" + file; }

}  // namespace photo_core
