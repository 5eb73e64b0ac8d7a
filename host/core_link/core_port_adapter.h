// LinkedCore: CorePort over the link. Translates values to frames and back, nothing else.
#ifndef INTAGLIO_HOST_CORE_LINK_CORE_PORT_ADAPTER_H_
#define INTAGLIO_HOST_CORE_LINK_CORE_PORT_ADAPTER_H_

#include "host/core_link/core_link.h"
#include "host/ports/core_port.h"
#include "host/ports/journal_port.h"
#include "host/ports/record_ports.h"

namespace intaglio::host {

class LinkedCore final : public CorePort, public ResealPort, public JournalPort {
 public:
  // `link` outlives this.
  explicit LinkedCore(CoreLink& link) : link_(link) {}

  StatusOr<CoreStatus> DescribeCore() override;
  StatusOr<Bytes> BeginCommand() override;
  StatusOr<CoreKey> ExecuteCommand(const ApprovedOctets& command, ByteView ca_record) override;
  StatusOr<CoreKey> GenerateSignerKey(const ApprovedOctets& order) override;
  StatusOr<Bytes> Attest(const std::vector<Bytes>& records, ByteView nonce) override;
  StatusOr<Bytes> DrawSerial(ByteView ca_record) override;
  StatusOr<CoreCertificate> IssueCertificate(const IssueInput& input) override;
  StatusOr<Bytes> IssueResponderCertificate(const ResponderInput& input) override;
  StatusOr<Bytes> BeginActivation(ByteView record, const std::string& session_id,
                                  const std::vector<Digest>& dtbsr) override;
  StatusOr<std::vector<Bytes>> Sign(const ProvenInput& input) override;
  void BeginActivationAsync(ByteView record, const std::string& session_id,
                            const std::vector<Digest>& dtbsr, const Done<Bytes>& done) override;
  void SignAsync(const ProvenInput& input, const Done<std::vector<Bytes>>& done) override;
  StatusOr<Bytes> AcceptCertificate(const ProvenInput& input) override;
  StatusOr<WallTime> RevokeBySigner(const ProvenInput& input) override;
  StatusOr<WallTime> ChangeState(const ApprovedOctets& order) override;
  Status BlockKey(ByteView key_id) override;
  StatusOr<Bytes> SignCrl(ByteView ca_record, uint64_t size, const OctetSource& tbs) override;
  StatusOr<std::vector<Bytes>> SignOcsp(const OcspInput& input) override;
  StatusOr<std::vector<Bytes>> ReadJournal(uint64_t from_sequence, uint32_t most) override;

  StatusOr<uint32_t> RecordEpoch() override;
  StatusOr<Part> ReadPart(uint64_t from_sequence, uint32_t most) override;
  Status ConfirmExport(uint64_t sequence, const Digest& chain_hash) override;

  StatusOr<std::vector<StatusOr<Bytes>>> Reseal(const std::vector<Bytes>& records) override;

 private:
  CoreLink& link_;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_CORE_LINK_CORE_PORT_ADAPTER_H_
