// AdversaryTest: what every attack of a hostile host needs. Two people who have nothing to do with
// each other, Mari and a thief, whose own keys and orders the host also holds.
#ifndef INTAGLIO_TESTS_INTEGRATION_ADVERSARY_FIXTURE_H_
#define INTAGLIO_TESTS_INTEGRATION_ADVERSARY_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "appliance/crypto/hash.h"
#include "appliance/records/canonical.h"
#include "intaglio/core/v1/journal.pb.h"
#include "tests/integration/hostile_host.h"

namespace intaglio::testing_support {

class AdversaryTest : public ::testing::Test {
 protected:
  static void ExpectRefused(const pb::CoreResponse& response, const std::string& reason) {
    EXPECT_EQ(HostileHost::ReasonOf(response), reason) << response.failure().detail();
  }
  static void ExpectDone(const pb::CoreResponse& response) { ExpectRefused(response, ""); }
  void ExpectRefused(const pb::CoreRequest& request, const std::string& reason) {
    ExpectRefused(host_.Ask(request), reason);
  }
  void ExpectDone(const pb::CoreRequest& request) { ExpectDone(host_.Ask(request)); }

  Bytes Payload(const Bytes& record, const std::vector<Digest>& hashes) {
    const auto response = host_.Ask(host_.BeginRequest(record, hashes));
    ExpectDone(response);
    return ToBytes(response.begin_activation().payload());
  }
  pb::CoreRequest GenerateRequest(const pb::SignedStatement& order) {
    pb::CoreRequest request;
    *request.mutable_generate_signer_key()->mutable_order() = order;
    return request;
  }
  // The journal's lines of one type, as they stand on the core's disk.
  std::vector<pb::JournalEntry> Lines(pb::EventType type) {
    std::vector<pb::JournalEntry> out;
    const auto entries = host_.core().journal().Read(1, 1000, size_t{1} << 20);
    EXPECT_TRUE(entries.ok());
    for (const Bytes& each : *entries) {
      pb::JournalEntry entry;
      EXPECT_TRUE(entry.ParseFromArray(each.data(), static_cast<int>(each.size())));
      if (entry.type() == type) out.push_back(entry);
    }
    return out;
  }

  HostileHost host_;
  P256Signer mari_, thief_;
  const Bytes document_ = ToBytes("what Mari saw"),
              other_document_ = ToBytes("what the host wants");
  const Digest wanted_ = appliance::Sha256(document_), other_ = appliance::Sha256(other_document_);
};

}  // namespace intaglio::testing_support

#endif  // INTAGLIO_TESTS_INTEGRATION_ADVERSARY_FIXTURE_H_
