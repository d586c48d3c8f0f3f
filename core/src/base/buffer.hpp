// Memory whose absence is a value: the core is built without exceptions, so sizes that come from a file are allocated
// here and nowhere else.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

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

// Bytes that grow at the end, as an encoder writes them.
class GrowingBuffer {
 public:
  GrowingBuffer() = default;
  GrowingBuffer(const GrowingBuffer&) = delete;
  GrowingBuffer& operator=(const GrowingBuffer&) = delete;
  ~GrowingBuffer() { std::free(data_); }

  // False without memory; what was there stays.
  [[nodiscard]] bool append(const void* bytes, std::size_t count) {
    if (count > capacity_ - size_ && !grow(count)) return false;
    if (count != 0) std::memcpy(data_ + size_, bytes, count);
    size_ += count;
    return true;
  }

  void swap(GrowingBuffer& other) {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  std::uint8_t* data() { return data_; }
  const std::uint8_t* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  bool grow(std::size_t count) {
    if (count > SIZE_MAX / 4 - size_) return false;
    const std::size_t half_more = capacity_ + capacity_ / 2;
    std::size_t wanted = size_ + count < 16'384 ? 16'384 : size_ + count;
    if (wanted < half_more) wanted = half_more;
    void* const moved = std::realloc(data_, wanted);
    if (moved == nullptr) return false;
    data_ = static_cast<std::uint8_t*>(moved);
    capacity_ = wanted;
    return true;
  }

  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

// Whether `size` bytes can be had now, for containers that cannot report failure (std::vector).
inline bool can_allocate(std::size_t size) {
  void* pointer = std::malloc(size == 0 ? 1 : size);
  std::free(pointer);
  return pointer != nullptr;
}

}  // namespace photo_core
