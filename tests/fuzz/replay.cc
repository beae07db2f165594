// Runs a fuzzer over the files of a corpus, and over what is left of each when it is
// cut at many places: the test that every build has of it.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "tests/fuzz/fuzz.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s CORPUS\n", argv[0]);
    return 2;
  }
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    std::fprintf(stderr, "%s\n", file.filename().c_str());
    std::ifstream stream(file, std::ios::binary);
    const std::vector<char> bytes((std::istreambuf_iterator<char>(stream)),
                                  std::istreambuf_iterator<char>());
    const size_t step = bytes.size() / 64 + 1;
    for (size_t cut = 0; cut < bytes.size(); cut += step) {
      // A copy of that size, so that a sanitizer sees a read beyond it.
      const std::vector<uint8_t> input(bytes.begin(), bytes.end() - static_cast<ptrdiff_t>(cut));
      LLVMFuzzerTestOneInput(input.data(), input.size());
    }
  }
  LLVMFuzzerTestOneInput(nullptr, 0);
  std::printf("%zu files\n", files.size());
  return files.empty() ? 1 : 0;
}
