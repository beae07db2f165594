// Both ends of the wire take the other for hostile.
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <random>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "plugins/host/worker_messages.h"
#include "plugins/host/worker_process.h"
#include "plugins/sdk/policytrack_plugin.h"
#include "tests/plugins/plugin_directory.h"

namespace policytrack::plugins {
namespace {

using testing::HasSubstr;

// A process of a program, without the pool that plugins have around it.
class Wire {
 public:
  explicit Wire(const std::string& program) {
    options_.program = program;
    options_.grace = absl::Milliseconds(20);
    library_ =
        Descriptor(SealedCopy(FileBytes(std::string(TEST_MODULE_DIR) + "/fails.so"), "fails"));
    auto started = WorkerProcess::Start(&spawner_, options_, library_.get());
    EXPECT_TRUE(started.ok()) << started.status();
    process_ = *std::move(started);
  }

  WorkerProcess& process() { return *process_; }
  Exchanged Ask(uint32_t kind, uint32_t count, absl::Duration deadline = absl::Seconds(30)) {
    wire::Request request = {};
    request.kind = kind;
    request.count = count;
    request.instance = instance;
    request.input_size = input_size;
    request.output_size = output_size;
    return process_->Exchange(request, deadline);
  }
  // Puts bytes at the start of the input.
  void Put(const std::string& bytes) {
    std::memcpy(process_->input() + wire::kArenaStart, bytes.data(), bytes.size());
  }

  uint64_t input_size = 64 << 10;
  uint64_t output_size = 64 << 10;
  uint64_t instance = 1;

 private:
  WorkerSpawner spawner_;
  WorkerOptions options_;
  Descriptor library_;
  std::unique_ptr<WorkerProcess> process_;
};

v1::PluginDescriptor Fails() {
  v1::PluginDescriptor descriptor;
  descriptor.set_id("fails");
  descriptor.set_version("1.0.0");
  descriptor.add_outputs()->set_name("value");
  return descriptor;
}

// A worker with a module that reads nothing, and one instance of it.
void Prepare(Wire* wire) {
  wire->Put(LoadMessage(Fails()));
  const Exchanged loaded = wire->Ask(wire::kLoad, 0);
  ASSERT_EQ(loaded.kind, Exchanged::Kind::kReplied) << loaded.how;
  ASSERT_EQ(loaded.reply.code, PT_OK) << loaded.reply.message;
  wire->Put(SetupMessage(Fails(), {}, {}));
  const Exchanged created = wire->Ask(wire::kCreate, 0);
  ASSERT_EQ(created.kind, Exchanged::Kind::kReplied) << created.how;
  ASSERT_EQ(created.reply.code, PT_OK);
}

TEST(HostTest, AReplyThatBreaksTheRulesEndsTheWorker) {
  PluginDirectory directory;
  for (const std::string lie :
       {"version", "kind", "nonce", "count", "length", "short", "long", "descriptor"}) {
    const std::string program = directory.path() + "/" + lie;
    std::filesystem::create_symlink(LYING_WORKER, program);
    Wire wire(program);
    const Exchanged outcome = wire.Ask(wire::kCompute, 3);
    EXPECT_EQ(outcome.kind, Exchanged::Kind::kDied) << lie;
    EXPECT_THAT(outcome.how, HasSubstr("it wrote to the server by itself")) << lie;
    EXPECT_TRUE(wire.process().ended());
  }
}

TEST(HostTest, AReplyTooManyEndsTheWorkerAtTheNextRequest) {
  PluginDirectory directory;
  const std::string program = directory.path() + "/twice";
  std::filesystem::create_symlink(LYING_WORKER, program);
  Wire wire(program);
  EXPECT_EQ(wire.Ask(wire::kCompute, 1).kind, Exchanged::Kind::kReplied);
  EXPECT_EQ(wire.Ask(wire::kCompute, 1).kind, Exchanged::Kind::kDied);
}

TEST(HostTest, SilenceEndsWithTheGrace) {
  PluginDirectory directory;
  const std::string program = directory.path() + "/silent";
  std::filesystem::create_symlink(LYING_WORKER, program);
  Wire wire(program);
  EXPECT_EQ(wire.Ask(wire::kCompute, 1, absl::Milliseconds(20)).kind, Exchanged::Kind::kOverran);
  EXPECT_TRUE(wire.process().ended());
}

TEST(WorkerTest, RefusesWhatIsNotThere) {
  Wire wire(TEST_WORKER);
  Prepare(&wire);
  // An instance that exists already, one that does not, a kind that is none.
  EXPECT_EQ(wire.Ask(wire::kCreate, 0).reply.code, wire::kBadRequest);
  EXPECT_EQ(wire.Ask(99, 0).reply.code, wire::kBadRequest);
  EXPECT_EQ(wire.Ask(wire::kDestroy, 0).reply.code, PT_OK);
  EXPECT_EQ(wire.Ask(wire::kDestroy, 0).reply.code, wire::kBadRequest);
  EXPECT_EQ(wire.Ask(wire::kCompute, 1).reply.code, wire::kBadRequest);
}

TEST(WorkerTest, CountsAndSizesBeyondTheArenasAreRefused) {
  Wire wire(TEST_WORKER);
  Prepare(&wire);
  EXPECT_EQ(wire.Ask(wire::kCompute, UINT32_MAX).reply.code, wire::kBadRequest);
  wire.input_size = UINT64_MAX;
  EXPECT_EQ(wire.Ask(wire::kCompute, 2000).reply.code, wire::kBadRequest);
  wire.input_size = 10;
  EXPECT_EQ(wire.Ask(wire::kCompute, 1).reply.code, wire::kBadRequest);
  EXPECT_FALSE(wire.process().ended());
}

// Whatever numbers the records hold, the worker answers and lives.
TEST(WorkerTest, RecordsOfRandomNumbersAreReadWithinTheirBounds) {
  std::mt19937_64 random(20261126);
  Wire wire(TEST_WORKER);
  Prepare(&wire);
  const uint64_t usual[] = {0, 1, 2, 64, 72, 128, 1024, 65528, 65536, UINT32_MAX, UINT64_MAX};
  int answered = 0;
  for (int round = 0; round < 400; ++round) {
    auto* words = reinterpret_cast<uint64_t*>(wire.process().input() + wire::kArenaStart);
    for (int i = 0; i < 64; ++i) {
      words[i] = random() % 8 == 0 ? random() : usual[random() % std::size(usual)];
    }
    const bool create = round % 3 == 0;
    wire.instance = create ? 2 : 1;
    const Exchanged outcome =
        wire.Ask(create ? wire::kCreate : wire::kCompute, static_cast<uint32_t>(random() % 3));
    ASSERT_EQ(outcome.kind, Exchanged::Kind::kReplied) << "round " << round << ": " << outcome.how;
    answered += outcome.reply.code == wire::kBadRequest ? 1 : 0;
    if (create && outcome.reply.code == PT_OK) wire.Ask(wire::kDestroy, 0);
  }
  EXPECT_GT(answered, 100);
}

}  // namespace
}  // namespace policytrack::plugins
