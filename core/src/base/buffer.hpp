// Memory whose absence is a value: the core is built without exceptions, so sizes that come from a file are allocated
// here and nowhere else.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>

namespace photo_core {

// Owned bytes from malloc. Empty until allocate() succeeded.
class Buffer {
 public:
  // Gives `size` bytes, their contents unspecified (`zeroed`: 0), in place of what was held; false without memory.
  [[nodiscard]] bool allocate(std::size_t size) { return take(std::malloc(size == 0 ? 1 : size), size); }
  [[nodiscard]] bool allocate_zeroed(std::size_t size) { return take(std::calloc(size == 0 ? 1 : size, 1), size); }
  void release() { take(nullptr, 0); }

  std::uint8_t* data() { return data_.get(); }
  const std::uint8_t* data() const { return data_.get(); }
  std::size_t size() const { return size_; }

 private:
  struct Free {
    void operator()(std::uint8_t* pointer) const { std::free(pointer); }
  };
  bool take(void* pointer, std::size_t size) {
    data_.reset(static_cast<std::uint8_t*>(pointer));
    size_ = pointer != nullptr ? size : 0;
    return pointer != nullptr;
  }

  std::unique_ptr<std::uint8_t[], Free> data_;
  std::size_t size_ = 0;
};

// Whether `size` bytes can be had now, for containers that cannot report failure (std::vector).
inline bool can_allocate(std::size_t size) {
  void* pointer = std::malloc(size == 0 ? 1 : size);
  std::free(pointer);
  return pointer != nullptr;
}

}  // namespace photo_core
