// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Files as wholes: read completely, written completely or not at all. POSIX.
#pragma once
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "../core/result.hpp"
#include "../core/span.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace detail {

/// What the operating system said about the last call, as an io failure of this path.
inline failure io_failure(const std::string& path, const char* doing) {
  return {errc::io, path, message(doing, ": ", std::generic_category().message(errno))};
}

/// An open file, closed at the end of the scope.
class open_file {
 public:
  open_file(const char* path, int flags, mode_t mode = 0)
      : descriptor_(::open(path, flags | O_CLOEXEC, mode)) {}
  open_file(open_file&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  open_file& operator=(open_file&&) = delete;
  ~open_file() { close(); }

  bool is_open() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }
  bool close() { return descriptor_ < 0 || ::close(std::exchange(descriptor_, -1)) == 0; }

  /// Up to `size` bytes into `to`; how many there were, or -1.
  index_t read(std::uint8_t* to, index_t size) {
    index_t done = 0;
    while (done < size) {
      const ssize_t n = ::read(descriptor_, to + done, static_cast<std::size_t>(size - done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return -1;
      if (n == 0) break;
      done += n;
    }
    return done;
  }

  bool write(span<const std::uint8_t> bytes) {
    index_t done = 0;
    while (done < bytes.size()) {
      const ssize_t n =
          ::write(descriptor_, bytes.data() + done, static_cast<std::size_t>(bytes.size() - done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return false;
      done += n;
    }
    return true;
  }

 private:
  int descriptor_;
};

/// A new file beside the one that it will replace; removed unless it gets there.
class temporary_file {
 public:
  explicit temporary_file(const std::string& directory) : temporary_file(create(directory)) {}
  temporary_file(const temporary_file&) = delete;
  ~temporary_file() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }

  open_file& file() { return file_; }
  bool rename_to(const std::string& target) {
    if (::rename(path_.c_str(), target.c_str()) != 0) return false;
    path_.clear();
    return true;
  }

 private:
  temporary_file(std::pair<std::string, open_file> made)
      : path_(std::move(made.first)), file_(std::move(made.second)) {}

  static std::pair<std::string, open_file> create(const std::string& directory) {
    static std::atomic<unsigned> counter{0};
    // The name is short and does not contain the target's, which may be as long as names can be.
    for (int attempt = 0;; ++attempt) {
      std::string path = message(directory, ".lowbit-", ::getpid(), "-", counter++, ".tmp");
      open_file file(path.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0666);
      if (file.is_open()) return {std::move(path), std::move(file)};
      if (errno != EEXIST || attempt == 100) return {std::string(), std::move(file)};
    }
  }

  std::string path_;
  open_file file_;
};

inline std::optional<failure> read_whole(const std::string& path,
                                         std::vector<std::uint8_t>& bytes) {
  open_file file(path.c_str(), O_RDONLY);
  if (!file.is_open()) return io_failure(path, "cannot open it for reading");
  struct stat info;
  if (::fstat(file.descriptor(), &info) != 0) return io_failure(path, "cannot tell its size");
  if (!S_ISREG(info.st_mode)) return failure{errc::io, path, "is not a regular file"};
  const index_t size = info.st_size;
  bytes.resize(static_cast<std::size_t>(size));
  const index_t got = file.read(bytes.data(), size);
  if (got < 0) return io_failure(path, "cannot read it");
  if (got < size)
    return failure{errc::io, path, message("ended after ", got, " of its ", size, " bytes")};
  return std::nullopt;
}

inline std::optional<failure> write_whole(const std::string& path,
                                          span<const span<const std::uint8_t>> parts) {
  // rename() would happily put a file where a device was.
  struct stat before;
  const bool replaces = ::stat(path.c_str(), &before) == 0;
  if (replaces && !S_ISREG(before.st_mode))
    return failure{errc::io, path, "exists and is not a regular file"};

  const std::string directory = path.substr(0, path.rfind('/') + 1);
  temporary_file temporary(directory);
  open_file& file = temporary.file();
  if (!file.is_open()) return io_failure(path, "cannot create a file in its directory");
  if (replaces && ::fchmod(file.descriptor(), before.st_mode & 07777) != 0)
    return io_failure(path, "cannot keep its permissions");
  for (span<const std::uint8_t> part : parts)
    if (!file.write(part)) return io_failure(path, "cannot write it");
  if (::fsync(file.descriptor()) != 0) return io_failure(path, "cannot write it to the disk");
  if (!file.close()) return io_failure(path, "cannot close it");
  if (!temporary.rename_to(path)) return io_failure(path, "cannot put the new file there");

  // So that the new name survives a power cut too. The file is complete in either case, and some
  // file systems refuse this, hence no error.
  open_file parent(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY);
  if (parent.is_open()) (void)::fsync(parent.descriptor());
  return std::nullopt;
}

}  // namespace detail

/// All bytes of a regular file. Throws io, naming the path, when it is missing, unreadable, not a
/// regular file, or shrinks while it is read.
inline std::vector<std::uint8_t> read_file(const std::string& path) {
  std::vector<std::uint8_t> bytes;
  if (auto why = detail::read_whole(path, bytes)) fail(why->code, why->argument, why->problem);
  return bytes;
}

/// Makes a file of these parts, one after the other, or changes nothing: the bytes go to a
/// temporary file in the same directory, to the disk, and then take the path's place in one step.
/// Readers see the old file or the new one, a mapped old file stays as it was, and after an error
/// the old file is untouched and the temporary one gone. Keeps the permissions of the file that it
/// replaces; a symbolic link at the path is replaced by the file. Throws io, naming the path.
inline void write_file(const std::string& path, span<const span<const std::uint8_t>> parts) {
  if (auto why = detail::write_whole(path, parts)) fail(why->code, why->argument, why->problem);
}

}  // namespace lowbit::inline LOWBIT_ABI
