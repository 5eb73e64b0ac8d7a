// What the tests of the row store share: a key, and rows with recognisable content.
#ifndef INTAGLIO_APPLIANCE_STATE_STATE_TEST_ROWS_H_
#define INTAGLIO_APPLIANCE_STATE_STATE_TEST_ROWS_H_

#include <memory>
#include <string>

#include "appliance/state/lmdb_state.h"

namespace intaglio::appliance {

inline SecretBytes TestMacKey() {
  SecretBytes key(32);
  for (uint8_t& octet : key.ExposeMutable()) octet = 0x5a;
  return key;
}

inline constexpr MapSize kTestMapSize{size_t{64} << 20};

inline StatusOr<std::unique_ptr<LmdbState>> OpenTestState(const std::string& dir) {
  return LmdbState::Open(dir, TestMacKey(), kTestMapSize);
}

inline KeyId TestKeyId(uint64_t number) {
  KeyId id;
  for (int i = 0; i < 8; ++i) id.octets[15 - i] = static_cast<uint8_t>(number >> (8 * i));
  return id;
}

inline Digest TestDigest(uint8_t octet) {
  Digest digest;
  digest.fill(octet);
  return digest;
}

inline Serial TestSerial(const std::string& hex) { return Serial{*FromHex(hex)}; }

inline SerialRow TestSerialRow(SerialState state) {
  SerialRow row;
  row.state = state;
  row.tbs_sha256 = TestDigest(1);
  row.certificate_sha256 = TestDigest(2);
  row.key_id = TestKeyId(77);
  row.not_after = WallTime{2'000'000'000'000};
  row.changed_at = WallTime{1'700'000'000'000};
  row.reason = state == SerialState::kSuspended ? CrlReason::kCertificateHold
               : state == SerialState::kRevoked ? CrlReason::kKeyCompromise
                                                : CrlReason::kUnspecified;
  return row;
}

inline OrderRow TestOrder(WallTime expires_at) {
  OrderRow row;
  row.expires_at = expires_at;
  row.key_id = TestKeyId(5);
  row.sealed_record = {1, 2, 3};
  row.spki = {4, 5};
  row.serial = TestSerial("40ff");
  row.certificate = {6};
  row.certified_record = {7, 8};
  row.issue_intent_tbs_sha256 = TestDigest(9);
  return row;
}

inline Status PutTestSerial(LmdbState& state, const KeyId& issuer, const std::string& serial_hex,
                            SerialState serial_state) {
  return state.Update([&](RowTransaction& rows) {
    return rows.PutSerial(issuer, TestSerial(serial_hex), TestSerialRow(serial_state));
  });
}

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_STATE_STATE_TEST_ROWS_H_
