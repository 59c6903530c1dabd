#include "cli/byte_source.h"

#include <zlib.h>
#include <zstd.h>

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "base/check.h"

namespace holdfast::cli {
namespace {

class FileSource final : public ByteSource {
 public:
  FileSource(int file, std::string path) : file_(file), path_(std::move(path)) {}
  ~FileSource() override { ::close(file_); }

  Result<std::size_t> read(std::span<char> into) override {
    for (;;) {
      const ::ssize_t count = ::read(file_, into.data(), into.size());
      if (count >= 0) {
        taken_ += static_cast<std::uint64_t>(count);
        return static_cast<std::size_t>(count);
      }
      if (errno != EINTR) {
        return fail_errno(errno, "read " + path_);
      }
    }
  }
  [[nodiscard]] std::uint64_t taken() const override { return taken_; }

 private:
  const int file_;
  const std::string path_;
  std::uint64_t taken_ = 0;
};

class ZstdSource final : public ByteSource {
 public:
  explicit ZstdSource(std::unique_ptr<ByteSource> packed)
      : packed_(std::move(packed)),
        stream_(ZSTD_createDStream()),
        buffer_(ZSTD_DStreamInSize(), '\0') {
    check(stream_ != nullptr, "zstd has memory for a stream");
    ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, static_cast<int>(zstd_window_bits_max));
  }
  ~ZstdSource() override { ZSTD_freeDStream(stream_); }

  Result<std::size_t> read(std::span<char> into) override {
    ZSTD_outBuffer out{into.data(), into.size(), 0};
    while (out.pos == 0 && !into.empty()) {
      if (in_.pos == in_.size && !drain_) {
        TRY(const std::size_t count, packed_->read(buffer_));
        if (count == 0) {
          if (within_frame_) {
            return fail(Code::syntax, "the zstd data ends in the middle of a frame");
          }
          return std::size_t{0};
        }
        in_ = {buffer_.data(), count, 0};
      }
      const std::size_t state = ZSTD_decompressStream(stream_, &out, &in_);
      if (ZSTD_isError(state) != 0U) {
        return fail(Code::syntax, std::string("zstd: ") + ZSTD_getErrorName(state));
      }
      within_frame_ = state != 0;
      drain_ = out.pos == out.size && within_frame_;
    }
    return out.pos;
  }
  [[nodiscard]] std::uint64_t taken() const override { return packed_->taken(); }

 private:
  std::unique_ptr<ByteSource> packed_;
  ZSTD_DStream* const stream_;
  Bytes buffer_;
  ZSTD_inBuffer in_{};
  bool within_frame_ = false;
  bool drain_ = false;  ///< more may come out although nothing went in
};

class GzipSource final : public ByteSource {
 public:
  explicit GzipSource(std::unique_ptr<ByteSource> packed)
      : packed_(std::move(packed)), buffer_(64 << 10, '\0') {
    constexpr int gzip_only = 16;
    check(::inflateInit2(&stream_, MAX_WBITS + gzip_only) == Z_OK, "zlib has memory for a stream");
  }
  ~GzipSource() override { ::inflateEnd(&stream_); }

  Result<std::size_t> read(std::span<char> into) override {
    stream_.next_out = reinterpret_cast<Bytef*>(into.data());
    stream_.avail_out = static_cast<uInt>(into.size());
    while (stream_.avail_out == into.size() && !into.empty()) {
      if (stream_.avail_in == 0) {
        TRY(const std::size_t count, packed_->read(buffer_));
        if (count == 0) {
          if (within_member_) {
            return fail(Code::syntax, "the gzip data ends in the middle");
          }
          return std::size_t{0};
        }
        stream_.next_in = reinterpret_cast<Bytef*>(buffer_.data());
        stream_.avail_in = static_cast<uInt>(count);
      }
      const int state = ::inflate(&stream_, Z_NO_FLUSH);
      if (state == Z_STREAM_END) {
        within_member_ = false;
        ::inflateReset(&stream_);
      } else if (state == Z_OK || state == Z_BUF_ERROR) {
        within_member_ = true;
      } else {
        return fail(Code::syntax,
                    std::string("gzip: ") + (stream_.msg == nullptr ? "broken data" : stream_.msg));
      }
    }
    return into.size() - stream_.avail_out;
  }
  [[nodiscard]] std::uint64_t taken() const override { return packed_->taken(); }

 private:
  std::unique_ptr<ByteSource> packed_;
  ::z_stream stream_{};
  Bytes buffer_;
  bool within_member_ = false;
};

}  // namespace

Result<std::unique_ptr<ByteSource>> open_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    const auto why = fail_errno(errno, "open");
    return fail(Code::usage, why.error().what, path);
  }
  return std::make_unique<FileSource>(file, path);
}

std::unique_ptr<ByteSource> unpack_zstd(std::unique_ptr<ByteSource> packed) {
  return std::make_unique<ZstdSource>(std::move(packed));
}

std::unique_ptr<ByteSource> unpack_gzip(std::unique_ptr<ByteSource> packed) {
  return std::make_unique<GzipSource>(std::move(packed));
}

Result<std::size_t> read_full(ByteSource& source, std::span<char> into) {
  std::size_t filled = 0;
  while (filled < into.size()) {
    TRY(const std::size_t count, source.read(into.subspan(filled)));
    if (count == 0) {
      break;
    }
    filled += count;
  }
  return filled;
}

}  // namespace holdfast::cli
